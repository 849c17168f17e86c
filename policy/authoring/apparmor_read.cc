// From AppArmor: finds the one profile of a file, hands its rules to apparmor_file_rules.cc and
// apparmor_other_rules.cc, and makes a profile of what they add up to.
#include <algorithm>

#include "plan/socket_families.h"
#include "policy/authoring/apparmor.h"
#include "policy/authoring/apparmor_reader.h"
#include "policy/authoring/apparmor_scan.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxIncludeDepth = 4;
constexpr int kUsernsAbi = 4;  // the first that knows the rule

std::string place(const AppArmorReader& reader, const AppArmorStatement& statement) {
  return concat(reader.source, ":", statement.line);
}

// "@{HOME}=/root/ /home/*/", "@{HOME} += /srv/".
Status read_variable(AppArmorReader& reader, const AppArmorStatement& statement) {
  const std::string& first = statement.words[0];
  const size_t close = first.find('}');
  const std::string name = first.substr(2, close - 2);
  std::vector<std::string> parts{first.substr(close + 1)};
  parts.insert(parts.end(), statement.words.begin() + 1, statement.words.end());
  std::vector<std::string>& values = reader.variables[name];
  bool assigned = false;
  for (std::string& part : parts) {
    if (!assigned && !part.empty()) {
      if (!part.starts_with('+')) {
        values.clear();
      }
      part.erase(0, part.find('=') + 1);
      assigned = true;
    }
    if (!part.empty()) {
      values.push_back(part);
    }
  }
  return values.empty() ? Error::invalid(concat(place(reader, statement), ": variable ", quote(name), " has no value")) : Status();
}

Status read_statement(AppArmorReader& reader, const AppArmorStatement& statement, const std::string& where, size_t depth);

Status read_include(AppArmorReader& reader, const AppArmorStatement& statement, const std::string& where, size_t depth) {
  const bool conditional = statement.words.size() == 4 && statement.words[1] == "if" && statement.words[2] == "exists";
  if (statement.words.size() != 2 && !conditional) {
    return Error::invalid(concat(where, ": an include is \"include <abstractions/base>\""));
  }
  std::string name = statement.words.back();
  if (name.starts_with('<') && name.ends_with('>')) {
    name = name.substr(1, name.size() - 2);
  }
  if (name.starts_with("tunables/")) {
    return {};
  }
  const std::string_view text = apparmor_abstraction(name);
  if (text.empty() || depth == kMaxIncludeDepth) {
    reader.notes.push_back({Effect::kOther, where, concat("include ", quote(name), " is not known: what it allows or denies is left out; put its rules here"), ""});
    return {};
  }
  reader.notes.push_back({Effect::kOther, where, concat("include ", quote(name), " is taken as Redoubt knows it"), ""});
  TRY_ASSIGN(const AppArmorBlock rules, scan_apparmor(text, name));
  for (const AppArmorStatement& each : rules.statements) {
    TRY(read_statement(reader, each, where, depth + 1));
  }
  return {};
}

// Takes "audit", "deny", "owner" ... off the words.
AppArmorRule rule_of(const AppArmorStatement& statement, const std::string& where) {
  AppArmorRule rule{.where = where, .words = statement.words};
  while (rule.words.size() > 1) {
    const std::string& word = rule.words[0];
    if (word == "audit") {
      rule.audit = true;
    } else if (word == "deny") {
      rule.deny = true;
    } else if (word == "owner") {
      rule.owner = true;
    } else if (word != "allow" && word != "quiet" && !word.starts_with("priority=")) {
      break;
    }
    rule.words = rule.words.subspan(1);
  }
  return rule;
}

Status read_statement(AppArmorReader& reader, const AppArmorStatement& statement, const std::string& where, size_t depth) {
  const std::string& first = statement.words[0];
  if (first == "include" || first == "#include") {
    return read_include(reader, statement, where, depth);
  }
  const AppArmorRule rule = rule_of(statement, where);
  if (!is_apparmor_keyword(rule.words[0])) {
    return read_apparmor_file_rule(reader, rule);
  }
  const bool logged = rule.audit && !rule.deny && rule.words[0] != "ptrace" && rule.words[0] != "mount" && rule.words[0] != "userns";
  if (logged) {
    reader.note(Effect::kOther, rule, concat(quote(rule.text()), " is allowed and not logged"));
  }
  return read_apparmor_keyword_rule(reader, rule);
}

