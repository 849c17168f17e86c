// File rules of AppArmor: "/usr/** mr,", "owner @{HOME}/{,**} rw,", "deny /proc/kcore rwklx,",
// "/bin/sh px -> child,", "file,", "link /a -> /b,".
#include <algorithm>

#include "policy/authoring/apparmor_reader.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kPermissions = "rwalkmxpPcCuUi";

struct FileRule {
  std::string pattern, permissions, target;

  bool has(char permission) const { return permissions.find(permission) != std::string::npos; }
  bool has_any(std::string_view some) const { return permissions.find_first_of(some) != std::string::npos; }
};

bool is_path(std::string_view word) {
  return word.starts_with('/') || word.starts_with("@{");
}

bool is_permissions(std::string_view word) {
  return !word.empty() && word.find_first_not_of(kPermissions) == std::string_view::npos;
}

// The words without "safe", "unsafe" and "file", with what stands behind "->" apart.
Result<FileRule> parse(const AppArmorRule& rule) {
  FileRule out;
  std::vector<std::string> words;
  for (size_t i = 0; i < rule.words.size(); ++i) {
    const std::string& word = rule.words[i];
    if (word == "->") {
      out.target = i + 1 < rule.words.size() ? rule.words[i + 1] : "";
      break;
    }
    if (word != "file" && word != "safe" && word != "unsafe") {
      words.push_back(word);
    }
  }
  if (words.size() == 2 && is_path(words[1])) {
    std::swap(words[0], words[1]);
  }
  if (words.size() != 2 || !is_path(words[0]) || !is_permissions(words[1])) {
    return rule.error(concat(quote(rule.text()), " is no rule of apparmor.d(5) that is known; a file rule is a path and letters of ", "rwalkmx"));
  }
  out.pattern = words[0];
  out.permissions = words[1];
  return out;
}

void note_transition(AppArmorReader& reader, const AppArmorRule& rule, const FileRule& file) {
  const bool unconfined = file.has_any("uU");
  if (unconfined || file.has_any("pPcC") || !file.target.empty()) {
    reader.note(unconfined ? Effect::kTighter : Effect::kOther, rule,
                concat(quote(file.pattern), " is executed under this profile, not ", unconfined ? "without one" : "under one of its own"),
                Field::kFilesExecute);
  }
}

Status allow(AppArmorReader& reader, const AppArmorRule& rule, const FileRule& file) {
  const auto add = [&](AllowedTrees& trees) -> Status {
    Status added = trees.add(file.pattern, rule.where);
    return added ? Status() : rule.error(added.error().message());
  };
  if (file.has('r')) {
    TRY(add(reader.read));
  }
  if (file.has_any("wa")) {
    TRY(add(reader.write));
  }
  if (file.has('x')) {
    TRY(add(reader.execute));
    note_transition(reader, rule, file);
  }
  if (file.has('a')) {
    reader.note(Effect::kWider, rule, concat(quote(file.pattern), " may be written anywhere, not only at its end"), Field::kFilesWrite);
  }
  if (file.has('l') && !file.has('w')) {
    reader.note(Effect::kTighter, rule, concat(quote(file.pattern), ": links are made where writing is allowed only"), Field::kFilesWrite);
  }
  if (rule.owner) {
    reader.note(Effect::kWider, rule, concat(quote(file.pattern), " is allowed whoever owns the file"),
                file.has_any("wa") ? Field::kFilesWrite : Field::kFilesRead);
  }
  return {};
}

Status deny(AppArmorReader& reader, const AppArmorRule& rule, const FileRule& file) {
  const bool reads = file.has('r');
  const bool writes = file.has_any("wa");
  if (!reads && !writes) {
    reader.note(Effect::kWider, rule, concat("denied ", quote(file.permissions), " of ", quote(file.pattern), " is left out"));
    return {};
  }
  DeniedTrees& trees = reads ? reader.masked : reader.readonly;
  const Status added = trees.add(file.pattern, rule.where, reader.notes);
  if (!added) {
    return rule.error(added.error().message());
  }
  if (reads && !(writes && file.has('x'))) {
    reader.note(Effect::kTighter, rule, concat(quote(file.pattern), " shows nothing at all"), Field::kFilesMasked);
  }
  if (!reads && file.has('x')) {
    reader.note(Effect::kWider, rule, concat("denied x of ", quote(file.pattern), " is left out"));
  }
  if (rule.owner) {
    reader.note(Effect::kTighter, rule, concat(quote(file.pattern), " is denied whoever owns the file"));
  }
  return {};
}

// "link subset /a -> /b": making a name is writing.
Status read_link(AppArmorReader& reader, const AppArmorRule& rule) {
  const size_t at = rule.words.size() > 1 && rule.words[1] == "subset" ? 2 : 1;
  if (rule.words.size() <= at || !is_path(rule.words[at])) {
    return rule.error("link needs a path");
  }
  TRY_ASSIGN(const std::string pattern, reader.expand(rule, rule.words[at]));
  if (rule.deny) {
    reader.note(Effect::kWider, rule, concat("denied links ", quote(pattern), " are left out"));
    return {};
  }
  const Status added = reader.write.add(pattern, rule.where);
  if (!added) {
    return rule.error(added.error().message());
  }
  reader.note(Effect::kWider, rule, concat(quote(pattern), " may be written, not only linked"), Field::kFilesWrite);
  return {};
}

}  // namespace

Status read_apparmor_file_rule(AppArmorReader& reader, const AppArmorRule& rule) {
  if (rule.words[0] == "link") {
    return read_link(reader, rule);
  }
  if (rule.words.size() == 1 && rule.words[0] == "file") {
    if (rule.deny) {
      return rule.error("deny file leaves nothing that a program could start from; leave the rule out");
    }
    reader.all_files = true;
    return {};
  }
  TRY_ASSIGN(FileRule file, parse(rule));
  TRY_ASSIGN(file.pattern, reader.expand(rule, file.pattern));
  return rule.deny ? deny(reader, rule, file) : allow(reader, rule, file);
}

}  // namespace redoubt::policy
