// The conversation between the launching parent and redoubt-init over one SOCK_SEQPACKET pair: one
// message a packet, fixed size. End of file on either side means that the other one died: init
// exits, the parent reports and rolls back.
#ifndef REDOUBT_INIT_PROTOCOL_H_
#define REDOUBT_INIT_PROTOCOL_H_

#include <stdint.h>

namespace redoubt::init {

// redoubt-init's second argument where kProceed is awaited before its first step; otherwise the one at kReady is all.
inline constexpr char kAwaitsParent[] = "wait";

enum class SyncWord : uint32_t {
  // init -> parent
  kInitPid,  // from the joiner: value = pid of the real init, as the parent's pid namespace counts
  kMountsReady,  // before pivot; the parent runs prestart and createRuntime hooks and answers
                 // kProceed
  kConsole,      // SCM_RIGHTS: the pty master; item = its name. The parent answers kProceed
  kReady,       // set up but for confinement; the parent sets rlimits, writes the state and answers
                // kProceed. Not sent where the parent did so early (InitProgram::reports_ready)
  kListener,    // value = number of the seccomp notify descriptor in init; answered with kProceed
  kDone,        // confined; only exec.fifo (create) and execve are left. init closes its end
  kFailed,      // step, err, item: what failed; init exits with 255
  kDebug,       // with --debug: step begins
  kAmbientRefused,  // item = mask of the ambient capabilities that could not be raised (decimal);
                    // err = why the last of them
  kHookOutput,  // item = the end of the stdout of the hook that kHookFailed is about to name
  kHookFailed,  // value = index, err = wait status or -1 (timeout); item = the end of the hook's
                // stderr; step tells the kind
  kMachineFailed,  // item = why; from redoubt-vm, which speaks for init once it is executed
  kMemoryLimit,    // from redoubt-vm: memory.max of its cgroup is wanted; answered with kProceed, SCM_RIGHTS when
                   // there is one
  // parent -> init
  kProceed,  // value = init's pid in the parent's pid namespace
};

// What init was doing. Also the index of the step table (child/steps.cc) and, in words, part of the
// message.
enum class InitStep : uint32_t {
  kStart,
  kJoinNamespaces,
  kTimeOffsets,
  kCloneInit,
  kAwaitParent,
  kBecomeRoot,
  kIpcNamespace,
  kMadeNamespaces,
  kSession,
  kKeyring,
  kLoopback,
  kCgroupNamespace,
  kRootfsPropagation,
  kRootfsBind,
  kMounts,
  kDevices,
  kRuntimeHooks,
  kCreateContainerHooks,
  kWorkingDirectory,
  kMaskPaths,
  kReadonlyPaths,
  kReadonlyRoot,
  kPivot,
  kConsole,
  kHostname,
  kSysctl,
  kReady,
  kScheduling,
  kStdio,
  kLabel,
  kNoNewPrivileges,
  kLandlock,
  kSeccompEarly,
  kIdentity,
  kCapabilities,
  kChdir,
  kHome,
  kLookup,
  kSeccompLate,
  kDone,
  kAwaitStart,
  kStartContainerHooks,
  kExecve,
  kCount,
};

inline constexpr uint32_t kItemSize = 480;

struct SyncMessage {
  SyncWord word;
  InitStep step;
  int32_t err;  // errno of kFailed
  int32_t value;
  char item[kItemSize];  // NUL-terminated: the object (mount destination, path, label ...)
};

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_PROTOCOL_H_
