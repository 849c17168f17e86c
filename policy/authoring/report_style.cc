// The style sheet of the report. Light and dark as the reader's system is, one column that folds at the width of a phone,
// and on paper without colours behind text.
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

constexpr char kStyle[] = R"(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b1f27; --faint: #59606e; --line: #d9dde4; --link: #1a56b0;
  --critical: #8f1239; --critical-back: #fde7ee; --high: #9a3412; --high-back: #feecdf; --medium: #7a5200; --medium-back: #fcf3d4;
  --low: #3c4655; --low-back: #e9ecf1; --good: #17633a; --good-back: #e0f4e8; --read: #1d4f91; --read-back: #e4eefb;
  --write: #7a2e8e; --write-back: #f6e8fa; --execute: #0f5e5e; --execute-back: #dcf3f2; --mark: #2f6fd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #181c23; --text: #e4e7ec; --faint: #a2abb9; --line: #323945; --link: #8ab8ff;
    --critical: #ff9db7; --critical-back: #47142a; --high: #ffb38a; --high-back: #452312; --medium: #f2cf6b; --medium-back: #3b2f0e;
    --low: #c3cad6; --low-back: #2a303a; --good: #86dba9; --good-back: #14351f; --read: #9cc7ff; --read-back: #17304f;
    --write: #e3b2f2; --write-back: #3b1f46; --execute: #8adedb; --execute-back: #103838; --mark: #6aa5ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 3rem; max-width: 76rem; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; border-radius: 3px; }
