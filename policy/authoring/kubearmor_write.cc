// To KubeArmorPolicy. A tree is a path and a directory, for a profile does not say which of them it is.
#include "base/str.h"
#include "policy/authoring/kubearmor.h"
#include "policy/authoring/protocols.h"
#include "policy/document/merge.h"

namespace redoubt::policy {
namespace {

constexpr const char* kAllowAction = "Allow";
constexpr const char* kBlockAction = "Block";
constexpr std::string_view kNoRule = "an empty list is not carried over: no rule would be left to make it one";
constexpr std::string_view kNoReading = "is not carried over: without a rule about reading, every directory may be listed";

struct Matches {
  json::Value paths{json::Array()}, directories{json::Array()};

  void add(const std::string& tree, const char* action, bool readonly) {
    if (tree != "/") {
      paths.push(item("path", tree, action, readonly));
    }
    json::Value directory = item("dir", tree == "/" ? tree : tree + "/", action, readonly);
    directories.push(std::move(directory.set("recursive", true)));
  }

  bool empty() const { return directories.as_array().empty(); }

  json::Value section() && {
    json::Value out{json::Object()};
    if (!paths.as_array().empty()) {
      out.set("matchPaths", std::move(paths));
    }
    if (!directories.as_array().empty()) {
      out.set("matchDirectories", std::move(directories));
    }
    return out;
  }

 private:
  static json::Value item(std::string_view key, const std::string& path, const char* action, bool readonly) {
    json::Value out;
    out.set(key, path);
    if (readonly) {
      out.set("readOnly", true);
    }
    return out.set("action", action);
  }
};

struct KubeArmorWriter {
  const Document& merged;
  json::Value spec;
  std::vector<Note> notes;

