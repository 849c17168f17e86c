#include "runc-compat/launch/failure_text.h"

#include <errno.h>

#include <algorithm>

#include "base/str.h"

namespace redoubt::launch {
namespace {

using init::InitStep;

constexpr std::string_view kBreakout =
    "current working directory is outside of container mount namespace root -- possible container "
    "breakout detected";

std::string_view step_words(InitStep step) {
  switch (step) {
    case InitStep::kJoinNamespaces:
    case InitStep::kMadeNamespaces:
      return "join namespace";
    case InitStep::kTimeOffsets:
      return "linux.timeOffsets";
    case InitStep::kCloneInit:
      return "create namespaces";
    case InitStep::kBecomeRoot:
      return "linux.uidMappings and gidMappings must map id 0";
    case InitStep::kSession:
      return "new session";
    case InitStep::kKeyring:
      return "session keyring";
    case InitStep::kLoopback:
      return "bring up";
    case InitStep::kIpcNamespace:
      return "ipc namespace";
    case InitStep::kCgroupNamespace:
      return "cgroup namespace";
    case InitStep::kRootfsPropagation:
      return "prepare rootfs";
    case InitStep::kRootfsBind:
      return "root.path";
    case InitStep::kDevices:
      return "create device";
    case InitStep::kMaskPaths:
      return "linux.maskedPaths";
    case InitStep::kReadonlyPaths:
      return "linux.readonlyPaths";
    case InitStep::kReadonlyRoot:
      return "root.readonly";
    case InitStep::kPivot:
      return "enter rootfs";
    case InitStep::kConsole:
      return "set up console";
    case InitStep::kHostname:
      return "hostname";
    case InitStep::kSysctl:
      return "linux.sysctl";
    case InitStep::kScheduling:
      return "set";
    case InitStep::kLabel:
      return "unable to apply label";
    case InitStep::kLandlock:
      return "unable to apply Landlock";
    case InitStep::kSeccompEarly:
    case InitStep::kSeccompLate:
      return "unable to load the filter";
    case InitStep::kIdentity:
      return "unable to set process.user";
    case InitStep::kCapabilities:
      return "unable to apply caps";
    case InitStep::kAwaitStart:
      return "wait for start";
    default:
      return "init";
  }
}

// "destination\nwhat" as make_mounts reports it.
struct MountFailure {
  std::string destination, what;
};

MountFailure parse_mount_failure(std::string_view item) {
  const size_t cut = item.find('\n');
  if (cut == std::string_view::npos) {
    return {std::string(item), ""};
  }
  return {std::string(item.substr(0, cut)), std::string(item.substr(cut + 1))};
}

const plan::Mount* find_mount(const plan::Plan& plan, const std::string& destination) {
  for (const plan::Mount& mount : plan.mounts) {
    if (mount.destination == destination) {
      return &mount;
    }
  }
  return nullptr;
}

std::string mount_text(const init::SyncMessage& message, const plan::Plan& plan) {
  const MountFailure failure = parse_mount_failure(message.item);
  const plan::Mount* mount = find_mount(plan, failure.destination);
  if (failure.what == "must be mounted on ordinary directory") {
    return concat("filesystem ",
                  quote(mount == nullptr ? "" : mount->fs_type),
                  " must be mounted on ordinary directory");
  }
  std::string text =
      concat("error mounting ",
             quote(mount == nullptr ? "" : mount->source),
             " to rootfs at ",
             quote(failure.destination),
             mount == nullptr ? std::string() : concat(" (mounts[", mount->spec_index, "])"),
             ": ");
  if (failure.what == "inside /proc") {
    return concat(text, failure.destination, " cannot be mounted because it is inside /proc");
  }
  if (failure.what == "the container's root") {
    return concat(text, "the destination is the container's root");
  }
  return concat(text, failure.what, ": ", errno_text(message.err));
}

std::string lookup_text(const init::SyncMessage& message) {
  const std::string name = message.item;
  const bool has_slash = name.find('/') != std::string::npos;
  if (!has_slash && message.err == ENOENT) {
    return concat("exec: ", quote(name), ": executable file not found in $PATH");
  }
  if (has_slash && message.err != EACCES && message.err != EISDIR) {
    return concat("exec: ", quote(name), ": stat ", name, ": ", errno_text(message.err));
  }
  return concat("exec: ", quote(name), ": ", errno_text(message.err));
}

// As runc: the kernel keeps SCHED_DEADLINE and a cpuset apart with a bare EPERM.
bool is_scheduler_in_cpuset(const init::SyncMessage& message, const plan::Plan& plan) {
  if (message.step != init::InitStep::kScheduling || message.err != EPERM ||
      std::string_view(message.item) != "scheduler") {
    return false;
  }
  return std::any_of(plan.cgroup.writes.begin(),
                     plan.cgroup.writes.end(),
                     [](const plan::CgroupWrite& write) { return write.file == "cpuset.cpus"; });
}

}  // namespace

Error failure_error(const init::SyncMessage& message, const plan::Plan& plan) {
  constexpr std::string_view kInit = "error during container init: ";
  std::string text;
  const bool is_cwd = message.step == InitStep::kChdir ||
                      (message.step == InitStep::kLookup && message.item == plan.process.cwd);
  if (is_cwd && message.err == EXDEV) {
    text = concat(kInit, "process.cwd ", quote(message.item), ": ", kBreakout);
  } else if (is_cwd) {
    text = concat(kInit,
                  "chdir to cwd (",
                  quote(message.item),
                  ") set in config.json failed: ",
                  errno_text(message.err));
  } else if (message.step == InitStep::kLookup) {
    text = lookup_text(message);
  } else if (message.step == InitStep::kMounts || message.step == InitStep::kReadonlyRoot) {
    text = concat(kInit, mount_text(message, plan));
  } else if (is_scheduler_in_cpuset(message, plan)) {
    text = concat(kInit,
                  "process.scheduler: process scheduler can't be used together with AllowedCPUs "
                  "(linux.resources.cpu.cpus)");
  } else {
    const MountFailure object = parse_mount_failure(message.item);
    text = concat(kInit, step_words(message.step), ": ", object.destination, ": ");
    if (!object.what.empty()) {
      text += concat(object.what, ": ");
    }
    text += errno_text(message.err);
  }
  return {ErrorKind::kSystem, text, message.err};
}

}  // namespace redoubt::launch
