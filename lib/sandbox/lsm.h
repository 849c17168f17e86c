// Facts about SELinux and AppArmor: active or not, labels that make sense, the label that a process
// really has. Applying a label is init's work (a write below attr/exec); this side decides
// beforehand whether it can work, because a label that silently does not apply is an unconfined
// container, and checks afterwards.
#ifndef REDOUBT_SANDBOX_LSM_H_
#define REDOUBT_SANDBOX_LSM_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace redoubt::sandbox {

bool selinux_enabled();
bool apparmor_enabled();

// Ok for an empty label. Otherwise SELinux must be on and the running policy must know the label.
Status check_selinux_label(const std::string& label, const std::string& field);

// Ok for an empty name. Otherwise AppArmor must be on and the profile loaded, as far as the caller
// may see (the list is readable for root only); "unconfined" is always known.
Status check_apparmor_profile(const std::string& profile, const std::string& field);

// "docker-default (enforce)" -> {"docker-default", "enforce"}; "unconfined" -> {"unconfined", ""}.
struct AppArmorLabel {
  std::string profile, mode;
};
AppArmorLabel parse_apparmor_label(std::string_view text);

enum class Lsm { kSelinux, kAppArmor };

// The label in /proc/PID/attr, without newline or NUL. `attribute`: "current" or "exec".
// `procfs_fd` comes from open_private_procfs().
Result<std::string> read_process_label(int procfs_fd,
                                       pid_t pid,
                                       Lsm lsm,
                                       const std::string& attribute = "current");

// Ok when the process has exactly this label (the AppArmor mode is not compared).
Status verify_process_label(int procfs_fd, pid_t pid, Lsm lsm, const std::string& expected);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_LSM_H_