Status read_flags(AppArmorReader& reader, const AppArmorStatement& header, std::string_view flags) {
  for (const std::string& flag : split(flags, ',')) {
    const std::string_view word = trim(flag);
    if (word == "complain") {
      reader.complain = true;
    } else if (word == "unconfined" || word == "default_allow") {
      return Error::invalid(concat(place(reader, header), ": flags=(", word, "): allows what no rule names; there is nothing to convert"));
    } else if (word == "audit" || word == "kill" || word == "prompt") {
      reader.notes.push_back({Effect::kOther, place(reader, header), concat("flags=(", word, ") is not carried over"), ""});
    }
  }
  return {};
}

// "profile nginx /usr/sbin/nginx flags=(complain)", "/usr/sbin/nginx".
Status read_header(AppArmorReader& reader, const AppArmorStatement& header) {
  const size_t at = !header.words.empty() && header.words[0] == "profile" ? 1 : 0;
  if (header.words.size() <= at) {
    return Error::invalid(concat(reader.source, ": a profile has no name"));
  }
  reader.name = header.words[at];
  for (const std::string& word : header.words) {
    const size_t open = word.find('(');
    if (open != std::string::npos && word.ends_with(')') && !word.starts_with("xattrs")) {
      TRY(read_flags(reader, header, std::string_view(word).substr(open + 1, word.size() - open - 2)));
    }
  }
  return {};
}

// What stands before the profile: variables, includes of tunables, the ABI.
Status read_preamble(AppArmorReader& reader, const AppArmorStatement& statement) {
  const std::string& first = statement.words[0];
  const std::string where = place(reader, statement);
  if (first.starts_with("@{")) {
    return read_variable(reader, statement);
  }
  if (first == "include" || first == "#include") {
    return read_include(reader, statement, where, kMaxIncludeDepth);
  }
  if (first == "abi") {
    const size_t digit = statement.words.back().find_first_of("0123456789");
    reader.mediates_userns = digit != std::string::npos && statement.words.back()[digit] - '0' >= kUsernsAbi;
    return {};
  }
  if (first == "alias") {
    reader.notes.push_back({Effect::kOther, where, "alias is not carried over: add rules for the other path", ""});
    return {};
  }
  return Error::invalid(concat(where, ": ", quote(first), " stands outside of a profile"));
}

std::string_view switch_word(const AppArmorSwitch& value) {
  return !value.is_open() ? "deny" : value.audited ? "audit" : "allow";
}

// Fields of "allow" are left out: no opinion.
void write_switch(Draft& draft, Field field, std::string_view word) {
  if (word != "allow") {
    draft.set_level(field, word);
  }
}

void write_capabilities(const AppArmorNames& names, Draft& draft) {
  for (const std::string& name : names.denied) {
    draft.add(Field::kCapabilitiesDeny, name);
  }
  if (names.all && !names.none) {
    return;
  }
  draft.restrict_to(Field::kCapabilitiesAllow);
  for (const std::string& name : names.allowed) {
    if (!names.none && names.denied.count(name) == 0) {
      draft.add(Field::kCapabilitiesAllow, name);
    }
  }
}

void write_families(const AppArmorNames& names, Draft& draft) {
  if (names.all && !names.none && names.denied.empty()) {
    return;
  }
  draft.restrict_to(Field::kNetworkFamilies);
  for (const plan::NamedNumber& family : plan::socket_family_names()) {
    const std::string name(family.name);
    if (!names.none && names.denied.count(name) == 0 && (names.all || names.allowed.count(name) != 0)) {
      draft.add(Field::kNetworkFamilies, name);
    }
  }
}

void write_files(AppArmorReader& reader, Draft& draft) {
  for (const auto& [trees, field] : {std::pair{&reader.read, Field::kFilesRead},
                                     std::pair{&reader.write, Field::kFilesWrite},
                                     std::pair{&reader.execute, Field::kFilesExecute}}) {
    if (!reader.all_files) {
      draft.restrict_to(field);
      trees->write(draft, reader.notes);
    }
  }
  reader.masked.write(draft, reader.notes);
  reader.readonly.write(draft, reader.notes);
}

