#include "runc-compat/state/signal.h"

#include <errno.h>
#include <signal.h>

#include "runc-compat/state/status.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/pidfd.h"

namespace redoubt::state {
namespace {

// How long a SIGKILL to a whole cgroup waits for it to take effect. Only convenience: the signal
// has been sent by then.
constexpr int kKillWaitMs = 1000;

Status kill_all(const Record& record) {
  Status killed = sandbox::kill_cgroup(record.cgroup_directory, kKillWaitMs);
  if (!killed && killed.error().err() == ETIMEDOUT) {
    return {};
  }
  return std::move(killed).context("unable to kill all processes");
}

Status signal_init(const Record& record, int signal) {
  TRY_ASSIGN(const sandbox::ProcessIdentity init, init_of(record));
  Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified(init);
  Status sent = pidfd ? pidfd->send_signal(signal) : Status(std::move(pidfd).error());
  if (!sent && sent.error().err() == ESRCH) {
    return not_running();
  }
  return std::move(sent).context("unable to signal init");
}

}  // namespace

Error not_running() {
  return {ErrorKind::kState, "container not running", ESRCH};
}

bool is_not_running(const Error& error) {
  return error.kind() == ErrorKind::kState && error.err() == ESRCH;
}

Status signal_container(const Record& record, int signal) {
  if (signal != SIGKILL) {
    return signal_init(record, signal);
  }
  TRY_ASSIGN(const bool owned, owns_cgroup(record));
  if (record.shares_pid_namespace && owned) {
    return kill_all(record);
  }
  TRY(signal_init(record, signal));
  if (owned) {
    ignore(sandbox::set_frozen(record.cgroup_directory, false),
           "a killed process ends frozen, too");
  }
  return {};
}

Result<bool> wait_for_exit(const Record& record, int timeout_ms) {
  TRY_ASSIGN(const sandbox::ProcessIdentity init, init_of(record));
  Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified(init);
  if (!pidfd) {
    return pidfd.error().err() == ESRCH ? Result<bool>(true) : std::move(pidfd).error();
  }
  return pidfd->wait_exit(timeout_ms);
}

}  // namespace redoubt::state
