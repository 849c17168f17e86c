#include "policy/authoring/spo_apparmor.h"

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/authoring/apparmor.h"
#include "policy/authoring/apparmor_reader.h"
#include "policy/authoring/object_reader.h"
#include "policy/authoring/path_patterns.h"
#include "policy/authoring/protocols.h"

namespace redoubt::policy {
namespace {

constexpr const char* kAbstract = "/spec/abstract";
constexpr std::string_view kAppArmorKind = "AppArmorProfile";

struct AbstractReader {
  explicit AbstractReader(const std::string& source) : objects(source) {}

  ObjectReader objects;
  AllowedTrees read{Field::kFilesRead}, write{Field::kFilesWrite}, execute{Field::kFilesExecute};
};

// A list of paths, and the fields that it opens.
struct PathList {
  std::string_view section, key;
  std::initializer_list<AllowedTrees AbstractReader::*> trees;
};

Status read_paths(AbstractReader& reader, const json::Value& abstract, const PathList& list) {
  const std::string at = concat(std::string_view(kAbstract), "/", list.section);
  TRY_ASSIGN(const json::Value* section, reader.objects.object(abstract, list.section, kAbstract));
  if (section == nullptr) {
    return {};
  }
  TRY_ASSIGN(const std::vector<std::string> paths, reader.objects.texts(*section, list.key, at));
  const std::string pointer = concat(at, "/", list.key);
  for (const std::string& path : paths) {
    const Result<std::string> pattern = expand_apparmor_variables(apparmor_variables(), path);
    if (!pattern) {
      return reader.objects.error(pointer, pattern.error().message());
    }
    for (const auto member : list.trees) {
      const Status added = (reader.*member).add(*pattern, reader.objects.place(pointer));
      if (!added) {
        return reader.objects.error(pointer, added.error().message());
      }
    }
  }
  return {};
}

Status read_files(AbstractReader& reader, const json::Value& abstract, Draft& draft) {
  using Reader = AbstractReader;
  const PathList lists[] = {
      {"executable", "allowedExecutables", {&Reader::execute, &Reader::read}},
      {"executable", "allowedLibraries", {&Reader::read}},
      {"filesystem", "readOnlyPaths", {&Reader::read}},
      {"filesystem", "readWritePaths", {&Reader::read, &Reader::write}},
      {"filesystem", "writeOnlyPaths", {&Reader::write}},
  };
  for (const PathList& list : lists) {
    TRY(read_paths(reader, abstract, list));
  }
  for (const auto& [trees, field] : {std::pair{&reader.read, Field::kFilesRead}, std::pair{&reader.write, Field::kFilesWrite},
                                     std::pair{&reader.execute, Field::kFilesExecute}}) {
    draft.restrict_to(field);
    trees->write(draft, reader.objects.notes);
  }
  return {};
}

Status read_capabilities(AbstractReader& reader, const json::Value& abstract, Draft& draft) {
  draft.restrict_to(Field::kCapabilitiesAllow);
  TRY_ASSIGN(const json::Value* section, reader.objects.object(abstract, "capability", kAbstract));
  if (section == nullptr) {
    return {};
  }
  const std::string at = std::string(kAbstract) + "/capability";
  TRY_ASSIGN(const std::vector<std::string> words, reader.objects.texts(*section, "allowedCapabilities", at));
  for (const std::string& word : words) {
    const Result<std::string> name = capability_of(word);
    if (!name) {
      return reader.objects.error(at + "/allowedCapabilities", name.error().message());
    }
    draft.add(Field::kCapabilitiesAllow, *name);
  }
  return {};
}

struct Protocols {
  bool raw = false, tcp = false, udp = false;
};

Result<Protocols> read_protocols(const ObjectReader& objects, const json::Value& abstract) {
  Protocols out;
  const std::string at = std::string(kAbstract) + "/network";
  TRY_ASSIGN(const json::Value* network, objects.object(abstract, "network", kAbstract));
  if (network == nullptr) {
    return out;
  }
  TRY_ASSIGN(out.raw, objects.flag(*network, "allowRaw", at));
  TRY_ASSIGN(const json::Value* protocols, objects.object(*network, "protocols", at));
  if (protocols != nullptr) {
    TRY_ASSIGN(out.tcp, objects.flag(*protocols, "allowTcp", at + "/protocols"));
    TRY_ASSIGN(out.udp, objects.flag(*protocols, "allowUdp", at + "/protocols"));
  }
  return out;
}

Status read_network(const AbstractReader& reader, const json::Value& abstract, Draft& draft) {
  TRY_ASSIGN(const Protocols protocols, read_protocols(reader.objects, abstract));
  if (protocols.raw) {
    return {};
  }
  add_protocols(draft, protocols.tcp, protocols.udp);
  return {};
}

// Older objects: the text of a profile.
Result<Converted> from_text(const FormInput& input, const std::string& text) {
  const FormInput inner{text, input.source, input.profile_name, json::Value()};
  return from_apparmor(inner);
}

Result<Converted> from_abstract(const FormInput& input, const json::Value& spec, const json::Value& abstract) {
  AbstractReader reader(input.source);
  Draft draft(input.profile_name, "Converted from an AppArmorProfile object.", input.source);
  TRY(read_files(reader, abstract, draft));
  TRY(read_capabilities(reader, abstract, draft));
  TRY(read_network(reader, abstract, draft));
  TRY_ASSIGN(const bool complain, reader.objects.flag(spec, "complainMode", "/spec"));
  if (complain) {
    draft.set_level(Field::kMode, "audit");
  }
  reader.objects.note_unknown(spec, "/spec", {"abstract", "complainMode", "policy"});
  reader.objects.note_unknown(abstract, kAbstract, {"capability", "executable", "filesystem", "network"});
  TRY_ASSIGN(std::string text, std::move(draft).take());
  return Converted{std::move(text), std::move(reader.objects.notes)};
}

json::Value patterns(const std::vector<std::string>& trees) {
  json::Value out{json::Array()};
  for (const std::string& tree : trees) {
    out.push(tree_pattern(tree));
  }
  return out;
}

// What may be read and written is in both lists.
json::Value filesystem(const Document& merged) {
  json::Value out;
  json::Value read = patterns(trees_or_all(merged, Field::kFilesRead));
  for (const std::string& tree : lists_of(merged)) {
    read.push(directories_pattern(tree));
  }
  out.set("readOnlyPaths", std::move(read));
  return out.set("writeOnlyPaths", patterns(trees_or_all(merged, Field::kFilesWrite)));
}

json::Value capabilities(const Document& merged) {
  json::Value out{json::Array()};
  for (const std::string_view name : plan::capability_names()) {
    const FieldValue& allowed = merged[Field::kCapabilitiesAllow];
    const bool passes = (!allowed.present || find_entry(allowed, name) != nullptr) && find_entry(merged[Field::kCapabilitiesDeny], name) == nullptr;
    if (passes) {
      out.push(to_lower(name.substr(4)));
    }
  }
  return out;
}

json::Value network(const Document& merged) {
  json::Value out;
  out.set("allowRaw", !restricts_endpoints(merged));
  return out.set("protocols", json::Value().set("allowTcp", lets_through(merged, false)).set("allowUdp", lets_through(merged, true)));
}

std::vector<Note> notes_of(const Document& merged) {
  std::vector<Note> notes = notes_of_others(merged, {Field::kMode, Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute,
                                                     Field::kCapabilitiesAllow, Field::kCapabilitiesDeny, Field::kNetworkConnect, Field::kNetworkBind});
  note_endpoints(merged, notes);
  if (merged[Field::kFilesRead].present) {
    notes.push_back({Effect::kWider, place_of(merged.rule_of(Field::kFilesRead)), "files.read: programs that may be executed may be read as well", "files.read"});
  }
  if (merged[Field::kFilesRead].present && merged[Field::kFilesList].present) {
    notes.push_back({Effect::kWider, place_of(merged.rule_of(Field::kFilesList)), "files.list: directories beneath programs that may be executed may be listed as well", "files.list"});
  }
  return notes;
}

}  // namespace

bool is_spo_apparmor(const FormInput& input) {
  return is_object_of(input.object, kSpoGroup, kAppArmorKind);
}

Result<Converted> from_spo_apparmor(const FormInput& input) {
  const ObjectReader objects(input.source);
  TRY_ASSIGN(const json::Value* spec, objects.object(input.object, "spec", ""));
  if (spec == nullptr) {
    return objects.error("", "needs \"spec\"");
  }
  TRY_ASSIGN(const json::Value* abstract, objects.object(*spec, "abstract", "/spec"));
  if (abstract != nullptr) {
    return from_abstract(input, *spec, *abstract);
  }
  TRY_ASSIGN(const std::string text, objects.text(*spec, "policy", "/spec"));
  if (text.empty()) {
    return objects.error("/spec", "needs \"abstract\" or \"policy\"");
  }
  return from_text(input, text);
}

Result<Converted> to_spo_apparmor(const Document& merged, const WriteOptions& /*options*/) {
  json::Value abstract;
  const std::vector<std::string> execute = trees_or_all(merged, Field::kFilesExecute);
  abstract.set("executable", json::Value().set("allowedExecutables", patterns(execute)));
  abstract.set("filesystem", filesystem(merged)).set("network", network(merged));
  abstract.set("capability", json::Value().set("allowedCapabilities", capabilities(merged)));
  json::Value spec;
  spec.set("abstract", std::move(abstract));
  if (merged.level(Field::kMode) == 1) {
    spec.set("complainMode", true);
  }
  json::Value object;
  object.set("apiVersion", concat(kSpoGroup, "/v1alpha1")).set("kind", kAppArmorKind);
  object.set("metadata", json::Value().set("name", merged.name)).set("spec", std::move(spec));
  return Converted{document_text(object), notes_of(merged)};
}

}  // namespace redoubt::policy