void write_switches(AppArmorReader& reader, Draft& draft) {
  write_switch(draft, Field::kMounts, switch_word(reader.mounts));
  if (!reader.umount.empty() && !reader.mounts.is_open()) {
    reader.notes.push_back({Effect::kTighter, reader.umount, "umount alone is not allowed: mounts are one switch", "kernel.mounts"});
  }
  write_switch(draft, Field::kPtrace, switch_word(reader.ptrace));
  if (!reader.ptrace.is_open() || reader.ptrace.own_only) {
    draft.set_level(Field::kPtraceOutside, "deny");
  }
  if (reader.mediates_userns) {
    write_switch(draft, Field::kUserNamespaces, switch_word(reader.userns));
  }
  if (!reader.signals.is_open() || reader.signals.own_only) {
    draft.add(Field::kLandlockScopes, "signals");
  }
  for (const auto& [name, value] : reader.rlimits) {
    draft.add(Field::kRlimits, name, value);
  }
  if (reader.complain) {
    draft.set_level(Field::kMode, "audit");
  }
}

Status check_inner(const AppArmorReader& reader, const AppArmorStatement& header) {
  const bool is_condition = !header.words.empty() && (header.words[0] == "if" || header.words[0] == "else");
  return is_condition ? Error::invalid(concat(place(reader, header), ": conditions are not known; keep the rules of the case that applies")) : Status();
}

Result<const AppArmorBlock*> only_profile(const AppArmorBlock& file, const std::string& source) {
  if (file.blocks.empty()) {
    return Error::invalid(concat(source, ": has no profile: \"profile NAME { ... }\""));
  }
  if (file.blocks.size() > 1) {
    return Error::invalid(concat(source, ":", file.blocks[1].header.line, ": a second profile; give one file for each"));
  }
  return &file.blocks[0];
}

}  // namespace

void AppArmorReader::note(Effect effect, const AppArmorRule& rule, std::string_view what, Field field) {
  notes.push_back({effect, rule.where, std::string(what), std::string(info_of(field).path)});
}

void AppArmorReader::note(Effect effect, const AppArmorRule& rule, std::string_view what) {
  notes.push_back({effect, rule.where, std::string(what), ""});
}

Result<std::string> AppArmorReader::expand(const AppArmorRule& rule, std::string_view pattern) const {
  Result<std::string> text = expand_apparmor_variables(variables, pattern);
  return text ? std::move(text) : Result<std::string>(rule.error(text.error().message()));
}

// Everything else that is taken is JSON or YAML.
bool is_apparmor(const FormInput& input) {
  const std::string_view text = trim(input.text);
  return !input.object.is_object() && !text.starts_with('{') && !text.starts_with('[') && text.find('{') != std::string_view::npos;
}

Result<Converted> from_apparmor(const FormInput& input) {
  TRY_ASSIGN(const AppArmorBlock file, scan_apparmor(input.text, input.source));
  TRY_ASSIGN(const AppArmorBlock* profile, only_profile(file, input.source));
  AppArmorReader reader(input.source);
  reader.variables = apparmor_variables();
  for (const AppArmorStatement& statement : file.statements) {
    TRY(read_preamble(reader, statement));
  }
  TRY(read_header(reader, profile->header));
  reader.variables["profile_name"] = {reader.name};
  for (const AppArmorStatement& statement : profile->statements) {
    TRY(read_statement(reader, statement, place(reader, statement), 0));
  }
  for (const AppArmorBlock& inner : profile->blocks) {
    TRY(check_inner(reader, inner.header));
    reader.notes.push_back({Effect::kOther, place(reader, inner.header), concat(quote(join(inner.header.words, " ").substr(0, 128)), " is left out: there are no profiles within profiles"), ""});
  }
  Draft draft(input.profile_name, "Converted from an AppArmor profile.", input.source);
  write_files(reader, draft);
  write_capabilities(reader.capabilities, draft);
  write_families(reader.families, draft);
  write_switches(reader, draft);
  reader.notes.push_back({Effect::kWider, input.source, "mapping files as code, locks, D-Bus and signals from others are not restricted", ""});
  TRY_ASSIGN(std::string text, std::move(draft).take());
  return Converted{std::move(text), std::move(reader.notes)};
}

}  // namespace redoubt::policy
