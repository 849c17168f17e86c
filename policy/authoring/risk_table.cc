// The risks, how bad they are and what they mean to the host and its neighbours.
#include <algorithm>

#include "policy/authoring/risk.h"
#include "policy/dangers.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

using enum RiskSeverity;

constexpr std::string_view kPersistence[] = {
    "/etc/cron.d",    "/etc/crontab",   "/etc/init.d",  "/etc/ld.so.conf.d", "/etc/ld.so.preload", "/etc/pam.d",
    "/etc/profile.d", "/etc/rc.local", "/etc/sudoers", "/etc/sudoers.d",    "/etc/systemd",       "/var/spool/cron"};
constexpr std::string_view kAccounts[] = {"/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/root/.ssh"};
constexpr std::string_view kKernelFiles[] = {"/proc/sys", "/proc/sysrq-trigger", "/sys"};
constexpr std::string_view kStrongCapabilities[] = {
    "CAP_AUDIT_CONTROL", "CAP_CHECKPOINT_RESTORE", "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE",
    "CAP_NET_ADMIN",     "CAP_PERFMON",            "CAP_SETFCAP",         "CAP_SYSLOG",    "CAP_SYS_TIME"};
constexpr std::string_view kOwnerCapabilities[] = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD"};
// Docker, etcd, the API server and the kubelet.
constexpr uint16_t kControlPorts[] = {2375, 2376, 2379, 2380, 6443, 10250};

