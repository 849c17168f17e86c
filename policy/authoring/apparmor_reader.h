// What the files of the AppArmor reader share: one rule, and what the rules of a profile add up to.
// Used by apparmor_*.cc only.
#ifndef REDOUBT_POLICY_AUTHORING_APPARMOR_READER_H_
#define REDOUBT_POLICY_AUTHORING_APPARMOR_READER_H_

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/str.h"
#include "policy/authoring/path_patterns.h"

namespace redoubt::policy {

using AppArmorVariables = std::map<std::string, std::vector<std::string>>;
// Those that every profile can use: tunables/global.
AppArmorVariables apparmor_variables();
// With all variables replaced by what they stand for. Errors have no place.
Result<std::string> expand_apparmor_variables(const AppArmorVariables& variables, std::string_view pattern);

struct AppArmorRule {
  std::string where;  // "nginx:12"
  bool deny = false, audit = false, owner = false;
  std::span<const std::string> words;  // the first is the keyword, or a path, or permissions

  Error error(std::string_view what) const { return Error::invalid(concat(where, ": ", what)); }
  // For messages, cut where it is long.
  std::string text() const { return join({words.begin(), words.end()}, " ").substr(0, 128); }
};

// A set of names of which all may be allowed and some denied.
struct AppArmorNames {
  bool all = false, none = false;
  std::set<std::string> allowed, denied;
};

// Something that a profile of ours has one switch for. No rule at all: denied.
struct AppArmorSwitch {
  bool allowed = false, audited = false, denied = false;
  bool own_only = false;  // towards processes under the same profile, and no others

  bool is_open() const { return allowed && !denied; }
};

struct AppArmorReader {
  explicit AppArmorReader(const std::string& name_of_source) : source(name_of_source) {}

  const std::string& source;
  std::string name;  // of the profile that is read
  AppArmorVariables variables;
  std::vector<Note> notes;

  bool all_files = false, complain = false, mediates_userns = false;
  AllowedTrees read{Field::kFilesRead}, write{Field::kFilesWrite}, execute{Field::kFilesExecute};
  DeniedTrees masked{Field::kFilesMasked}, readonly{Field::kFilesReadonly};
  AppArmorNames capabilities, families;
  AppArmorSwitch mounts, ptrace, signals, userns;
  std::map<std::string, uint64_t> rlimits;
  std::string umount;  // where it is allowed; empty: nowhere

  void note(Effect effect, const AppArmorRule& rule, std::string_view what, Field field);
  void note(Effect effect, const AppArmorRule& rule, std::string_view what);

  // With all variables replaced by what they stand for.
  Result<std::string> expand(const AppArmorRule& rule, std::string_view pattern) const;
};

Status read_apparmor_file_rule(AppArmorReader& reader, const AppArmorRule& rule);
// A rule that is about something else than files. Preconditions: is_apparmor_keyword(rule.words[0]).
Status read_apparmor_keyword_rule(AppArmorReader& reader, const AppArmorRule& rule);
bool is_apparmor_keyword(std::string_view word);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_APPARMOR_READER_H_
