#include "escalate-vm/monitor/vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/host/image.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/jail.h"
#include "escalate-vm/monitor/landlock.h"
#include "escalate-vm/monitor/system_calls.h"

namespace redoubt::vm {
namespace {

constexpr char kFilesSocket[] = "/files.sock";
constexpr size_t kVersionLimit = 4096;

// The frequency of the time stamp counter, which an interpreted guest sees as it is.
uint64_t measure_tsc_khz() {
#if defined(__x86_64__)
  timespec begin{};
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &begin);
  const uint64_t first = __builtin_ia32_rdtsc();
  int64_t elapsed = 0;
  do {
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    elapsed = (now.tv_sec - begin.tv_sec) * 1000000000 + (now.tv_nsec - begin.tv_nsec);
  } while (elapsed < 10000000);
  return (__builtin_ia32_rdtsc() - first) * 1000000 / static_cast<uint64_t>(elapsed);
#else
  return 0;
#endif
}

struct Child {
  std::vector<std::string> args;
  std::vector<int> fds;  // kept open
  int output = -1;
  std::function<Status()> confine;
};

// Two virtiofsd and one QEMU, each with the libraries and data that the distribution has for it.
Status confine_virtiofsd() {
  TRY(raise_open_files());
  TRY(restrict_to_trees({{kVirtiofsdPath, TreeUse::kRead},
                         {"/usr", TreeUse::kRead},
                         {"/lib", TreeUse::kRead},
                         {"/lib64", TreeUse::kRead},
                         {"/proc", TreeUse::kRead},
                         {"/dev/null", TreeUse::kWrite},
                         {kSharePath, TreeUse::kAll}}));
  TRY(keep_capabilities(kFileServerCapabilities));
  return restrict_child();
}

Status confine_vmm(uint64_t memory, uid_t user) {
  TRY(limit_vmm(memory));
  TRY(restrict_to_trees({{kVmmPath, TreeUse::kRead},
                         {"/usr", TreeUse::kRead},
                         {"/lib", TreeUse::kRead},
                         {"/lib64", TreeUse::kRead},
                         {kKernelPath, TreeUse::kRead},
                         {kInitrdPath, TreeUse::kRead},
                         {"/proc", TreeUse::kRead},
                         {"/dev/null", TreeUse::kWrite},
                         {"/dev/urandom", TreeUse::kRead},
                         {"/dev/kvm", TreeUse::kWrite}}));
  TRY(keep_capabilities(kUserCapabilities));
  TRY(become_user(user));
  return restrict_child();
}

[[noreturn]] void run_child(const Child& child) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(child.output, 1);
  ::dup2(child.output, 2);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : child.fds) {
    ::fcntl(fd, F_SETFD, 0);
  }
  if (const Status confined = child.confine(); !confined) {
    ::dprintf(2, "%s: %s\n", child.args[0].c_str(), confined.error().message().c_str());
    ::_exit(255);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of user, which would take it away
  std::vector<char*> argv;
  for (const std::string& arg : child.args) {
    argv.push_back(const_cast<char*>(arg.c_str()));
  }
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  ::execve(argv[0], argv.data(), environment);
  ::dprintf(2, "%s: %s\n", argv[0], errno_text(errno).c_str());
  ::_exit(255);
}

Result<pid_t> spawn(const Child& child) {
  const pid_t pid = ::fork();
  if (pid < 0) {
    return Error::system(errno, "fork");
  }
  if (pid == 0) {
    run_child(child);
  }
  return pid;
}

Result<std::string> version_of_virtiofsd() {
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  const UniqueFd reader(output[0]);
  UniqueFd writer(output[1]);
  TRY_ASSIGN(const pid_t pid, spawn({{kVirtiofsdPath, "--version"}, {}, writer.get(), confine_virtiofsd}));
  writer.reset();
  Result<std::string> text = read_all(reader.get(), kVersionLimit, kVirtiofsdPath);
  ::waitpid(pid, nullptr, 0);
  return text;
}

// The mounts keep the files as they were when the container was made; they may have been others by then.
Status check_image(const ImageIdentity& expected) {
  const std::pair<const char*, const std::string&> files[] = {{kKernelPath, expected.kernel},
                                                              {kInitrdPath, expected.initrd}};
  for (const auto& [path, identity] : files) {
    TRY_ASSIGN(const UniqueFd file, open_at(AT_FDCWD, path, O_RDONLY));
    TRY_ASSIGN(const std::string found, identity_of_file(file.get(), path));
    if (found != identity) {
      return Error(ErrorKind::kState,
                   concat("vm.image: ", path, " was replaced after its digest was taken; try again"));
    }
  }
  return {};
}

struct FilesSocket {
  UniqueFd listener, connection;
};

// virtiofsd wants a listener and VMM a connection; the name is gone before either of them runs.
Result<FilesSocket> make_files_socket() {
  FilesSocket socket;
  socket.listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  socket.connection.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ::memcpy(address.sun_path, kFilesSocket, sizeof kFilesSocket);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.listener.get(), name, sizeof address) != 0 ||
      ::listen(socket.listener.get(), 1) != 0 ||
      ::connect(socket.connection.get(), name, sizeof address) != 0) {
    return Error::system(errno, "socket of the shared files");
  }
  ::unlink(kFilesSocket);
  return socket;
}

}  // namespace

Result<Machine> start_machine(const MachineTask& task,
                              const std::string& nonce,
                              const std::vector<Card>& cards) {
  TRY(check_image(task.image));
  TRY_ASSIGN(const FilesSocket files, make_files_socket());
  int control[2];
  int output[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0 ||
      ::pipe2(output, O_CLOEXEC) != 0) {
    return Error::system(errno, "channels of the machine");
  }
  Machine machine;
  machine.control.reset(control[0]);
  machine.output.reset(output[0]);
  const UniqueFd guest_end(control[1]);
  const UniqueFd writer(output[1]);
  for (const int fd : {machine.control.get(), machine.output.get()}) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  Child vmm;
  vmm.args = qemu_arguments(task,
                            {guest_end.get(), files.connection.get()},
                            cards,
                            kernel_arguments(task, nonce, task.emulated ? measure_tsc_khz() : 0));
  vmm.fds = {guest_end.get(), files.connection.get()};
  for (const Card& card : cards) {
    vmm.fds.push_back(card.tap_fd);
  }
  vmm.output = writer.get();
  vmm.confine = [&task] { return confine_vmm(task.memory, task.vmm_user); };
  TRY_ASSIGN(machine.vmm, spawn(vmm));
  // Tens of milliseconds pass before VMM speaks on its connection; virtiofsd starts meanwhile.
  TRY_ASSIGN(const std::string version, version_of_virtiofsd());
  const int listener = files.listener.get();
  TRY_ASSIGN(machine.virtiofsd,
             spawn({virtiofsd_arguments(listener, version), {listener}, writer.get(), confine_virtiofsd}));
  return machine;
}

}  // namespace redoubt::vm
