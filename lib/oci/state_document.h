// The state of a container as JSON: what `state` and `list` print and what hooks read on their
// standard input (runtime.md, "State").
//
// Member names and order are runc's. ociVersion is always the version that this runtime speaks, not
// that of config.json.
#ifndef REDOUBT_OCI_STATE_DOCUMENT_H_
#define REDOUBT_OCI_STATE_DOCUMENT_H_

#include <sys/types.h>

#include <string>

#include "base/json.h"
#include "oci/spec.h"

namespace redoubt::oci {

// The version of the runtime specification that documents of ours carry.
inline constexpr const char* kOciVersion = "1.3.0";

struct StateDocument {
  std::string id{};
  pid_t pid = 0;  // 0 when stopped
  std::string status{};
  std::string bundle{};
  std::string rootfs{};
  std::string created{};  // RFC3339Nano, UTC
  std::string reason{};   // why it stopped, when that was no end of its own; empty: left out
  std::string recording{};  // how far a recording of it is; empty: left out
  Annotations annotations{};
  std::string owner{};  // empty in `state`, a user name in `list`
};

json::Value state_document(const StateDocument& state);

struct HookState {
  std::string id{};
  std::string status{};
  pid_t pid = 0;
  std::string bundle{};
  Annotations annotations{};
};

// What hooks and seccomp agents get: no paths but the bundle's, no pid when there is none.
json::Value hook_state_document(const HookState& state);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_STATE_DOCUMENT_H_
