// The verdict on isolation: whether a container runs in a virtual machine of its own, in which one,
// and what such a container cannot have. One way only: documents meet, so an annotation can demand a
// machine and never refuse one (document/merge.h).
#ifndef REDOUBT_POLICY_ESCALATE_H_
#define REDOUBT_POLICY_ESCALATE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/spec.h"
#include "plan/machine.h"
#include "policy/effective.h"

namespace redoubt::policy {

// The name of the layer in the record of a container that has a machine.
inline constexpr std::string_view kMachineLayer = "vm";

// Whether a container under this policy may need a machine, so that HostFacts::machine_lack counts.
bool demands_machine(const Effective& policy);

// The programs and the image of the node's machines; sizes are the container's and not set.
plan::Machine node_machine(const Document& policy);

// What a machine has to keep to, beside what it is made of.
struct MachineRules {
  std::string image_digest;  // "sha256:..." of image.json; empty: whatever it is
  uint64_t watchdog = 0;     // seconds that the guest may be silent
};

MachineRules machine_rules(const Document& policy);

// Whether a machine that runs has room for these limits of memory: it keeps the size that it was made with.
Status check_fits_machine(const oci::Resources& resources, const plan::Machine& machine);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_ESCALATE_H_