bool is_one_of(std::span<const std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool lies_in_one_of(std::span<const std::string_view> trees, std::string_view path) {
  return std::any_of(trees.begin(), trees.end(), [&](std::string_view tree) { return lies_in(tree, path); });
}

bool is_open(const Grant& grant) {
  return grant.kind == GrantKind::kOpen;
}

bool is_any(const Grant& /*grant*/) {
  return true;
}

template <bool (*Belongs)(std::string_view)>
bool names(const Grant& grant) {
  return grant.kind != GrantKind::kOpen && Belongs(grant.key);
}

template <const auto& List>
bool is_of(const Grant& grant) {
  return grant.kind == GrantKind::kEntry && is_one_of(List, grant.key);
}

template <const auto& List>
bool lies_in_list(const Grant& grant) {
  return grant.kind == GrantKind::kEntry && lies_in_one_of(List, grant.key);
}

bool is_root(const Grant& grant) {
  return grant.kind == GrantKind::kEntry && grant.key == "/";
}

bool is_configuration(const Grant& grant) {
  return grant.key == "/etc";
}

bool is_program(const Grant& grant) {
  constexpr std::string_view kTrees[] = {"/bin", "/lib", "/lib64", "/sbin", "/usr"};
  return grant.kind == GrantKind::kEntry && lies_in_one_of(kTrees, grant.key) && !lies_in("/usr/share", grant.key) &&
         !is_for_booting(grant.key);
}

bool is_open_or_root(const Grant& grant) {
  return is_open(grant) || is_root(grant);
}

std::optional<Endpoint> endpoint_of(const Grant& grant) {
  return grant.kind == GrantKind::kEntry ? parse_endpoint(grant.key) : std::nullopt;
}

bool is_egress_everywhere(const Grant& grant) {
  const auto endpoint = endpoint_of(grant);
  return is_open(grant) || (endpoint && is_everywhere(*endpoint));
}

bool is_egress_to_anybody(const Grant& grant) {
  const auto endpoint = endpoint_of(grant);
  return endpoint && is_any_address(*endpoint) && !is_every_port(*endpoint);
}

bool is_egress_to_metadata(const Grant& grant) {
  const auto endpoint = endpoint_of(grant);
  return endpoint && names_metadata(*endpoint);
}

bool is_egress_to_control(const Grant& grant) {
  const auto endpoint = endpoint_of(grant);
  return endpoint && !endpoint->udp && !is_every_port(*endpoint) &&
         std::any_of(std::begin(kControlPorts), std::end(kControlPorts), [&](uint16_t port) {
           return endpoint->first_port <= port && port <= endpoint->last_port;
         });
}

bool is_rare_syscall(const Grant& grant) {
  const SyscallSet* rare = find_syscall_set("@rare");
  return grant.kind == GrantKind::kEntry && rare != nullptr &&
         std::binary_search(rare->syscalls.begin(), rare->syscalls.end(), std::string_view(grant.key));
}

bool is_unconfined(const Grant& grant) {
  return grant.kind == GrantKind::kValue && is_unconfined_label(grant.text);
}

// The root of a machine's isolation is gone.
bool is_on_host(const Grant& grant) {
  return grant.number == 0;
}

constexpr RiskInfo kRisks[] = {
    {"capability-host", kCritical, Field::kCapabilitiesAllow, names<is_great_capability>,
     "it commands the host's kernel: who takes over the workload is close to root of the node"},
    {"capability-no-longer-denied", kHigh, Field::kCapabilitiesDeny, is_any,
     "config.json can grant it again"},
    {"capability-ownership", kLow, Field::kCapabilitiesAllow, is_of<kOwnerCapabilities>,
     "file modes and owners no longer hold back a process in the container"},
    {"capability-raw-sockets", kMedium, Field::kCapabilitiesAllow,
     [](const Grant& grant) { return grant.key == "CAP_NET_RAW"; },
     "packets can be forged and, on a shared segment, neighbours be impersonated"},
    {"capability-strong", kHigh, Field::kCapabilitiesAllow, is_of<kStrongCapabilities>,
     "it changes what others rely on: routes and filters, labels, clocks, logs, capabilities of files"},
    {"capability-unbounded", kMedium, Field::kCapabilitiesAllow, is_open,
     "whoever writes config.json decides which capabilities the workload has"},
    {"device-of-host", kCritical, Field::kDevicesAllow, names<is_device_of_host>,
     "the host's memory or disk can be read and written past every file permission"},
    {"device-unbounded", kLow, Field::kDevicesAllow, is_open,
     "whoever writes config.json decides which devices the workload has"},
    {"egress-anybody", kMedium, Field::kNetworkConnect, is_egress_to_anybody,
     "data can be sent to any host that listens on the port"},
    {"egress-control-plane", kHigh, Field::kNetworkConnect, is_egress_to_control,
     "a port of the API server, etcd, the kubelet or Docker: who speaks to it well commands nodes"},
    {"egress-everywhere", kMedium, Field::kNetworkConnect, is_egress_everywhere,
     "data can be sent anywhere, and every service of the network be probed"},
    {"egress-metadata", kHigh, Field::kNetworkConnect, is_egress_to_metadata,
     "the cloud's metadata service hands out the node's credentials"},
    {"execute-everything", kLow, Field::kFilesExecute, is_open_or_root,
     "whatever is dropped into the container can be started"},
    {"execute-package-manager", kMedium, Field::kFilesExecute, names<is_package_manager>,
     "tools can be installed at run time"},
    {"execute-shell", kLow, Field::kFilesExecute, names<is_shell>, "what intruders start first"},
    {"execute-temporary", kHigh, Field::kFilesExecute, names<is_temporary>,
     "anybody who can leave a file there can have it executed"},
    {"family-rare", kMedium, Field::kNetworkFamilies, names<is_rare_family>,
     "code of the kernel that has had holes and has few users"},
    {"family-unbounded", kMedium, Field::kNetworkFamilies, is_open, "every protocol of the kernel can be attacked"},
    {"host-facts-visible", kMedium, Field::kFilesMasked, is_any, "it shows the host: memory, keys, timing, power use"},
    {"isolation-lost", kHigh, Field::kIsolation, is_on_host,
     "the workload runs on the host's kernel, no longer in a machine of its own"},
    {"kernel-bpf", kHigh, Field::kBpf, is_any, "programs in the kernel; its verifier has had holes every year"},
    {"kernel-clock", kMedium, Field::kClock, is_any, "the clocks belong to all on the host"},
    {"kernel-file-handles", kHigh, Field::kFileHandles, is_any, "a way out of the container's file tree"},
    {"kernel-fileless-exec", kMedium, Field::kFilelessExec, is_any, "malware that leaves no file to find"},
    {"kernel-foreign-architecture", kLow, Field::kForeignArchitectures, is_any,
     "32-bit calls double the kernel code that can be attacked"},
    {"kernel-host-control", kMedium, Field::kHostControl, is_any, "settings of the host, and calls nobody tests any more"},
    {"kernel-host-files", kHigh, Field::kHostFiles, is_any, "core_pattern and its like run programs as the host's root"},
    {"kernel-io-uring", kMedium, Field::kIoUring, is_any, "its operations pass by system call filters"},
    {"kernel-kexec", kCritical, Field::kKexec, is_any, "the host's kernel can be replaced or restarted"},
    {"kernel-keyrings", kMedium, Field::kKeyrings, is_any, "key rings know no container: keys of others can be found"},
    {"kernel-modules", kCritical, Field::kModules, is_any, "a module is code in the host's kernel"},
    {"kernel-mounts", kHigh, Field::kMounts, is_any, "masks and read-only paths can be mounted away"},
    {"kernel-perf", kMedium, Field::kPerf, is_any, "counters see other containers; a steady source of holes"},
    {"kernel-ptrace", kLow, Field::kPtrace, is_any, "one process of the container can take over another"},
    {"kernel-ptrace-outside", kHigh, Field::kPtraceOutside, is_any, "processes of the host can be taken over where it sees them"},
    {"kernel-raw-io", kCritical, Field::kRawIo, is_any, "I/O ports reach hardware past every driver"},
    {"kernel-syslog", kMedium, Field::kSyslog, is_any, "addresses of the kernel and names of neighbours"},
    {"kernel-terminal-injection", kMedium, Field::kTerminalInjection, is_any, "commands are typed as whoever attached the terminal"},
    {"kernel-user-namespaces", kHigh, Field::kUserNamespaces, is_any, "root of a new namespace reaches kernel code that trusts root"},
    {"kernel-userfaultfd", kMedium, Field::kUserfaultfd, is_any, "races in the kernel can be won at will"},
    {"label-unconfined", kHigh, Field::kSelinuxType, is_unconfined, "SELinux confines nothing"},
    {"label-unconfined-apparmor", kHigh, Field::kApparmorProfile, is_unconfined, "AppArmor confines nothing"},
    {"limit-processes-missing", kLow, Field::kPidsLimit, is_open, "a fork bomb starves the node"},
    {"list-everything", kLow, Field::kFilesList, is_root, "the names of all files are seen: they tell what there is to attack"},
    {"listen-everywhere", kLow, Field::kNetworkBind, is_egress_everywhere, "a back door can listen on any port"},
    {"mode-denies-nothing", kCritical, Field::kMode, [](const Grant& grant) { return grant.number < 2; },
     "violations are logged at most; none of what follows is enforced"},
    {"network-rules-bypassed", kHigh, Field::kCapabilitiesAllow, nullptr, "packet sockets go where no endpoint rule looks"},
    {"outside-reachable", kLow, Field::kLandlockScopes, is_any, "processes outside of the container can be spoken to"},
    {"privileges-by-exec", kLow, Field::kNoNewPrivileges, is_any, "a hole in one set-user-ID program is root of the container"},
    {"read-everything", kLow, Field::kFilesRead, is_open_or_root, "every file that was mounted in can be read, also by mistake"},
    {"read-secret", kHigh, Field::kFilesRead, names<is_secret>, "password hashes or keys can be read"},
    {"read-token", kMedium, Field::kFilesRead, [](const Grant& grant) { return grant.kind == GrantKind::kEntry && grant.key != "/" && has_token(grant.key); },
     "who reads the service account's token acts as it"},
    {"root-user", kLow, Field::kNonRoot, is_any, "a hole in the kernel is worth more to root"},
    {"root-writable", kLow, Field::kReadonlyRoot, is_any, "what an intruder leaves in the image's tree stays"},
    {"syscall-rare", kLow, Field::kSyscallsAllow, is_rare_syscall, "few programs need it and attacks like it"},
    {"syscall-unbounded", kMedium, Field::kSyscallsDefault, is_open, "the whole kernel can be attacked when config.json has no filter"},
    {"token-and-egress", kHigh, Field::kFilesRead, nullptr, "the service account's token can be read and sent away"},
    {"write-accounts", kHigh, Field::kFilesWrite, lies_in_list<kAccounts>, "users, passwords or keys can be replaced"},
    {"write-and-execute", kMedium, Field::kFilesExecute, nullptr, "what is written can be started: dropped tools run"},
    {"write-boot", kHigh, Field::kFilesWrite, names<is_for_booting>, "what starts a machine can be replaced"},
    {"write-configuration", kHigh, Field::kFilesWrite, is_configuration, "users, name resolution, the loader: all of it can be changed"},
    {"write-everything", kHigh, Field::kFilesWrite, is_root, "nothing in the container is what the image was"},
    {"write-host-switches", kHigh, Field::kFilesReadonly, is_any, "writing there makes the host do something, as its root"},
    {"write-kernel-settings", kHigh, Field::kFilesWrite, lies_in_list<kKernelFiles>, "settings of the kernel and of devices can be changed"},
    {"write-persistence", kHigh, Field::kFilesWrite, lies_in_list<kPersistence>, "what is put there runs later, with more rights"},
    {"write-programs", kHigh, Field::kFilesWrite, is_program, "programs or libraries can be replaced"},
    {"write-runtime-socket", kCritical, Field::kFilesWrite, names<is_runtime_socket>, "who talks to the engine commands the host"},
    {"write-unbounded", kMedium, Field::kFilesWrite, is_open, "only modes and owners of files hold a process back"},
};

constexpr bool sorted() {
  for (size_t i = 1; i < std::size(kRisks); ++i) {
    if (kRisks[i - 1].id >= kRisks[i].id) {
      return false;
    }
  }
  return true;
}
static_assert(sorted(), "kRisks must be sorted by id");

}  // namespace

std::span<const RiskInfo> risk_table() {
  return kRisks;
}

}  // namespace redoubt::policy
