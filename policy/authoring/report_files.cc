// Files and programs: what may be executed, and the tree of all paths with what may be done to
// them.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/file_tree.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

constexpr size_t kMaxTreeRows = 3000;
constexpr size_t kMaxSiblings = 150;
constexpr size_t kOpenDepth = 1;
constexpr size_t kMaxPrograms = 24;

struct PathField {
  Field field;
  FileMark::Access access;
  std::string_view word, look;
};
// In the order of enum FileMark::Access.
constexpr PathField kPathFields[] = {
    {Field::kFilesRead, FileMark::Access::kRead, "read", "read"},
    {Field::kFilesList, FileMark::Access::kList, "list", "read"},
    {Field::kFilesWrite, FileMark::Access::kWrite, "write", "write"},
    {Field::kFilesExecute, FileMark::Access::kExecute, "execute", "execute"},
    {Field::kFilesMasked, FileMark::Access::kMasked, "hidden", "masked"},
    {Field::kFilesReadonly, FileMark::Access::kReadonly, "read-only", "masked"}};

// Whether the field bounds anything in the document: one that adds to another does where that one does.
bool is_bounded(const Document& document, Field field) {
  const FieldInfo& info = info_of(field);
  return info.type == FieldType::kDenied || document[info.adds() ? info.adds_to : field].present;
}

// Whether a path is worth a second look: what is only of low severity is not.
bool is_risky(const ReportFacts& facts, Field field, const std::string& key) {
  const auto found = facts.severities.find({field, key});
  return found != facts.severities.end() && found->second > RiskSeverity::kLow;
}

// Where one of the two documents has no list at all, its entries neither come nor go: what they
// bound is new, or no longer bounded, which is said above the tree (sums_of).
void add_changes(const ReportFacts& facts, const PathField& what, FileTree& tree) {
  const FieldValue& now = facts.value(what.field);
  const FieldValue& before = facts.before(what.field);
  const FileMark::Change coming =
      is_bounded(facts.input.against, what.field) ? FileMark::Change::kAdded : FileMark::Change::kNone;
  for (const Entry& entry : now.entries) {
    if (find_entry(before, entry.key) == nullptr) {
      tree.add(entry.key, {what.access, coming, is_risky(facts, what.field, entry.key)});
    }
  }
  for (const Entry& entry : before.entries) {
    if (is_bounded(facts.input.subject, what.field) && find_entry(now, entry.key) == nullptr) {
      tree.add(entry.key, {what.access, FileMark::Change::kRemoved, false});
    }
  }
}

FileTree tree_of(const ReportFacts& facts) {
  FileTree tree;
  for (const PathField& what : kPathFields) {
    if (facts.is_difference()) {
      add_changes(facts, what, tree);
      continue;
    }
    for (const Entry& entry : facts.value(what.field).entries) {
      tree.add(entry.key,
               {what.access, FileMark::Change::kNone, is_risky(facts, what.field, entry.key)});
    }
  }
  return tree;
}

Markup marks_of(const FileNode& node) {
  Markup marks;
  bool is_risky = false;
  for (const FileMark& mark : node.marks) {
    const PathField& what = kPathFields[static_cast<size_t>(mark.access)];
    const bool added = mark.change == FileMark::Change::kAdded;
    const bool removed = mark.change == FileMark::Change::kRemoved;
    marks.add(text(" ")).add(report_badge(removed ? "removed" : what.look,
                                          concat(added     ? "+ "
                                                 : removed ? "− "
                                                           : "",
                                                 what.word)));
    is_risky |= mark.is_risky;
  }
  return is_risky ? marks.add(text(" ")).add(report_badge("high", "risk")) : marks;
}

