// Jail: what redoubt-vm and its children give up. The namespaces, the empty root and no_new_privs are the
// outer Plan's (host/outer_plan.cc); here is what differs between the processes, in the order of their
// lives: each calls these on itself, VMM and virtiofsd between fork and execve.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_JAIL_H_
#define REDOUBT_ESCALATE_VM_MONITOR_JAIL_H_

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"

namespace redoubt::vm {

// What virtiofsd acts with on files, as whoever the guest says; and to chroot and to clean up itself.
extern const uint64_t kFileServerCapabilities;
// VMM until it is another user.
extern const uint64_t kUserCapabilities;
// redoubt-vm until the container is started: joins interfaces and taps.
extern const uint64_t kNetworkCapabilities;

// Keeps no other capability than these; without CAP_SETPCAP among them, execve(2) gives none at all any
// more. May be called again with fewer.
Status keep_capabilities(uint64_t kept);

// Another user without groups; the kernel drops the capabilities with it.
Status become_user(uid_t user);

// No core files, which would hold the guest's memory.
Status forbid_core_files();
// memory: of the guest, the one file that VMM makes.
Status limit_vmm(uint64_t memory);
// As many open files as the engine's hard limit has: virtiofsd holds one for each that the guest knows.
Status raise_open_files();

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_JAIL_H_
