#include "policy/authoring/oci_seccomp.h"

#include <errno.h>

#include <algorithm>
#include <set>

#include "base/str.h"
#include "policy/authoring/object_reader.h"
#include "policy/document/reader.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kAllow = "SCMP_ACT_ALLOW";
constexpr std::string_view kSeccompKind = "SeccompProfile";
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
  json::Value rules{json::Array()};
  if (!names.as_array().empty()) {  // which a rule needs
    rules.push(json::Value().set("names", std::move(names)).set("action", kAllow));
  }
  return section.set("syscalls", std::move(rules));
}

// What else the profile says that a seccomp filter of names does not carry.
std::vector<Note> left_behind(const Document& merged) {
  std::vector<Note> notes = notes_of_others(merged, {});
  std::erase_if(notes, [](const Note& note) { return note.field.starts_with("syscalls.") || note.field.starts_with("kernel."); });
  return notes;
}

Result<json::Value> section_of(const Document& merged) {
  const bool has_ceiling = merged[Field::kSyscallsAllow].present;
  const FieldValue& list = merged[has_ceiling ? Field::kSyscallsAllow : Field::kSyscallsDefault];
  if (!list.present) {
    return Error::invalid(concat("profile ", quote(merged.name),
                                 ": has neither syscalls.allow nor syscalls.default to convert"));
  }
  return seccomp_section(merged, list);
}

// What one reader of the other form finds on its way.
struct SeccompReader {
  const std::string& source;
  std::set<std::string> allowed;
  std::vector<Note> notes;

  Error error(std::string_view pointer, std::string_view what) const {
    return Error::invalid(concat(source, ": ", pointer, ": ", what));
  }
  void note(Effect effect, std::string_view pointer, std::string what) {
    notes.push_back({effect, concat(source, ": ", pointer), std::move(what), "syscalls.allow"});
  }
};

bool is_filled(const json::Value& rule, std::string_view key) {
  const json::Value* value = rule.find(key);
  return value != nullptr && ((value->is_array() && !value->as_array().empty()) ||
                              (value->is_object() && !value->as_object().empty()));
}

// Whom a rule is for, by moby's "includes" and "excludes".
enum class Applies { kToAll, kForSome, kWithoutSome, kNever };

bool names_this_architecture(const json::Value& list) {
  constexpr std::string_view kNames[] = {"amd64", "x86_64"};
  return list.is_array() && std::any_of(list.as_array().begin(), list.as_array().end(), [&](const json::Value& name) {
           return name.is_string() && std::count(std::begin(kNames), std::end(kNames), name.as_string()) != 0;
         });
}

// Versions up to that of the oldest kernel that is supported. "4.8"
bool has_every_kernel(const json::Value* version) {
  return version == nullptr || (version->is_string() && (version->as_string().starts_with("3.") || version->as_string().starts_with("4.")));
}

Applies applies_of(const json::Value& rule) {
  const json::Value* includes = rule.find("includes");
  if (includes != nullptr && includes->is_object()) {
    if (is_filled(*includes, "arches") && !names_this_architecture(*includes->find("arches"))) {
      return Applies::kNever;
    }
    if (is_filled(*includes, "caps") || !has_every_kernel(includes->find("minKernel"))) {
      return Applies::kForSome;
    }
  }
  const json::Value* excludes = rule.find("excludes");
  if (excludes != nullptr && excludes->is_object()) {
    if (is_filled(*excludes, "arches") && names_this_architecture(*excludes->find("arches"))) {
      return Applies::kNever;
    }
    if (excludes->find("minKernel") != nullptr) {
      return Applies::kForSome;
    }
    return is_filled(*excludes, "caps") ? Applies::kWithoutSome : Applies::kToAll;
  }
  return Applies::kToAll;
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
  const std::string list = join(names, " ").substr(0, 512);
  if (action->as_string() != kAllow) {
    reader.note(Effect::kOther, at, concat(quote(action->as_string().substr(0, 64)), " is not carried over: ", list));
    return {};
  }
  const Applies applies = applies_of(rule);
  if (applies == Applies::kNever) {
    reader.note(Effect::kOther, at, concat("is for other architectures, left out: ", list));
    return {};
  }
  if (applies == Applies::kForSome) {
    reader.note(Effect::kTighter, at, concat("is for some hosts or capabilities only, left out: ", list));
    return {};
  }
  if (applies == Applies::kWithoutSome) {
    reader.note(Effect::kWider, at, concat("is for who lacks some capabilities only, allowed to all: ", list));
  }
  if (is_filled(rule, "args")) {
    reader.note(Effect::kWider, at, concat("is for some arguments only, allowed with all: ", list));
  }
  reader.allowed.insert(names.begin(), names.end());
  return {};
}