Markup count_of(const FileNode& node) {
  const size_t beneath = node.paths - (node.marks.empty() ? 0 : 1);
  Markup count = element(
      "small", {{"class", "faint"}}, concat(" ", beneath, beneath == 1 ? " path" : " paths"));
  const bool own = std::any_of(
      node.marks.begin(), node.marks.end(), [](const FileMark& m) { return m.is_risky; });
  const size_t risky = node.risky - (own ? 1 : 0);
  return risky == 0 ? count
                    : count.add(text(" ")).add(
                          report_badge("high", concat(risky, risky == 1 ? " risk" : " risks")));
}

Markup node_markup(const FileNode& node, size_t depth) {
  const std::string name = concat(node.name,
                                  node.children.empty() && node.folded == 0 ? ""
                                  : node.name == "/"                        ? ""
                                                                            : "/");
  const Markup line = html::join(report_code(name), marks_of(node));
  if (node.children.empty()) {
    return element("li",
                   {{"class", "leaf"}},
                   node.folded == 0 ? line : html::join(line, report_rest(node.folded, "paths")));
  }
  Markup items;
  for (const FileNode& child : node.children) {
    items.add(node_markup(child, depth + 1));
  }
  if (node.folded > 0) {
    items.add(element("li", {{"class", "leaf"}}, report_rest(node.folded, "paths")));
  }
  return element(
      "li",
      report_fold(depth < kOpenDepth, html::join(line, count_of(node)), element("ul", items)));
}

std::string path_words(const Document& document, Field field) {
  const size_t size = document[field].entries.size();
  return !is_bounded(document, field) ? "anything that file modes allow" : concat(size, size == 1 ? " path" : " paths");
}

// What the fields say as a whole: "read: anything".
Markup sums_of(const ReportFacts& facts) {
  Markup items;
  for (const PathField& what : kPathFields) {
    const FieldValue& value = facts.value(what.field);
    if (facts.input.kind == ReportKind::kRecording && !value.present) {
      continue;
    }
    std::string words = path_words(facts.input.subject, what.field);
    const std::string before = path_words(facts.input.against, what.field);
    if (facts.is_difference() && words != before) {
      words += concat(", before: ", before);
    }
    items.add(element("li", html::join(report_badge(what.look, what.word), text(concat(" ", words)))));
  }
  return element("ul", {{"class", "sums"}}, items);
}

Markup programs_of(const ReportFacts& facts) {
  constexpr Field kField = Field::kFilesExecute;
  const std::vector<ReportChip> all = list_of(facts, kField);
  if (all.empty()) {
    const bool open = !facts.value(kField).present;
    return report_paragraph(facts.is_difference() ? change_of_bound(facts, kField)
                            : open                ? "Any file that file modes allow."
                                                  : "None.");
  }
  const size_t shown = std::min(all.size(), kMaxPrograms);
  const auto middle = all.begin() + static_cast<ptrdiff_t>(shown);
  Markup body = facts.is_difference() && !facts.before(kField).present
                    ? html::join(report_paragraph(change_of_bound(facts, kField)), report_chips({all.begin(), middle}))
                    : report_chips({all.begin(), middle});
  if (middle != all.end()) {
    body.add(report_fold(
        false, text(concat(all.size() - shown, " more")), report_chips({middle, all.end()})));
  }
  return body;
}

}  // namespace

Markup report_files(const ReportFacts& facts) {
  const FileNode root = tree_of(facts).folded(kMaxTreeRows, kMaxSiblings);
  const bool seen = facts.input.kind == ReportKind::kRecording;
  const Markup tree =
      root.paths == 0
          ? report_paragraph(facts.is_difference() ? "No change." : "No path is listed.")
          : element("ul", {{"class", "tree"}}, node_markup(root, 0));
  return report_section(
      "files",
      "Files and programs",
      html::join(sums_of(facts),
                 element("h3", seen ? "Programs that ran" : "What may be executed"),
                 programs_of(facts),
                 element("h3", facts.is_difference() ? "Changed paths" : "Paths"),
                 tree));
}

}  // namespace redoubt::policy