  void note(Effect effect, Field field, std::string_view what) {
    const std::string path(info_of(field).path);
    notes.push_back({effect, place_of(merged.rule_of(field)), concat(path, ": ", what), path});
  }
};

// What may be read and written is one list there: only what is in both of ours may be written.
void allow_files(KubeArmorWriter& w, Matches& matches) {
  const FieldValue& read = w.merged[Field::kFilesRead];
  const FieldValue& write = w.merged[Field::kFilesWrite];
  Document readable, writable;
  readable[Field::kFilesWrite] = read;
  writable[Field::kFilesWrite] = write;
  const Document both = meet(readable, writable);
  for (const std::string& tree : trees_or_all(w.merged, Field::kFilesRead)) {
    if (find_entry(both[Field::kFilesWrite], tree) == nullptr) {
      matches.add(tree, kAllowAction, true);
    }
  }
  for (const std::string& tree : keys_of(both, Field::kFilesWrite)) {
    matches.add(tree, kAllowAction, false);
  }
  const bool loses = write.present ? !same_value(info_of(Field::kFilesWrite), both[Field::kFilesWrite], write) : find_entry(read, "/") == nullptr;
  if (loses && read.present) {
    w.note(Effect::kTighter, Field::kFilesRead, "what may not be read may not be written either");
  }
}

void write_files(KubeArmorWriter& w) {
  Matches matches;
  if (w.merged[Field::kFilesRead].present || w.merged[Field::kFilesWrite].present) {
    allow_files(w, matches);
  }
  for (const Field field : {Field::kFilesRead, Field::kFilesList, Field::kFilesWrite}) {
    if (matches.empty() && w.merged[field].present) {
      w.note(Effect::kWider, field, field == Field::kFilesList ? kNoReading : kNoRule);
    }
  }
  if (!matches.empty() && !lists_of(w.merged).empty()) {
    w.note(Effect::kTighter, Field::kFilesList, "is not carried over: who may list a directory there may read what lies in it");
  }
  for (const std::string& tree : keys_of(w.merged, Field::kFilesMasked)) {
    matches.add(tree, kBlockAction, false);
  }
  for (const std::string& tree : keys_of(w.merged, Field::kFilesReadonly)) {
    matches.add(tree, kBlockAction, true);
  }
  json::Value section = std::move(matches).section();
  if (!section.as_object().empty()) {
    w.spec.set("file", std::move(section));
  }
}

void write_programs(KubeArmorWriter& w) {
  if (!w.merged[Field::kFilesExecute].present) {
    return;
  }
  if (w.merged[Field::kFilesExecute].entries.empty()) {
    w.note(Effect::kWider, Field::kFilesExecute, kNoRule);
    return;
  }
  Matches matches;
  for (const std::string& tree : keys_of(w.merged, Field::kFilesExecute)) {
    matches.add(tree, kAllowAction, false);
  }
  w.spec.set("process", std::move(matches).section());
}

void add_capability(json::Value& list, const std::string& name, const char* action) {
  list.push(json::Value().set("capability", to_lower(name.substr(4))).set("action", action));
}

void write_capabilities(KubeArmorWriter& w) {
  json::Value list{json::Array()};
  const FieldValue& denied = w.merged[Field::kCapabilitiesDeny];
  for (const std::string& name : keys_of(w.merged, Field::kCapabilitiesAllow)) {
    if (find_entry(denied, name) == nullptr) {
      add_capability(list, name, kAllowAction);
    }
  }
  if (w.merged[Field::kCapabilitiesAllow].present && list.as_array().empty()) {
    w.note(Effect::kWider, Field::kCapabilitiesAllow, kNoRule);
  }
  for (const std::string& name : keys_of(w.merged, Field::kCapabilitiesDeny)) {
    add_capability(list, name, kBlockAction);
  }
  if (!list.as_array().empty()) {
    w.spec.set("capabilities", json::Value().set("matchCapabilities", std::move(list)));
  }
}

void write_network(KubeArmorWriter& w) {
  if (!restricts_endpoints(w.merged)) {
    return;
  }
  json::Value list{json::Array()};
  for (const bool udp : {false, true}) {
    if (lets_through(w.merged, udp)) {
      list.push(json::Value().set("protocol", udp ? "udp" : "tcp").set("action", kAllowAction));
    }
  }
  if (list.as_array().empty()) {
    list.push(json::Value().set("protocol", "all").set("action", kBlockAction));
  }
  w.spec.set("network", json::Value().set("matchProtocols", std::move(list)));
  note_endpoints(w.merged, w.notes);
}

}  // namespace

Result<Converted> to_kubearmor(const Document& merged, const WriteOptions& /*options*/) {
  KubeArmorWriter w{merged, json::Value(json::Object()), {}};
  write_programs(w);
  write_files(w);
  write_network(w);
  write_capabilities(w);
  if (w.spec.as_object().empty()) {
    return Error::invalid(concat("profile ", quote(merged.name), ": says nothing of files, programs, the network or capabilities that a KubeArmorPolicy could"));
  }
  json::Value spec;
  spec.set("selector", json::Value().set("matchLabels", json::Value().set("app", merged.name)));
  for (json::Member& member : w.spec.as_object()) {
    spec.set(member.key, std::move(member.value));
  }
  spec.set("action", kBlockAction);
  json::Value object;
  object.set("apiVersion", concat(kKubeArmorGroup, "/v1")).set("kind", "KubeArmorPolicy");
  object.set("metadata", json::Value().set("name", merged.name)).set("spec", std::move(spec));
  std::vector<Note> notes = notes_of_others(merged, {Field::kMode, Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute, Field::kFilesMasked,
                                                     Field::kFilesReadonly, Field::kNetworkConnect, Field::kNetworkBind,
                                                     Field::kCapabilitiesAllow, Field::kCapabilitiesDeny});
  if (merged.level(Field::kMode) == 1) {
    notes.push_back({Effect::kTighter, place_of(merged.rule_of(Field::kMode)), "mode: audit is not carried over: it is enforced", "mode"});
  }
  notes.push_back({Effect::kOther, "/spec/selector", concat("is for pods with the label app: ", merged.name, "; set those that it is for"), ""});
  notes.insert(notes.end(), w.notes.begin(), w.notes.end());
  return Converted{document_text(object), std::move(notes)};
}

}  // namespace redoubt::policy
