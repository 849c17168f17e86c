#include "policy/authoring/oci_seccomp.h"

#include <errno.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/str.h"
#include "policy/document/read_document.h"
#include "policy/document/reader.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kAllow = "SCMP_ACT_ALLOW";
constexpr uint32_t kDeny = 2;

bool is_denied(const Document& merged, const std::string& name) {
  if (find_entry(merged[Field::kSyscallsDeny], name) != nullptr) {
    return true;
  }
  const auto calls = surface_calls();
  return std::any_of(calls.begin(), calls.end(), [&](const SurfaceCall& call) {
    return call.name == name && merged.level(call.field) == kDeny;
  });
}

json::Value seccomp_section(const Document& merged, const FieldValue& list) {
  json::Value names{json::Array()};
  for (const Entry& entry : list.entries) {
    if (!is_denied(merged, entry.key)) {
      names.push(entry.key);
    }
  }
  json::Value section;
  section.set("defaultAction", "SCMP_ACT_ERRNO").set("defaultErrnoRet", EPERM);
  json::Value architectures{json::Array()};
  architectures.push("SCMP_ARCH_X86_64");
  if (merged.level(Field::kForeignArchitectures) != kDeny) {
    architectures.push("SCMP_ARCH_X86").push("SCMP_ARCH_X32");
  }
  section.set("architectures", std::move(architectures));
  json::Value rule;
  rule.set("names", std::move(names)).set("action", kAllow);
  return section.set("syscalls", json::Value().push(std::move(rule)));
}

// What else the profile says that a seccomp filter of names does not carry.
std::vector<std::string> left_behind(const Document& merged) {
  std::vector<std::string> notes;
  for (const FieldInfo& info : field_table()) {
    const bool carried = info.path.starts_with("syscalls.") || info.path.starts_with("kernel.");
    if (!carried && merged[info.field].present) {
      notes.push_back(concat(info.path, " (", place_of(merged.rule_of(info.field)), ") is not carried over"));
    }
  }
  return notes;
}

// What one reader of the other form finds on its way.
struct SeccompReader {
  const std::string& source;
  std::set<std::string> allowed;
  std::vector<std::string> notes;

  Error error(std::string_view pointer, std::string_view what) const {
    return Error::invalid(concat(source, ": ", pointer, ": ", what));
  }
};

bool is_filled(const json::Value& rule, std::string_view key) {
  const json::Value* value = rule.find(key);
  return value != nullptr && ((value->is_array() && !value->as_array().empty()) ||
                              (value->is_object() && !value->as_object().empty()));
}

Result<std::vector<std::string>> rule_names(const SeccompReader& reader,
                                            const json::Value& rule,
                                            const std::string& at) {
  const json::Value* names = rule.find("names");
  if (names == nullptr || !names->is_array() || names->as_array().empty()) {
    return reader.error(at, "needs \"names\", an array of system calls");
  }
  std::vector<std::string> out;
  for (const json::Value& name : names->as_array()) {
    if (!name.is_string() || name.as_string().starts_with('@') ||
        !name_problem(Vocabulary::kSyscall, name.as_string()).empty()) {
      return reader.error(child(at, "names"), "must hold names of system calls");
    }
    out.push_back(name.as_string());
  }
  return out;
}

Status read_seccomp_rule(SeccompReader& reader, const json::Value& rule, const std::string& at) {
  if (!rule.is_object()) {
    return reader.error(at, concat("must be an object, got ", rule.type_name()));
  }
  TRY_ASSIGN(const std::vector<std::string> names, rule_names(reader, rule, at));
  const json::Value* action = rule.find("action");
  if (action == nullptr || !action->is_string()) {
    return reader.error(at, "needs \"action\"");
  }
  const std::string list = join(names, " ");
  if (action->as_string() != kAllow) {
    reader.notes.push_back(concat(at, ": ", action->as_string(), " is not carried over: ", list));
    return {};
  }
  if (is_filled(rule, "includes") || is_filled(rule, "excludes")) {
    reader.notes.push_back(concat(at, ": is for some hosts or capabilities only, left out: ", list));
    return {};
  }
  if (is_filled(rule, "args")) {
    reader.notes.push_back(concat(at, ": is for some arguments only, allowed with all: ", list));
  }
  reader.allowed.insert(names.begin(), names.end());
  return {};
}

Status read_section(SeccompReader& reader, const json::Value& section) {
  const json::Value* action = section.find("defaultAction");
  if (action == nullptr || !action->is_string()) {
    return reader.error("", "is no seccomp profile: needs \"defaultAction\"");
  }
  if (action->as_string() == kAllow || action->as_string() == "SCMP_ACT_LOG") {
    return reader.error("/defaultAction",
                        "lets through what is not listed; a list of what is allowed is needed");
  }
  const json::Value* rules = section.find("syscalls");
  if (rules == nullptr || !rules->is_array()) {
    return reader.error("", "needs \"syscalls\", an array of rules");
  }
  for (size_t i = 0; i < rules->as_array().size(); ++i) {
    TRY(read_seccomp_rule(reader, rules->as_array()[i], child("/syscalls", i)));
  }
  return {};
}

}  // namespace

Result<Converted> to_oci_seccomp(const Document& merged) {
  const bool has_ceiling = merged[Field::kSyscallsAllow].present;
  const FieldValue& list = merged[has_ceiling ? Field::kSyscallsAllow : Field::kSyscallsDefault];
  if (!list.present) {
    return Error::invalid(concat("profile ", quote(merged.name),
                                 ": has neither syscalls.allow nor syscalls.default to convert"));
  }
  return Converted{seccomp_section(merged, list), left_behind(merged)};
}

Result<Converted> to_spo_seccomp(const Document& merged) {
  TRY_ASSIGN(Converted converted, to_oci_seccomp(merged));
  json::Value object;
  object.set("apiVersion", "security-profiles-operator.x-k8s.io/v1beta1");
  object.set("kind", "SeccompProfile").set("metadata", json::Value().set("name", merged.name));
  object.set("spec", std::move(converted.document));
  return Converted{std::move(object), std::move(converted.notes)};
}

Result<Converted> from_seccomp(std::string_view text,
                               const std::string& source,
                               const std::string& profile_name) {
  TRY_ASSIGN(const json::Value root, json::parse(text, source));
  SeccompReader reader{source, {}, {}};
  const json::Value* kind = root.find("kind");
  const bool is_object = kind != nullptr && kind->is_string() && kind->as_string() == "SeccompProfile";
  const json::Value* section = is_object ? root.find("spec") : &root;
  if (section == nullptr || !section->is_object()) {
    return reader.error("", "is no seccomp profile");
  }
  TRY(read_section(reader, *section));
  json::Value names{json::Array()};
  for (const std::string& name : reader.allowed) {
    names.push(name);
  }
  json::Value rule;
  rule.set("names", std::move(names)).set("reason", concat("allowed by ", source.substr(source.rfind('/') + 1)));
  json::Value profile;
  profile.set("apiVersion", kApiVersion).set("kind", "Profile").set("name", profile_name);
  profile.set("description", "Converted from a seccomp profile.");
  profile.set("extends", json::Value().push("default"));
  profile.set("syscalls", json::Value().set("allow", json::Value().push(std::move(rule))));
  return Converted{std::move(profile), std::move(reader.notes)};
}

}  // namespace redoubt::policy
