// The hardening passes: policy::Document to the Plan that the passes above have made from
// config.json. They only take away, and write down what they decide (plan/hardening.h).
#ifndef REDOUBT_POLICY_HARDEN_H_
#define REDOUBT_POLICY_HARDEN_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/spec.h"
#include "plan/host_facts.h"
#include "plan/plan.h"
#include "policy/document/document.h"

namespace redoubt::policy {

// Levels of Field::kMode.
inline constexpr uint32_t kModeOff = 0;
inline constexpr uint32_t kModeAudit = 1;
inline constexpr uint32_t kModePreferred = 2;
inline constexpr uint32_t kModeRequired = 3;

// Instead of a lack: of a container in a machine nothing is known here of the kernel that confines it.
inline constexpr char kGuestDecides[] = "the guest's kernel decides";
// Instead of why there is none, which is long and stands with the layer.
inline constexpr char kNoBpfLsm[] = "no BPF LSM: see layer bpf-lsm";

struct Hardener {
  const oci::Spec& spec;
  const plan::HostFacts& host;
  const Document& policy;
  plan::Plan& plan;
  uint32_t mode = kModePreferred;
  bool by_guest = false;  // the container's kernel is that of its machine, where the same passes run on its own facts

  bool audits() const { return mode == kModeAudit; }
  bool has(Field field) const { return policy[field].present; }
  std::string source_of(Field field) const { return place_of(policy.rule_of(field)); }

  // Records what was decided about a field.
  void decide(Field field, std::string value, std::string backend, std::string degradation = {});
  // The same for a control that this host cannot enforce: an error with mode "required". Of a container in a machine only the guest can say.
  Status degrade(Field field, std::string backend, std::string lack);
  // The same for want of BPF LSM: the error says why there is none, the decision where that is said.
  Status degrade_lsm(Field field, std::string_view before = {});
  // The error alone.
  Status require(Field field, std::string_view lack) const;
  // Of a container in a machine, a layer that is not there here is the guest's to have.
  void layer(std::string name, std::string level, std::string reason = {});
};

// What both a container's first process and that of exec get.
Status harden_process(Hardener& hardener, plan::Process& process);

Status harden_isolation(Hardener& hardener);
Status harden_capabilities(Hardener& hardener, plan::Process& process);
Status harden_labels(Hardener& hardener, plan::Process& process);
Status harden_limits(Hardener& hardener, plan::Process& process);
Status harden_seccomp(Hardener& hardener);
Status harden_lsm(Hardener& hardener);
Status harden_files(Hardener& hardener);
Status harden_devices(Hardener& hardener);
Status harden_landlock(Hardener& hardener);
Status harden_network(Hardener& hardener);
Status harden_reports(Hardener& hardener);

// Whether the document has files.report, a rule about files that Landlock holds, and a mode that applies it.
bool wants_file_reports(const Document& policy);
// The fields that Landlock holds of files: a refusal is laid to the first that would have to allow it.
std::span<const Field> landlock_fields();
// The rights (LANDLOCK_ACCESS_FS_*, of the newest ABI that is known here) that such a field gives out.
uint64_t landlock_access_of(Field field);

// Every capability that this host has, and no seccomp section: what engines write for a privileged
// container.
bool is_privileged(const oci::Spec& spec, const plan::Plan& plan, const plan::HostFacts& host);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_HARDEN_H_
