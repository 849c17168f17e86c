#include "policy/authoring/report.h"

#include "base/str.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

std::string_view kind_words(ReportKind kind) {
  constexpr std::string_view kWords[] = {"Profile", "Recording", "Difference of two profiles"};
  return kWords[static_cast<size_t>(kind)];
}

std::string title_of(const ReportInput& input) {
  return input.kind == ReportKind::kDifference ? concat(input.against_title, " → ", input.title)
                                               : input.title;
}

Markup contents(const ReportInput& input) {
  Markup items;
  const auto add = [&](std::string_view id, std::string_view words) {
    items.add(element("li", html::link_to(id, text(words))));
  };
  add("risks", "Risks");
  if (input.kind == ReportKind::kDifference) {
    add("changes", "Changes");
  }
  add("summary", "Summary");
  if (input.recording != nullptr) {
    add("provenance", "Provenance");
  }
  add("files", "Files");
  add("network", "Network");
  add("capabilities", "Capabilities");
  add("syscalls", "System calls");
  add("kernel", "Kernel");
  if (input.kind != ReportKind::kRecording) {
    add("limits", "Limits");
  }
  add("rules", "Rules");
  return element("nav", {{"aria-label", "sections"}}, element("ul", items));
}

Markup header(const ReportInput& input) {
  return element(
      "header",
      html::join(element("p", {{"class", "kind"}}, kind_words(input.kind)),
                 element("h1", report_words(title_of(input))),
                 input.description.empty()
                     ? Markup()
                     : element("p", {{"class", "lead"}}, report_words(input.description)),
                 contents(input)));
}

}  // namespace

std::string report_page(const ReportInput& input) {
  const ReportFacts facts = facts_of(input);
  Markup main = html::join(
      report_risks(facts), report_summary(facts), report_provenance(facts), report_files(facts));
  main.add(html::join(report_network(facts),
                      report_capabilities(facts),
                      report_syscalls(facts),
                      report_kernel(facts)));
  if (input.kind != ReportKind::kRecording) {
    main.add(report_limits(facts));
  }
  main.add(report_rules(facts));
  const Markup body = html::join(
      header(input),
      element("main", main),
      element("footer",
              "Made by redoubt profile report. This page loads nothing and runs nothing."));
  return html::page(concat(title_of(input), " – profile report"), report_style(), body);
}

}  // namespace redoubt::policy
