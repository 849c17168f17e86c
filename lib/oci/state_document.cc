#include "oci/state_document.h"

namespace redoubt::oci {
namespace {

// Absent when empty, as runc has it; the map is sorted, as Go writes maps.
void add_annotations(const Annotations& annotations, json::Value& out) {
  if (annotations.empty()) {
    return;
  }
  json::Value members{json::Object()};
  for (const auto& [key, value] : annotations) {
    members.set(key, value);
  }
  out.set("annotations", std::move(members));
}

}  // namespace

json::Value state_document(const StateDocument& state) {
  json::Value out;
  out.set("ociVersion", kOciVersion);
  out.set("id", state.id);
  out.set("pid", state.pid);
  out.set("status", state.status);
  out.set("bundle", state.bundle);
  out.set("rootfs", state.rootfs);
  out.set("created", state.created);
  if (!state.reason.empty()) {
    out.set("reason", state.reason);
  }
  if (!state.recording.empty()) {
    out.set("recording", state.recording);
  }
  add_annotations(state.annotations, out);
  out.set("owner", state.owner);
  return out;
}

json::Value hook_state_document(const HookState& state) {
  json::Value out;
  out.set("ociVersion", kOciVersion);
  out.set("id", state.id);
  out.set("status", state.status);
  if (state.pid != 0) {
    out.set("pid", state.pid);
  }
  out.set("bundle", state.bundle);
  add_annotations(state.annotations, out);
  return out;
}

}  // namespace redoubt::oci
