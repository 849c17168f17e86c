#include "escalate-vm/host/outer_plan.h"

#include <linux/capability.h>
#include <sys/mount.h>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"

namespace redoubt::vm {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
// What VMM, virtiofsd and redoubt-vm hold beside the guest's memory, page tables of both included.
constexpr uint64_t kHostShare = 160 * kMiB;

constexpr uint64_t kProxyShare = 32 * kMiB;

constexpr uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

// virtiofsd acts on files as whoever the guest says (all of them are the container's), chroots into
// the share; redoubt-vm makes the tap and gives VMM another user. VMM itself keeps none.
constexpr uint64_t kCapabilities = bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) |
                                   bit(CAP_FSETID) | bit(CAP_SETUID) | bit(CAP_SETGID) |
                                   bit(CAP_MKNOD) | bit(CAP_SETFCAP) | bit(CAP_SYS_CHROOT) |
                                   bit(CAP_NET_ADMIN) | bit(CAP_SETPCAP);

plan::Mount filesystem(std::string type, std::string destination, std::vector<std::string> data) {
  plan::Mount mount;
  mount.fs_type = std::move(type);
  mount.source = mount.fs_type;
  mount.destination = std::move(destination);
  mount.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  mount.data = std::move(data);
  return mount;
}

plan::Mount bind(std::string source, std::string destination) {
  plan::Mount mount;
  mount.kind = plan::MountKind::kBind;
  mount.source = std::move(source);
  mount.destination = std::move(destination);
  mount.recursive_bind = true;
  mount.propagation = MS_SLAVE;
  mount.recursive_propagation = true;
  return mount;
}

plan::Mount readonly_bind(std::string source, std::string destination) {
  plan::Mount mount = bind(std::move(source), std::move(destination));
  mount.attr_set = mount.rec_attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  return mount;
}

void add_share(const plan::Plan& plan, std::vector<plan::Mount>& mounts) {
  mounts.push_back(filesystem("tmpfs", kSharePath, {"mode=755", "size=1m"}));
  mounts.push_back(plan.rootfs.readonly ? readonly_bind(plan.rootfs.path, shared_rootfs(plan.id))
                                        : bind(plan.rootfs.path, shared_rootfs(plan.id)));
  size_t number = 0;
  for (const plan::Mount* volume : volumes_of(plan)) {
    plan::Mount& shared = mounts.emplace_back(*volume);
    shared.destination = shared_volume(plan.id, number++);
    shared.propagation = MS_SLAVE;
    shared.recursive_propagation = true;
  }
}

// Of every process of ours.
std::vector<plan::Mount> monitor_mounts(const plan::Plan& plan) {
  std::vector<plan::Mount> mounts = {
      filesystem("proc", "/proc", {}),
      filesystem("tmpfs", "/dev", {"mode=755", "size=64k"}),
      filesystem("devpts", "/dev/pts", {"newinstance", "ptmxmode=0666", "mode=0620"}),
      readonly_bind(plan.machine->monitor, kMonitorPath)};
  mounts.front().kind = plan::MountKind::kProc;
  return mounts;
}

std::vector<plan::Mount> outer_mounts(const plan::Plan& plan) {
  const plan::Machine& machine = *plan.machine;
  std::vector<plan::Mount> mounts = monitor_mounts(plan);
  // VMM and virtiofsd are the distribution's and find their libraries and firmware where it puts them.
  for (const char* directory : {"/usr", "/lib", "/lib64"}) {
    mounts.push_back(readonly_bind(directory, directory));
  }
  mounts.push_back(readonly_bind(machine.vmm, kVmmPath));
  mounts.push_back(readonly_bind(machine.virtiofsd, kVirtiofsdPath));
  mounts.push_back(readonly_bind(concat(machine.image, "/vmlinux"), kKernelPath));
  mounts.push_back(readonly_bind(concat(machine.image, "/initrd"), kInitrdPath));
  add_share(plan, mounts);
  return mounts;
}

// Of a proxy: nothing but itself, the container's files and the way to the monitor.
std::vector<plan::Mount> member_mounts(const plan::Plan& plan, const std::string& exec_socket) {
  std::vector<plan::Mount> mounts = monitor_mounts(plan);
  mounts.push_back(readonly_bind(exec_socket, concat("/", kExecSocket)));
  add_share(plan, mounts);
  return mounts;
}

struct NodeNumber {
  const char* path;
  uint32_t major, minor;
  bool of_vmm;
};
constexpr NodeNumber kNodes[] = {
    {"/dev/null", 1, 3, false},
    {"/dev/zero", 1, 5, false},
    {"/dev/random", 1, 8, false},
    {"/dev/urandom", 1, 9, false},
    {"/dev/tty", 5, 0, false},
    {"/dev/kvm", 10, 232, true},
    {"/dev/net/tun", 10, 200, false},
};

