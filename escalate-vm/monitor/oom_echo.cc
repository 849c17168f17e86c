#include "escalate-vm/monitor/oom_echo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string_view>

#include "base/io.h"
#include "escalate-vm/monitor/jail.h"
#include "escalate-vm/monitor/system_calls.h"

namespace redoubt::vm {
namespace {

// More than redoubt-vm takes, less than any VMM has.
constexpr std::string_view kBesideTheMachine = "33554432";
// More than a proxy takes, and less than with kBallast on top.
constexpr std::string_view kBesideTheProxy = "16777216";
constexpr size_t kBallast = size_t{24} << 20;

constexpr int kOrder = 0;
constexpr int kDone = 1;
constexpr int kLimit = 2;

// Nothing else stays open: an end of the runtime's channel or of the container's stdio held here would
// keep others waiting.
bool take_descriptors(int order, int done, int limit) {
  const int fds[] = {::fcntl(order, F_DUPFD, 3), ::fcntl(done, F_DUPFD, 3), ::fcntl(limit, F_DUPFD, 3)};
  return ::dup2(fds[0], kOrder) == kOrder && ::dup2(fds[1], kDone) == kDone && ::dup2(fds[2], kLimit) == kLimit &&
         ::close_range(3, ~0U, 0) == 0;
}

// Of all in the cgroup this process is to be the one.
void take_on_ballast() {
  void* memory = ::mmap(nullptr, kBallast, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) {
    ::memset(memory, 1, kBallast);
  }
}

// AddressSanitizer asks for the signal stack before a function that does not return; the filter has no
// such call.
[[noreturn, gnu::no_sanitize_address]] void wait_for_order(OomEcho::Victim victim) {
  const bool is_victim = victim == OomEcho::Victim::kSelf;
  char byte = 0;
  if (::read(kOrder, &byte, 1) == 1) {
    if (is_victim) {
      take_on_ballast();
    }
    ignore(write_all(kLimit, is_victim ? kBesideTheProxy : kBesideTheMachine, "memory.max"), "there is nobody to tell");
  }
  ::_exit(0);
}

[[noreturn, gnu::no_sanitize_address]] void run_child(int order, int done, int limit, OomEcho::Victim victim) {
  sigset_t all;  // of what is sent to each process of the container
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);  // as redoubt-init has done for the parent; the filter wants it
  bool ready = take_descriptors(order, done, limit) && keep_capabilities(0);
  if (victim == OomEcho::Victim::kSelf) {
    ready = ready && write_kernel_file_at(AT_FDCWD, "/proc/self/oom_score_adj", "1000");
  }
  if (!ready || !restrict_monitor()) {
    ::_exit(255);
  }
  wait_for_order(victim);
}

}  // namespace

Result<OomEcho> OomEcho::prepare(UniqueFd limit, Victim victim) {
  OomEcho echo;
  if (!limit.valid()) {
    return echo;
  }
  int order[2];
  int done[2];
  if (::pipe2(order, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  const UniqueFd order_reader(order[0]);
  echo.order_.reset(order[1]);
  if (::pipe2(done, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  echo.done_.reset(done[0]);
  const UniqueFd done_writer(done[1]);
  const pid_t pid = ::fork();
  if (pid < 0) {
    return Error::system(errno, "fork");
  }
  if (pid == 0) {
    run_child(order_reader.get(), done_writer.get(), limit.get(), victim);
  }
  return echo;
}

void OomEcho::repeat() {
  char byte = 0;
  if (order_.valid() && ::write(order_.get(), &byte, 1) == 1) {
    // Its end, killed or not, is the end of the file.
    while (::read(done_.get(), &byte, 1) < 0 && errno == EINTR) {
    }
  }
}

}  // namespace redoubt::vm
