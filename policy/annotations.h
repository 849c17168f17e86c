// The annotations io.redoubt.*: how a pod author asks for more protection than the node gives.
//
//   io.redoubt.profile    name of a profile
//   io.redoubt.mode       audit, preferred, required
//   io.redoubt.isolation  host, vm
//   io.redoubt.policy     rules as inline JSON, at most 16 KiB
//   io.redoubt.record     name of a recording of what the container does, where the node keeps them
//   io.redoubt.container.NAME.KEY  the same five for one container of a pod
//
// An unknown key below io.redoubt. is an error: a typo never means "no policy".
#ifndef REDOUBT_POLICY_ANNOTATIONS_H_
#define REDOUBT_POLICY_ANNOTATIONS_H_

#include <map>
#include <string>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

// Of a virtual machine, whoever asks for them.
inline constexpr uint32_t kMaxVcpus = 1024;

struct AnnotationPolicy {
  std::string profile;         // empty: none named
  std::string profile_source;  // "annotation io.redoubt.profile"
  std::string recording;       // name; empty: not asked for
  Document document;           // mode, isolation and inline rules, all hard
  bool any = false;            // anything at all was asked
};

Result<AnnotationPolicy> read_annotations(const std::map<std::string, std::string>& annotations);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_ANNOTATIONS_H_