void set_devices(const plan::Plan& plan, plan::Plan& outer) {
  outer.devices.clear();
  outer.cgroup.device_rules = {{false, 'a', std::nullopt, std::nullopt, true, true, true}};
  for (const NodeNumber& node : kNodes) {
    if (node.of_vmm && plan.machine->emulated) {
      continue;
    }
    const uid_t owner = node.of_vmm ? vmm_user(plan.id) : 0;
    const auto mode = static_cast<mode_t>(node.of_vmm ? 0600 : 0666);
    outer.devices.push_back(
        {node.path, 'c', node.major, node.minor, mode, owner, static_cast<gid_t>(owner)});
    outer.cgroup.device_rules.push_back({true, 'c', node.major, node.minor, true, true, true});
  }
  for (const uint32_t pty_major : {5U, 136U}) {  // ptmx, pts
    outer.cgroup.device_rules.push_back({true, 'c', pty_major, std::nullopt, true, true, true});
  }
}

plan::Process outer_process(const plan::Process& process, const char* role) {
  plan::Process outer;
  outer.args = {kMonitorPath, role};
  outer.terminal = process.terminal;
  outer.console_height = process.console_height;
  outer.console_width = process.console_width;
  outer.no_new_privileges = true;
  outer.oom_score_adj = process.oom_score_adj;
  outer.capabilities = {.bounding = kCapabilities, .effective = kCapabilities, .permitted = kCapabilities};
  return outer;
}

}  // namespace

std::vector<const plan::Mount*> volumes_of(const plan::Plan& plan) {
  std::vector<const plan::Mount*> volumes;
  for (const plan::Mount& mount : plan.mounts) {
    if (mount.kind == plan::MountKind::kBind) {
      volumes.push_back(&mount);
    }
  }
  return volumes;
}

void widen_limits(const plan::Machine& machine, std::vector<plan::CgroupWrite>& writes) {
  // A machine that is throttled for what the guest keeps in its page cache would only be slow.
  std::erase_if(writes, [](const plan::CgroupWrite& write) { return write.file == "pids.max" || write.file == "memory.high"; });
  const uint64_t bytes = machine.sandbox.empty() ? machine.memory + kHostShare : kProxyShare;
  for (plan::CgroupWrite& write : writes) {
    if (write.file == "memory.max" && write.value != "max") {
      write.value = concat(bytes);
    }
  }
}

plan::Plan outer_plan(const plan::Plan& plan, const std::string& machine_directory) {
  plan::Plan outer = plan;
  outer.rootfs = {.path = machine_directory, .propagation = MS_SLAVE};
  std::erase_if(outer.namespaces, [](const plan::Namespace& ns) {
    return ns.type != plan::NamespaceType::kNetwork && ns.type != plan::NamespaceType::kCgroup;
  });
  for (const plan::NamespaceType type : {plan::NamespaceType::kMount,
                                         plan::NamespaceType::kPid,
                                         plan::NamespaceType::kIpc,
                                         plan::NamespaceType::kUts}) {
    outer.namespaces.push_back({type, ""});
  }
  outer.id_maps = outer.expected_id_maps = {};
  outer.monotonic_offset = outer.boottime_offset = std::nullopt;
  outer.mounts = outer_mounts(plan);
  outer.mount_label.clear();
  // Of virtiofsd, which is root on the host: files of procfs ask for no capability.
  outer.masked_paths = {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/proc/scsi"};
  outer.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  outer.sysctls.clear();
  outer.process = outer_process(plan.process, "machine");
  outer.seccomp.reset();
  outer.seccomp_floor.clear();
  outer.hooks[static_cast<size_t>(plan::HookKind::kStartContainer)].clear();
  outer.hardening = {};
  set_devices(plan, outer);
  widen_limits(*plan.machine, outer.cgroup.writes);
  outer.cgroup.delegate = false;
  return outer;
}

plan::Plan member_plan(const plan::Plan& plan, const std::string& machine_directory, const std::string& exec_socket) {
  plan::Plan member = outer_plan(plan, machine_directory);
  member.mounts = member_mounts(plan, exec_socket);
  member.process.args = {kMonitorPath, "container"};
  member.process.capabilities = {};
  std::erase_if(member.devices, [](const plan::Device& device) { return device.path == "/dev/kvm" || device.path == "/dev/net/tun"; });
  return member;
}

plan::Plan outer_exec_plan(const plan::Plan& outer, const plan::Process& process) {
  plan::Plan proxy = outer;
  proxy.process = outer_process(process, "exec");
  proxy.process.capabilities = {};
  proxy.hooks = {};
  return proxy;
}

uid_t vmm_user(const std::string& id) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  }
  return 0x7f000000 | (hash & 0xffffff);
}

}  // namespace redoubt::vm