code { font: 0.875em/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; unicode-bidi: isolate; }
p { margin: 0.4rem 0; max-width: 60rem; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.25; }
h2 { margin: 0 0 0.6rem; font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.2rem 0 0.4rem; font-size: 1rem; }
ul, ol { margin: 0.4rem 0; padding-left: 1.25rem; }
small { font-size: 0.85rem; }
.faint, .rest, .kind, .place, footer, caption { color: var(--faint); }
.rest { font-style: italic; }
.kind { margin: 0; font-size: 0.85rem; letter-spacing: 0.06em; text-transform: uppercase; }
.lead { font-size: 1.05rem; }
.good { color: var(--good); }
.place { white-space: normal; }
.number { font-variant-numeric: tabular-nums; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.9rem 0 0; padding: 0; list-style: none; }
section { margin: 1.25rem 0; padding: 1.1rem 1.25rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
footer { margin: 1.5rem 0 0; font-size: 0.85rem; }

.badge { display: inline-block; padding: 0.05rem 0.5rem; border-radius: 1rem; font-size: 0.8rem; font-weight: 600; line-height: 1.45;
  white-space: nowrap; background: var(--low-back); color: var(--low); }
.badge.critical { background: var(--critical-back); color: var(--critical); }
.badge.high, .badge.added { background: var(--high-back); color: var(--high); }
.badge.medium { background: var(--medium-back); color: var(--medium); }
.badge.good, .badge.removed { background: var(--good-back); color: var(--good); }
.badge.read { background: var(--read-back); color: var(--read); }
.badge.write { background: var(--write-back); color: var(--write); }
.badge.execute { background: var(--execute-back); color: var(--execute); }

.counts { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0.6rem; margin: 0.8rem 0 1rem; padding: 0; list-style: none;
  max-width: 34rem; }
.count { padding: 0.35rem 0.8rem 0.5rem; border-radius: 8px; background: var(--low-back); color: var(--low); overflow-wrap: normal; }
.count strong { display: block; font-size: 1.6rem; line-height: 1.3; }
.count.critical { background: var(--critical-back); color: var(--critical); }
.count.high { background: var(--high-back); color: var(--high); }
.count.medium { background: var(--medium-back); color: var(--medium); }
.count.none { background: none; border: 1px solid var(--line); color: var(--faint); }

.risks { display: grid; gap: 0.6rem; margin: 0.5rem 0; padding: 0; list-style: none; }
.risk { padding: 0.5rem 0.9rem 0.6rem; border: 1px solid var(--line); border-left: 5px solid var(--low); border-radius: 6px; }
.risk.critical { border-left-color: var(--critical); }
.risk.high { border-left-color: var(--high); }
.risk.medium { border-left-color: var(--medium); }
.risk.removed { border-left-color: var(--good); }
.risk h3 { margin: 0; }
.risk .means { margin: 0.15rem 0 0.35rem; }
.risk .means::first-letter { text-transform: uppercase; }
.plain { padding: 0; list-style: none; }
.plain li { margin: 0.2rem 0; }

table { width: 100%; border-collapse: collapse; font-size: 0.925rem; }
caption { padding: 0 0 0.35rem; text-align: left; font-size: 0.85rem; }
th, td { padding: 0.4rem 0.9rem 0.4rem 0; text-align: left; vertical-align: top; font-weight: 400; border-top: 1px solid var(--line); }
thead th { font-weight: 600; border-top: 0; color: var(--faint); font-size: 0.85rem; white-space: nowrap; }
td { min-width: 5.5rem; }
tbody th { min-width: 11rem; }
@media (min-width: 60rem) { #limits tbody th { min-width: 15.5rem; } }

.chips { display: flex; flex-wrap: wrap; gap: 0.35rem; padding: 0; list-style: none; }
.chip { padding: 0.05rem 0.5rem; border: 1px solid var(--line); border-radius: 6px; }
.chip.critical, .chip.high, .chip.medium { border-color: currentColor; }
.chip.critical { background: var(--critical-back); color: var(--critical); }
.chip.high, .chip.added { background: var(--high-back); color: var(--high); }
.chip.medium { background: var(--medium-back); color: var(--medium); }
.chip.removed { background: var(--good-back); color: var(--good); }
.chip.removed code { text-decoration: line-through; }
.sums { display: flex; flex-wrap: wrap; gap: 0.35rem 1.2rem; padding: 0; list-style: none; }

details { margin: 0.35rem 0; }
td details { margin: 0; }
summary { cursor: pointer; }
.tree, .tree ul { padding: 0; list-style: none; }
.tree ul { margin: 0 0 0 0.45rem; padding-left: 1rem; border-left: 1px solid var(--line); }
.tree li { margin: 0; }
.tree details { margin: 0; }
.tree .leaf { padding-left: 1.05rem; }
.tree .rest { margin: 0; }

.graph { display: block; width: 100%; max-width: 30rem; height: auto; margin: 0.4rem 0 1rem; }
.graph text { fill: var(--text); font: 15px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.graph .name { font: 600 15px system-ui, sans-serif; }
.graph .box { fill: var(--low-back); stroke: var(--faint); }
.graph .line { fill: none; stroke-width: 1.8; }
.graph .outward .line { stroke: var(--write); }
.graph .outward .head { fill: var(--write); }
.graph .inward .line { stroke: var(--read); }
.graph .inward .head { fill: var(--read); }
.graph .gone .line { stroke: var(--good); stroke-dasharray: 5 4; }
.graph .gone .head { fill: var(--good); }
.amount { white-space: nowrap; }
.bar { display: inline-block; width: 6.25rem; height: 0.5rem; vertical-align: 0.1em; }
.bar .all { fill: var(--low-back); }
.bar .part { fill: var(--mark); }

@media (max-width: 44rem) {
  body { padding: 1rem 0.75rem 2rem; }
  section { padding: 0.85rem 0.85rem 1rem; }
  h1 { font-size: 1.4rem; }
  .counts { gap: 0.35rem; }
  .count { padding: 0.3rem 0.5rem 0.4rem; font-size: 0.85rem; }
  table, caption, tbody, tr, tbody th, td { display: block; width: auto; }
  thead { display: none; }
  tr { padding: 0.5rem 0; border-top: 1px solid var(--line); }
  tbody th, td { padding: 0.1rem 0; border: 0; }
  tbody th { min-width: 0; font-weight: 600; }
  td { min-width: 0; display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0.5rem; justify-items: start; }
  td::before { content: attr(data-label); color: var(--faint); font-size: 0.85rem; }
  .badge { white-space: normal; }
}
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --faint: #444; --line: #bbb; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav { display: none; }
  section { border: 0; padding: 0; }
  tr, .risk { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .badge, .count, .chip { border: 1px solid currentColor; background: none; }
}
)";

}  // namespace

html::StyleSheet report_style() {
  return html::StyleSheet(kStyle);
}

}  // namespace redoubt::policy
