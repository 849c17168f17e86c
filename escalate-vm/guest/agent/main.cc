// redoubt-agent: PID 1 of the machine's initramfs. It ends only with the machine: when the host
// hangs up, or when something is wrong that no reply can tell; the reason then is in the kernel's
// log, for whoever gave the machine a console.
#include <fcntl.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <string_view>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/guest/agent/agent.h"
#include "escalate-vm/guest/agent/boot.h"

namespace {

using redoubt::Error;
using redoubt::Result;
using redoubt::Status;
using redoubt::UniqueFd;

Result<UniqueFd> take_signals() {
  sigset_t all, child;
  sigfillset(&all);
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  UniqueFd signals(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid() || ::sigprocmask(SIG_SETMASK, &all, nullptr) != 0) {
    return Error::system(errno, "signalfd");
  }
  return signals;
}

// Descriptors 0 to 2 exist, so that nothing else becomes one of them.
Status fill_stdio() {
  for (int fd = -1; fd < 2;) {
    TRY_ASSIGN(UniqueFd null, redoubt::open_at(AT_FDCWD, "/dev/null", O_RDWR));
    fd = null.get() <= 2 ? null.release() : 2;
  }
  return {};
}

// A line of the kernel's log, `level` as in syslog(2). Without its end it is not shown before the next one.
void log_to_kernel(char level, std::string_view text) {
  const Result<UniqueFd> log = redoubt::open_at(AT_FDCWD, "/dev/kmsg", O_WRONLY);
  if (log) {
    const std::string line = redoubt::concat("<", level, ">redoubt-agent: ", text, "\n");
    redoubt::ignore(redoubt::write_all(log->get(), line, "kmsg"), "nobody else could be told");
  }
}

Status serve() {
  TRY(redoubt::agent::boot().context("boot"));
  TRY(fill_stdio());
  TRY_ASSIGN(const std::string command_line,
             redoubt::read_kernel_file_at(AT_FDCWD, "/proc/cmdline"));
  TRY_ASSIGN(UniqueFd signals, take_signals());
  TRY_ASSIGN(UniqueFd port, redoubt::agent::open_port(redoubt::vm::kPortName));
  log_to_kernel('6', "ready");  // what a boot has taken until here can be read in the guest
  redoubt::agent::Agent agent(std::move(port), std::move(signals));
  return agent.serve(redoubt::agent::kernel_argument(command_line, "redoubt.nonce"));
}

}  // namespace

int main() {
  if (::getpid() != 1) {
    redoubt::ignore(
        redoubt::write_all(2, "redoubt-agent: runs only as PID 1 of a machine\n", "stderr"),
        "nobody is left to tell");
    return 2;
  }
  const Status status = serve();
  if (!status) {
    log_to_kernel('2', status.error().message());
  }
  ::sync();
  ::reboot(RB_POWER_OFF);
  return 1;
}
