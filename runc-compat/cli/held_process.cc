#include "runc-compat/cli/held_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "runc-compat/cli/cli.h"

namespace redoubt::cli {
namespace {

constexpr int kSignalBase = 128;
constexpr long kEndPauseNanoseconds = 20'000'000;
constexpr unsigned kEndLooks = 100;

void drop_stdio() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(null.get(), fd);
  }
}

[[noreturn]] void run(const HeldCommand& command, int wait_fd) {
  char go = 0;
  if (::read(wait_fd, &go, 1) != 1) {
    ::_exit(1);
  }
  ::close(wait_fd);
  if (command.silent) {
    drop_stdio();
  }
  ::sigprocmask(SIG_SETMASK, &command.mask, nullptr);
  if (command.before) {
    command.before();
  }
  std::vector<std::string> words = {"--root", command.globals.runtime.root};
  if (command.globals.runtime.systemd_cgroup) {
    words.emplace_back("--systemd-cgroup");
  }
  if (command.globals.debug) {
    words.emplace_back("--debug");
  }
  words.insert(words.end(), command.words.begin(), command.words.end());
  const std::vector<std::string_view> views(words.begin(), words.end());
  ::_exit(run_command_line(command.globals.argv0, views));
}

}  // namespace

Result<HeldProcess> HeldProcess::start(const HeldCommand& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  UniqueFd wait_end(ends[0]), go_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return Error::system(errno, "fork");
  }
  if (child == 0) {
    go_end.reset();
    run(command, wait_end.release());
  }
  return HeldProcess(child, std::move(go_end));
}

Status HeldProcess::release() {
  return write_all(go_.get(), "g", "pipe");
}

std::optional<int> HeldProcess::poll() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
  }
  return status_;
}

// SIGTERM first: exec passes it on to the process in the container, which SIGKILL would leave there.
void HeldProcess::end() {
  go_.reset();
  for (unsigned looks = 0; !poll(); ++looks) {
    const timespec pause{0, kEndPauseNanoseconds};
    ::kill(pid_, looks < kEndLooks ? SIGTERM : SIGKILL);
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace redoubt::cli
