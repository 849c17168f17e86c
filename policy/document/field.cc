#include "policy/document/field.h"

#include <array>

namespace redoubt::policy {
namespace {

constexpr std::string_view kModes[] = {"off", "audit", "preferred", "required"};
constexpr std::string_view kIsolations[] = {"host", "vm"};
constexpr std::string_view kActions[] = {"allow", "audit", "deny"};
constexpr std::string_view kConflicts[] = {"clamp", "reject"};
constexpr std::string_view kAccelerators[] = {"tcg", "kvm"};
constexpr std::string_view kPrivileged[] = {"allow", "floor", "deny"};

constexpr FieldInfo surface(Field field,
                            std::string_view path,
                            std::string_view meaning,
                            std::string_view layer = "seccomp, bpf-lsm") {
  return {.field = field,
          .path = path,
          .type = FieldType::kLevel,
          .words = kActions,
          .meaning = meaning,
          .layer = layer};
}

constexpr FieldInfo kFields[] = {
    {.field = Field::kMode,
     .path = "mode",
     .type = FieldType::kLevel,
     .words = kModes,
     .meaning = "off: nothing is applied; audit: violations are logged, nothing is denied; "
                "preferred: what this host cannot enforce is left out and said; required: it is an "
                "error",
     .layer = "all"},
    {.field = Field::kIsolation,
     .path = "isolation",
     .type = FieldType::kLevel,
     .words = kIsolations,
     .meaning = "where the container runs: on the host's kernel or in a virtual machine of its own",
     .layer = "vm"},
    {.field = Field::kNoNewPrivileges,
     .path = "process.noNewPrivileges",
     .type = FieldType::kFlag,
     .meaning = "execve(2) grants nothing: set-user-ID programs and file capabilities have no "
                "effect",
     .layer = "no_new_privs"},
    {.field = Field::kNonRoot,
     .path = "process.nonRoot",
     .type = FieldType::kFlag,
     .meaning = "the user id 0 of the container is refused",
     .layer = "runtime"},
    {.field = Field::kReadonlyRoot,
     .path = "process.readonlyRoot",
     .type = FieldType::kFlag,
     .meaning = "the root file system is mounted read-only",
     .layer = "mount"},
    {.field = Field::kCapabilitiesAllow,
     .path = "capabilities.allow",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kCapability,
     .meaning = "the capabilities that a process may have at most, in every set",
     .layer = "bounding set"},
    {.field = Field::kCapabilitiesDeny,
     .path = "capabilities.deny",
     .type = FieldType::kDenied,
     .vocabulary = Vocabulary::kCapability,
     .meaning = "capabilities that no process may have",
     .layer = "bounding set"},
    {.field = Field::kSyscallsDefault,
     .path = "syscalls.default",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kSyscall,
     .meaning = "the system calls of a container whose config.json has no seccomp section; an "
                "explicit capability adds those that it is for",
     .layer = "seccomp"},
    {.field = Field::kSyscallsAllow,
     .path = "syscalls.allow",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kSyscall,
     .meaning = "the system calls that a container may use at most, whatever config.json says",
     .layer = "seccomp"},
    {.field = Field::kSyscallsDeny,
     .path = "syscalls.deny",
     .type = FieldType::kDenied,
     .vocabulary = Vocabulary::kSyscall,
     .meaning = "system calls that fail with EPERM",
     .layer = "seccomp"},
    {.field = Field::kForeignArchitectures,
     .path = "syscalls.foreignArchitectures",
     .type = FieldType::kLevel,
     .words = kActions,
     .meaning = "system calls by the tables of other architectures (32-bit programs)",
     .layer = "seccomp"},
    {.field = Field::kSyscallsReport,
     .path = "syscalls.report",
     .type = FieldType::kFlag,
     .meaning = "system calls that are refused are violations in the log of redoubt events --audit; "
                "the kernel writes them to its audit log, too",
     .layer = "seccomp, bpf"},
    surface(Field::kBpf, "kernel.bpf", "bpf(2): maps, programs, tokens"),
    surface(Field::kClock, "kernel.clock", "setting the clocks of the host"),
    surface(Field::kFileHandles,
            "kernel.fileHandles",
            "opening files by handle, which walks past every mount",
            "seccomp"),
    surface(Field::kFilelessExec,
            "kernel.filelessExec",
            "programs without a file (memfd), which no scan and no read-only root ever sees",
            "bpf-lsm"),
    surface(Field::kHostControl,
            "kernel.hostControl",
            "swap, quotas, accounting, host name of others, and calls that nothing uses any more"),
    surface(Field::kHostFiles,
            "kernel.hostFiles",
            "files that command or show the host's kernel, by any path: core_pattern and its like "
            "for writing; debugfs, tracefs, securityfs, configfs, efivarfs and bpffs at all",
            "bpf-lsm, mount"),
    surface(Field::kIoUring, "kernel.ioUring", "io_uring: system calls that no filter sees"),
    surface(Field::kKexec, "kernel.kexec", "starting another kernel, reboot"),
    surface(Field::kKeyrings, "kernel.keyrings", "the kernel's key rings, which know no namespace"),
    surface(Field::kModules, "kernel.modules", "loading and removing kernel modules"),
    surface(Field::kMounts, "kernel.mounts", "mounting, unmounting and changing the root"),
    surface(Field::kPerf, "kernel.perf", "performance counters of the whole kernel"),
    surface(Field::kPtrace,
            "kernel.ptrace",
            "ptrace(2) and reading or writing the memory of other processes"),
    surface(Field::kPtraceOutside,
            "kernel.ptraceOutside",
            "the same for processes that are not of the container, where it can see them",
            "bpf-lsm, pid namespace"),
    surface(Field::kRawIo, "kernel.rawIo", "I/O ports"),
    surface(Field::kSyslog, "kernel.syslog", "the kernel's log, with its addresses"),
    surface(Field::kTerminalInjection,
            "kernel.terminalInjection",
            "typing into the terminal that the container was given (TIOCSTI, TIOCLINUX)"),
    surface(Field::kUserNamespaces,
            "kernel.userNamespaces",
            "new user namespaces, the way to kernel code that is meant for root"),
    surface(Field::kUserfaultfd,
            "kernel.userfaultfd",
            "page faults answered by user space, which win races in the kernel"),
    {.field = Field::kNetworkFamilies,
     .path = "network.families",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kFamily,
     .meaning = "the address families that socket(2) may be called with",
     .layer = "seccomp, bpf-lsm"},
    {.field = Field::kNetworkConnect,
     .path = "network.connect",
     .type = FieldType::kEndpoints,
     .meaning = "where TCP and UDP may go; nothing else is reached, and no other sockets are made",
     .layer = "cgroup-bpf, landlock (TCP ports)"},
    {.field = Field::kNetworkBind,
     .path = "network.bind",
     .type = FieldType::kEndpoints,
     .meaning = "what TCP and UDP sockets may be bound to; no other sockets are made",
     .layer = "cgroup-bpf, landlock (TCP ports)"},
    {.field = Field::kFilesMasked,
     .path = "files.masked",
     .type = FieldType::kDenied,
     .vocabulary = Vocabulary::kPath,
     .meaning = "paths that show nothing",
     .layer = "mount"},
    {.field = Field::kFilesReadonly,
     .path = "files.readonly",
     .type = FieldType::kDenied,
     .vocabulary = Vocabulary::kPath,
     .meaning = "paths that are mounted read-only",
     .layer = "mount"},
    {.field = Field::kFilesRead,
     .path = "files.read",
     .type = FieldType::kPaths,
     .vocabulary = Vocabulary::kPath,
     .meaning = "the trees whose files may be read and whose directories may be listed",
     .layer = "landlock"},
    {.field = Field::kFilesList,
     .path = "files.list",
     .type = FieldType::kPaths,
     .vocabulary = Vocabulary::kPath,
     .meaning = "the trees whose directories may be listed, beside those of files.read: names are seen, files are not "
                "read; without files.read it has no effect",
     .layer = "landlock",
     .adds_to = Field::kFilesRead},
    {.field = Field::kFilesWrite,
     .path = "files.write",
     .type = FieldType::kPaths,
     .vocabulary = Vocabulary::kPath,
     .meaning = "the trees in which anything may be changed",
     .layer = "landlock"},
    {.field = Field::kFilesExecute,
     .path = "files.execute",
     .type = FieldType::kPaths,
     .vocabulary = Vocabulary::kPath,
     .meaning = "the trees whose files may be executed",
     .layer = "landlock"},
    {.field = Field::kFilesReport,
     .path = "files.report",
     .type = FieldType::kFlag,
     .meaning = "what the rules about files.read, files.write and files.execute refuse is a violation in the log of "
                "redoubt events --audit",
     .layer = "landlock, bpf"},
    {.field = Field::kDevicesAllow,
     .path = "devices.allow",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kPath,
     .meaning = "the devices that config.json may add to those that every container has",
     .layer = "runtime"},
    {.field = Field::kSysctls,
     .path = "sysctls",
     .type = FieldType::kTexts,
     .vocabulary = Vocabulary::kSysctl,
     .meaning = "namespaced kernel parameters, set before the program starts",
     .layer = "sysctl"},
    {.field = Field::kRlimits,
     .path = "limits.rlimits",
     .type = FieldType::kNumbers,
     .vocabulary = Vocabulary::kRlimit,
     .meaning = "upper bounds of resource limits, hard and soft",
     .layer = "rlimit"},
    {.field = Field::kPidsLimit,
     .path = "limits.pids",
     .type = FieldType::kNumber,
     .meaning = "the number of processes and threads",
     .layer = "cgroup"},
    {.field = Field::kSelinuxType,
     .path = "selinux.type",
     .type = FieldType::kText,
     .meaning = "the SELinux type of the process when config.json has no label, with a pair of "
                "categories that no other container has",
     .layer = "selinux"},
    {.field = Field::kApparmorProfile,
     .path = "apparmor.profile",
     .type = FieldType::kText,
     .meaning = "the AppArmor profile when config.json names none",
     .layer = "apparmor"},
    {.field = Field::kLandlockScopes,
     .path = "landlock.scopes",
     .type = FieldType::kDenied,
     .vocabulary = Vocabulary::kScope,
     .meaning = "what must not reach processes outside of the container",
     .layer = "landlock"},
    {.field = Field::kNodeDefaultProfile,
     .path = "node.defaultProfile",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kProfile,
     .scope = Scope::kNodeOnly,
     .meaning = "the profile of a container that names none",
     .layer = "policy"},
    {.field = Field::kNodeAllowedProfiles,
     .path = "node.allowedProfiles",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kProfile,
     .scope = Scope::kNodeOnly,
     .meaning = "profiles that an annotation may put in place of the default one, even wider ones",
     .layer = "policy"},
    {.field = Field::kNodeOnConflict,
     .path = "node.onConflict",
     .type = FieldType::kLevel,
     .words = kConflicts,
     .scope = Scope::kNodeOnly,
     .meaning = "an explicit request that policy forbids: clamp takes it away with a warning, "
                "reject refuses the container",
     .layer = "policy"},
    {.field = Field::kNodePrivileged,
     .path = "node.privileged",
     .type = FieldType::kLevel,
     .words = kPrivileged,
     .scope = Scope::kNodeOnly,
     .meaning = "privileged containers: allow them as they are, keep them under the node's own "
                "rules (floor), or refuse them",
     .layer = "policy"},
    {.field = Field::kNodeSignedBy,
     .path = "node.signedBy",
     .type = FieldType::kAllowed,
     .vocabulary = Vocabulary::kPublicKey,
     .scope = Scope::kNodeOnly,
     .meaning = "the public keys, one of which must have signed each profile that comes from a file; "
                "without a key in the list, only built-in profiles are taken",
     .layer = "policy"},
    {.field = Field::kNodeRecordings,
     .path = "node.recordings",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kPath,
     .scope = Scope::kNodeOnly,
     .meaning = "the directory for recordings that the annotation io.redoubt.record asks for; without it the "
                "annotation is refused",
     .layer = "policy"},
    {.field = Field::kVmAccelerator,
     .path = "vm.accelerator",
     .type = FieldType::kLevel,
     .words = kAccelerators,
     .scope = Scope::kNodeOnly,
     .meaning = "what runs the code of virtual machines: the processor (kvm, unless said otherwise), "
                "or an interpreter (tcg), which is slow and meant for tests",
     .layer = "vm"},
    {.field = Field::kVmImage,
     .path = "vm.image",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kPath,
     .scope = Scope::kNodeOnly,
     .meaning = "the directory with the guest's kernel and initial file system; "
                "/var/lib/redoubt/machine unless said otherwise",
     .layer = "vm"},
    {.field = Field::kVmImageDigest,
     .path = "vm.imageDigest",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kDigest,
     .scope = Scope::kNodeOnly,
     .meaning = "the digest of vm.image's image.json, which has those of its other files: no other "
                "image is started",
     .layer = "vm"},
    {.field = Field::kVmMaxMemory,
     .path = "vm.maxMemory",
     .type = FieldType::kNumber,
     .vocabulary = Vocabulary::kMemorySize,
     .scope = Scope::kNodeOnly,
     .meaning = "the memory that a virtual machine may have at most, such as 4Gi, whatever an annotation, the "
                "container's limit or its pod asks for",
     .layer = "vm"},
    {.field = Field::kVmMaxVcpus,
     .path = "vm.maxVcpus",
     .type = FieldType::kNumber,
     .scope = Scope::kNodeOnly,
     .meaning = "the processors that a virtual machine may have at most, whatever an annotation or the container's "
                "CPU quota asks for",
     .layer = "vm"},
    {.field = Field::kVmMonitor,
     .path = "vm.monitor",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kPath,
     .scope = Scope::kNodeOnly,
     .meaning = "the program redoubt-vm; that of the installation unless said otherwise",
     .layer = "vm"},
    {.field = Field::kVmVmm,
     .path = "vm.vmm",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kPath,
     .scope = Scope::kNodeOnly,
     .meaning = "the program that runs the machine; /usr/bin/qemu-system-x86_64 unless said otherwise",
     .layer = "vm"},
    {.field = Field::kVmVirtiofsd,
     .path = "vm.virtiofsd",
     .type = FieldType::kText,
     .vocabulary = Vocabulary::kPath,
     .scope = Scope::kNodeOnly,
     .meaning = "the program that serves the container's files to the machine; "
                "/usr/libexec/virtiofsd unless said otherwise",
     .layer = "vm"},
    {.field = Field::kVmWatchdog,
     .path = "vm.watchdog",
     .type = FieldType::kNumber,
     .scope = Scope::kNodeOnly,
     .meaning = "the seconds that a guest may take to come up or to answer before its machine is ended; "
                "60, or 300 with tcg, unless said otherwise",
     .layer = "vm"},
};
static_assert(std::size(kFields) == kFieldCount);

constexpr bool in_order() {
  for (size_t i = 0; i < kFieldCount; ++i) {
    if (static_cast<size_t>(kFields[i].field) != i) {
      return false;
    }
  }
  return true;
}
static_assert(in_order(), "kFields must stand in the order of enum Field");

}  // namespace

std::span<const FieldInfo> field_table() {
  return kFields;
}

const FieldInfo& info_of(Field field) {
  return kFields[static_cast<size_t>(field)];
}

std::optional<Field> find_field(std::string_view path) {
  for (const FieldInfo& info : kFields) {
    if (info.path == path) {
      return info.field;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> find_level(const FieldInfo& info, std::string_view word) {
  for (uint32_t i = 0; i < info.words.size(); ++i) {
    if (info.words[i] == word) {
      return i;
    }
  }
  return std::nullopt;
}

std::string_view polarity_of(FieldType type) {
  switch (type) {
    case FieldType::kFlag:
      return "true wins";
    case FieldType::kLevel:
      return "the later word wins";
    case FieldType::kAllowed:
      return "intersection";
    case FieldType::kDenied:
      return "union";
    case FieldType::kPaths:
    case FieldType::kEndpoints:
      return "what lies in both";
    case FieldType::kNumber:
    case FieldType::kNumbers:
      return "the smaller wins";
    case FieldType::kText:
    case FieldType::kTexts:
      return "must agree";
  }
  return "";
}

}  // namespace redoubt::policy
