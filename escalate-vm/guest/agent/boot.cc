#include "escalate-vm/guest/agent/boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <memory>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::agent {
namespace {

constexpr int kPortWaitMs = 20000;
constexpr int kPortStepMs = 1;
constexpr size_t kMaxModuleSize = size_t{32} << 20;

struct BootMount {
  const char* type;
  const char* target;
  unsigned long flags;
  const char* data;
  bool required;
};

constexpr BootMount kMounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, true},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, true},
    {"devtmpfs", "/dev", MS_NOSUID, "mode=755", true},
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5", true},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", true},
    {"mqueue", "/dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, false},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755", true},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777", true},
    {"cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, true},
    {"bpf", "/sys/fs/bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700", false},
};

Status enter_bind_of_root() {
  ::mkdir("/.root", 0755);
  if (::mount("/", "/.root", nullptr, MS_BIND, nullptr) != 0 || ::chdir("/.root") != 0 ||
      ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || ::chroot(".") != 0 ||
      ::chdir("/") != 0) {
    return Error::system(errno, "bind the root file system");
  }
  return {};
}

Status mount_file_systems() {
  for (const BootMount& each : kMounts) {
    ::mkdir(each.target, 0755);
    if (::mount(each.type, each.target, each.type, each.flags, each.data) != 0 && each.required) {
      return Error::system(errno, concat("mount ", each.type, " on ", each.target));
    }
  }
  return {};
}

// One by one: a kernel without one of them (cpuset, hugetlb) has the others.
Status enable_controllers() {
  TRY_ASSIGN(const std::string available,
             read_kernel_file_at(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers"));
  for (const std::string& controller : split(trim(available), ' ')) {
    ignore(write_kernel_file_at(
               AT_FDCWD, "/sys/fs/cgroup/cgroup.subtree_control", concat("+", controller)),
           "limits of a missing controller are refused by the inner redoubt");
  }
  return {};
}

// A limit of open files that the host's kernel allows must not be one that the guest's refuses.
void raise_open_files() {
  constexpr const char* kMost = "1073741816";  // what systemd sets, and engines pass on as "infinity"
  ignore(write_kernel_file_at(AT_FDCWD, "/proc/sys/fs/nr_open", kMost), "such a limit is refused by the inner redoubt");
}

Status load_modules() {
  TRY_ASSIGN(const std::string order, read_file("/modules/order", kMaxModuleSize));
  for (const std::string& name : split(trim(order), '\n')) {
    if (name.empty()) {
      continue;
    }
    TRY_ASSIGN(const UniqueFd module, open_at(AT_FDCWD, concat("/modules/", name), O_RDONLY));
    if (::syscall(SYS_finit_module, module.get(), "", 0) != 0 && errno != EEXIST) {
      return Error::system(errno, concat("load module ", name));
    }
  }
  return {};
}

// Whoever gains CAP_SYS_MODULE in this kernel later finds no use for it. A kernel without modules has no such file.
Status forbid_more_modules() {
  Status status = write_kernel_file_at(AT_FDCWD, "/proc/sys/kernel/modules_disabled", "1");
  return status || status.error().err() == ENOENT ? Status() : status;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The device of the port, empty while there is none of this name.
std::string find_port(std::string_view name) {
  const std::unique_ptr<DIR, CloseDirectory> ports(::opendir("/sys/class/virtio-ports"));
  while (const dirent* entry = ports ? ::readdir(ports.get()) : nullptr) {
    const std::string device = entry->d_name;
    const Result<std::string> found =
        read_kernel_file_at(AT_FDCWD, concat("/sys/class/virtio-ports/", device, "/name"));
    if (found && trim(*found) == name) {
      return concat("/dev/", device);
    }
  }
  return {};
}

bool host_has_opened(int port_fd) {
  pollfd port = {port_fd, POLLIN, 0};
  return ::poll(&port, 1, 0) >= 0 && (port.revents & POLLHUP) == 0;
}

Status add_entropy(const std::string& bytes) {
  std::string pool(sizeof(rand_pool_info), '\0');
  const rand_pool_info head = {static_cast<int>(bytes.size() * 8), static_cast<int>(bytes.size())};
  memcpy(pool.data(), &head, sizeof head);
  pool += bytes;
  TRY_ASSIGN(const UniqueFd random, open_at(AT_FDCWD, "/dev/urandom", O_RDWR));
  if (::ioctl(random.get(), RNDADDENTROPY, pool.data()) != 0) {
    return Error::system(errno, "add entropy");
  }
  return {};
}

}  // namespace

Status boot() {
  TRY(enter_bind_of_root());
  TRY(mount_file_systems());
  TRY(enable_controllers());
  raise_open_files();
  TRY(load_modules());
  TRY(forbid_more_modules());
  TRY_ASSIGN(const UniqueFd marker, open_at(AT_FDCWD, kMachineMarker, O_WRONLY | O_CREAT, 0444));
  return {};
}

std::string kernel_argument(std::string_view command_line, std::string_view key) {
  for (const std::string& word : split(trim(command_line), ' ')) {
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=') {
      return word.substr(key.size() + 1);
    }
  }
  return {};
}

Result<UniqueFd> open_port(std::string_view name) {
  UniqueFd port;
  for (int waited = 0; waited < kPortWaitMs; waited += kPortStepMs) {
    const std::string device = port.valid() ? "" : find_port(name);
    if (!device.empty()) {
      TRY_ASSIGN(port, open_at(AT_FDCWD, device, O_RDWR | O_NONBLOCK));
    }
    if (port.valid() && host_has_opened(port.get())) {
      return port;
    }
    ::poll(nullptr, 0, kPortStepMs);
  }
  return Error::system(
      ETIMEDOUT,
      concat("port ", name, port.valid() ? ": the host does not open it" : ": not there"));
}

Status apply_setup(const vm::Setup& setup) {
  constexpr uint64_t kSecond = 1000000000;
  const timespec now = {static_cast<time_t>(setup.time / kSecond),
                        static_cast<long>(setup.time % kSecond)};
  if (::clock_settime(CLOCK_REALTIME, &now) != 0) {
    return Error::system(errno, "set the clock");
  }
  TRY(add_entropy(setup.entropy));
  if (!setup.hostname.empty() && ::sethostname(setup.hostname.data(), setup.hostname.size()) != 0) {
    return Error::system(errno, "set the host name");
  }
  ::mkdir("/share", 0755);
  // Not nosuid: programs in the container may be set-user-id.
  if (::mount(vm::kShareTag.data(), "/share", "virtiofs", MS_NODEV, nullptr) != 0) {
    return Error::system(errno, "mount the virtio-fs share");
  }
  return {};
}

}  // namespace redoubt::agent
