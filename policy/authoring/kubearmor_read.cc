// From KubeArmorPolicy.
#include <algorithm>
#include <set>
#include <span>

#include "base/str.h"
#include "policy/authoring/kubearmor.h"
#include "policy/authoring/object_reader.h"
#include "policy/authoring/path_patterns.h"
#include "policy/authoring/protocols.h"
#include "policy/document/reader.h"

namespace redoubt::policy {
namespace {

enum class Action { kAllow, kAudit, kBlock };

// One element of matchPaths, matchDirectories, matchPatterns, matchProtocols or matchCapabilities.
struct Match {
  Action action = Action::kBlock;
  bool readonly = false;
  std::string at;       // JSON pointer
  std::string subject;  // a pattern, or a word
};

struct PolicyReader {
  explicit PolicyReader(const std::string& source) : objects(source) {}

  ObjectReader objects;
  Action action = Action::kBlock;  // of the whole policy
  bool allows_programs = false, allows_files = false, allows_protocols = false, allows_capabilities = false;
  AllowedTrees read{Field::kFilesRead}, write{Field::kFilesWrite}, execute{Field::kFilesExecute};
  DeniedTrees masked{Field::kFilesMasked}, readonly{Field::kFilesReadonly};
  std::set<std::string> allowed_protocols, blocked_protocols, allowed_capabilities, blocked_capabilities;
};

Result<Action> read_action(const ObjectReader& reader, const json::Value& value, const std::string& at, Action inherited) {
  TRY_ASSIGN(const std::string word, reader.text(value, "action", at));
  if (word.empty()) {
    return inherited;
  }
  if (word != "Allow" && word != "Audit" && word != "Block") {
    return reader.error(child(at, "action"), "must be one of: Allow, Audit, Block");
  }
  return word == "Allow" ? Action::kAllow : word == "Audit" ? Action::kAudit : Action::kBlock;
}

// The conditions that a profile has none of.
Status note_conditions(PolicyReader& reader, const json::Value& item, const Match& match, std::string_view field) {
  const Effect effect = match.action == Action::kAllow ? Effect::kWider : Effect::kTighter;
  TRY_ASSIGN(const json::Value* sources, reader.objects.list(item, "fromSource", match.at));
  if (sources != nullptr && !sources->as_array().empty()) {
    reader.objects.note(effect, match.at, "fromSource is not carried over: it is for all programs", field);
  }
  TRY_ASSIGN(const bool owner, reader.objects.flag(item, "ownerOnly", match.at));
  if (owner) {
    reader.objects.note(effect, match.at, "ownerOnly is not carried over: it is for all owners", field);
  }
  return {};
}

std::string literal(std::string_view path) {
  const std::string pattern = tree_pattern(std::string(path));
  return pattern.substr(0, pattern.rfind('{'));
}

// The pattern of AppArmor that a path, a directory or a pattern of KubeArmor is.
Result<std::string> pattern_of(const ObjectReader& reader, const json::Value& item, std::string_view list, const std::string& at) {
  if (list == "matchPatterns") {
    return reader.text(item, "pattern", at);
  }
  if (list == "matchPaths") {
    TRY_ASSIGN(const std::string path, reader.text(item, "path", at));
    return path == "/" ? path : literal(path);
  }
  TRY_ASSIGN(std::string directory, reader.text(item, "dir", at));
  TRY_ASSIGN(const bool recursive, reader.flag(item, "recursive", at));
  while (directory.ends_with('/')) {
    directory.pop_back();
  }
  return concat(directory.empty() ? "" : literal(directory), recursive ? "/{,**}" : "/{,*}");
}

Status add_allowed(const ObjectReader& reader, AllowedTrees& trees, const Match& match) {
  const Status added = trees.add(match.subject, reader.place(match.at));
  return added ? Status() : reader.error(match.at, added.error().message());
}

Status add_denied(ObjectReader& reader, DeniedTrees& trees, const Match& match) {
  const Status added = trees.add(match.subject, reader.place(match.at), reader.notes);
  return added ? Status() : reader.error(match.at, added.error().message());
}

Status take_program(PolicyReader& reader, const Match& match) {
  if (match.action == Action::kAllow) {
    reader.allows_programs = true;
    return add_allowed(reader.objects, reader.execute, match);
  }
  reader.objects.note(Effect::kTighter, match.at, "a blocked program shows nothing: it cannot be read either", "files.masked");
  return add_denied(reader.objects, reader.masked, match);
}

Status take_file(PolicyReader& reader, const Match& match) {
  if (match.action == Action::kBlock) {
    return add_denied(reader.objects, match.readonly ? reader.readonly : reader.masked, match);
  }
  reader.allows_files = true;
  TRY(add_allowed(reader.objects, reader.read, match));
  return match.readonly ? Status() : add_allowed(reader.objects, reader.write, match);
}

Status take_protocol(PolicyReader& reader, const Match& match) {
  const std::string word = to_lower(match.subject);
  constexpr std::string_view kProtocols[] = {"icmp", "icmpv6", "raw", "sctp", "tcp", "udp", "all"};
  if (std::find(std::begin(kProtocols), std::end(kProtocols), word) == std::end(kProtocols)) {
    return reader.objects.error(child(match.at, "protocol"), "must be one of: tcp, udp, icmp, icmpv6, sctp, raw, all");
  }
  const bool allows = match.action == Action::kAllow;
  reader.allows_protocols |= allows;
  (allows ? reader.allowed_protocols : reader.blocked_protocols).insert(word);
  if (allows && word != "tcp" && word != "udp") {
    reader.objects.note(Effect::kTighter, match.at, concat(quote(word), " is left out: only TCP and UDP can be allowed one by one"), "network.connect");
  }
  return {};
}

Status take_capability(PolicyReader& reader, const Match& match) {
  const Result<std::string> name = capability_of(match.subject);
  if (!name) {
    return reader.objects.error(child(match.at, "capability"), name.error().message());
  }
  const bool allows = match.action == Action::kAllow;
  reader.allows_capabilities |= allows;
  (allows ? reader.allowed_capabilities : reader.blocked_capabilities).insert(*name);
  return {};
}

struct KubeArmorSection {
  std::string_view name, field;
  std::span<const std::string_view> lists;
  std::string_view subject;  // the member that names it; empty: a path or a pattern
  Status (*take)(PolicyReader& reader, const Match& match);
};

Status read_item(PolicyReader& reader, const KubeArmorSection& section, const json::Value& item, std::string_view list, Match match) {
  ObjectReader& objects = reader.objects;
  if (!item.is_object()) {
    return objects.error(match.at, concat("must be an object, got ", item.type_name()));
  }
  TRY_ASSIGN(match.action, read_action(objects, item, match.at, match.action));
  TRY_ASSIGN(match.readonly, objects.flag(item, "readOnly", match.at));
  if (section.subject.empty()) {
    TRY_ASSIGN(match.subject, pattern_of(objects, item, list, match.at));
  } else {
    TRY_ASSIGN(match.subject, objects.text(item, section.subject, match.at));
  }
  objects.note_unknown(item, match.at, {"action", "capability", "dir", "fromSource", "message", "ownerOnly", "path", "pattern", "protocol",
                                        "readOnly", "recursive", "severity", "tags"});
  if (match.action == Action::kAudit) {
    objects.note(Effect::kOther, match.at, "is logged only (Audit): left out");
    return {};
  }
  TRY(note_conditions(reader, item, match, section.field));
  return section.take(reader, match);
}

Status read_section(PolicyReader& reader, const json::Value& spec, const KubeArmorSection& section) {
  const std::string at = child("/spec", section.name);
  TRY_ASSIGN(const json::Value* value, reader.objects.object(spec, section.name, "/spec"));
  if (value == nullptr) {
    return {};
  }
  Match match;
  TRY_ASSIGN(match.action, read_action(reader.objects, *value, at, reader.action));
  for (const std::string_view list : section.lists) {
    TRY_ASSIGN(const json::Value* items, reader.objects.list(*value, list, at));
    for (size_t i = 0; items != nullptr && i < items->as_array().size(); ++i) {
      match.at = child(child(at, list), i);
      TRY(read_item(reader, section, items->as_array()[i], list, match));
    }
  }
  reader.objects.note_unknown(*value, at, {"action", "matchCapabilities", "matchDirectories", "matchPaths", "matchPatterns", "matchProtocols",
                                           "message", "severity", "tags"});
  return {};
}

void write_network(PolicyReader& reader, Draft& draft) {
  if (!reader.allows_protocols && reader.blocked_protocols.empty()) {
    return;
  }
  const auto passes = [&](const char* word) {
    const bool allowed = !reader.allows_protocols || reader.allowed_protocols.count(word) != 0 || reader.allowed_protocols.count("all") != 0;
    return allowed && reader.blocked_protocols.count(word) == 0 && reader.blocked_protocols.count("all") == 0;
  };
  add_protocols(draft, passes("tcp"), passes("udp"));
  if (!reader.allows_protocols) {
    reader.objects.note(Effect::kTighter, "/spec/network", "sockets of other protocols than TCP and UDP cannot be made at all", "network.connect");
  }
}

void write_names(const std::set<std::string>& names, Field field, Draft& draft) {
  for (const std::string& name : names) {
    draft.add(field, name);
  }
}

void write_all(PolicyReader& reader, Draft& draft) {
  std::vector<Note>& notes = reader.objects.notes;
  if (reader.allows_programs) {
    draft.restrict_to(Field::kFilesExecute);
    reader.execute.write(draft, notes);
  }
  if (reader.allows_files) {
    draft.restrict_to(Field::kFilesRead);
    draft.restrict_to(Field::kFilesWrite);
    reader.read.write(draft, notes);
    reader.write.write(draft, notes);
  }
  reader.masked.write(draft, notes);
  reader.readonly.write(draft, notes);
  if (reader.allows_capabilities) {
    draft.restrict_to(Field::kCapabilitiesAllow);
  }
  write_names(reader.allowed_capabilities, Field::kCapabilitiesAllow, draft);
  write_names(reader.blocked_capabilities, Field::kCapabilitiesDeny, draft);
  write_network(reader, draft);
}

constexpr std::string_view kPathLists[] = {"matchPaths", "matchDirectories", "matchPatterns"};
constexpr std::string_view kProtocolLists[] = {"matchProtocols"};
constexpr std::string_view kCapabilityLists[] = {"matchCapabilities"};
constexpr KubeArmorSection kSections[] = {
    {"process", "files.execute", kPathLists, "", take_program},
    {"file", "files.read", kPathLists, "", take_file},
    {"network", "network.connect", kProtocolLists, "protocol", take_protocol},
    {"capabilities", "capabilities.allow", kCapabilityLists, "capability", take_capability},
};

}  // namespace

bool is_kubearmor(const FormInput& input) {
  return is_object_of(input.object, kKubeArmorGroup, "KubeArmorPolicy");
}

Result<Converted> from_kubearmor(const FormInput& input) {
  PolicyReader reader(input.source);
  TRY_ASSIGN(const json::Value* spec, reader.objects.object(input.object, "spec", ""));
  if (spec == nullptr) {
    return reader.objects.error("", "needs \"spec\"");
  }
  TRY_ASSIGN(reader.action, read_action(reader.objects, *spec, "/spec", Action::kBlock));
  for (const KubeArmorSection& section : kSections) {
    TRY(read_section(reader, *spec, section));
  }
  reader.objects.note_unknown(*spec, "/spec", {"action", "capabilities", "file", "message", "network", "process", "severity", "tags"});
  Draft draft(input.profile_name, "Converted from a KubeArmorPolicy.", input.source);
  write_all(reader, draft);
  TRY_ASSIGN(std::string text, std::move(draft).take());
  return Converted{std::move(text), std::move(reader.objects.notes)};
}

}  // namespace redoubt::policy