// What a call that is not allowed meets is the profile's own answer.
void note_answer(SeccompReader& reader, const json::Value& section, const std::string& action) {
  const json::Value* error = section.find("defaultErrnoRet");
  if (action != "SCMP_ACT_ERRNO") {
    reader.note(Effect::kOther, "/defaultAction", concat(quote(action.substr(0, 64)), " is not carried over: what is not allowed fails with EPERM"));
  } else if (error != nullptr && error->type() == json::Value::Type::kInt && error->as_int() != EPERM) {
    reader.note(Effect::kOther,
                "/defaultErrnoRet",
                concat("error ", error->as_int(), " is not carried over: what is not allowed fails with EPERM"));
  }
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
  note_answer(reader, section, action->as_string());
  const json::Value* rules = section.find("syscalls");
  if (rules == nullptr || !rules->is_array()) {
    return reader.error("", "needs \"syscalls\", an array of rules");
  }
  for (size_t i = 0; i < rules->as_array().size(); ++i) {
    TRY(read_seccomp_rule(reader, rules->as_array()[i], child("/syscalls", i)));
  }
  return {};
}

Result<Converted> profile_of(const FormInput& input, const json::Value& section) {
  SeccompReader reader{input.source, {}, {}};
  TRY(read_section(reader, section));
  Draft draft(input.profile_name, "Converted from a seccomp profile.", input.source);
  draft.restrict_to(Field::kSyscallsAllow);
  for (const std::string& name : reader.allowed) {
    draft.add(Field::kSyscallsAllow, name);
  }
  TRY_ASSIGN(std::string text, std::move(draft).take());
  return Converted{std::move(text), std::move(reader.notes)};
}

}  // namespace

bool is_oci_seccomp(const FormInput& input) {
  return input.object.find("defaultAction") != nullptr || input.object.find("syscalls") != nullptr;
}

bool is_spo_seccomp(const FormInput& input) {
  return is_object_of(input.object, kSpoGroup, kSeccompKind);
}

Result<Converted> to_oci_seccomp(const Document& merged, const WriteOptions& /*options*/) {
  TRY_ASSIGN(const json::Value section, section_of(merged));
  return Converted{document_text(section), left_behind(merged)};
}

Result<Converted> to_spo_seccomp(const Document& merged, const WriteOptions& /*options*/) {
  TRY_ASSIGN(json::Value section, section_of(merged));
  json::Value object;
  object.set("apiVersion", concat(kSpoGroup, "/v1beta1")).set("kind", kSeccompKind);
  object.set("metadata", json::Value().set("name", merged.name)).set("spec", std::move(section));
  return Converted{document_text(object), left_behind(merged)};
}

Result<Converted> from_oci_seccomp(const FormInput& input) {
  return profile_of(input, input.object);
}

Result<Converted> from_spo_seccomp(const FormInput& input) {
  const ObjectReader objects(input.source);
  TRY_ASSIGN(const json::Value* spec, objects.object(input.object, "spec", ""));
  if (spec == nullptr) {
    return objects.error("", "needs \"spec\"");
  }
  return profile_of(input, *spec);
}

}  // namespace redoubt::policy
