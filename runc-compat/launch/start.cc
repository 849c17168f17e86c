// start: one byte into exec.fifo, on which init of a created container waits.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/destroy.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/notify_socket.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/state/status.h"
#include "sandbox/pidfd.h"

namespace redoubt::launch {
namespace {

Status check_created(const state::ContainerDir& dir, const state::Record& record) {
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(dir, record));
  switch (status) {
    case state::ContainerStatus::kCreated:
      return {};
    case state::ContainerStatus::kStopped:
      return Error::state("cannot start a container that has stopped");
    case state::ContainerStatus::kRunning:
      return Error::state("cannot start an already running container");
    default:
      return Error::state(
          concat("cannot start a container in the ", state::status_name(status), " state"));
  }
}

// The fifo goes after the byte: a start that dies in between leaves a fifo without a reader, which
// counts as started.
Result<UniqueFd> release_init(const state::ContainerDir& dir) {
  TRY_ASSIGN(UniqueFd fifo,
             open_at(dir.fd(), state::kExecFifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW));
  TRY(write_all(fifo.get(), "0", state::kExecFifo));
  if (::unlinkat(dir.fd(), state::kExecFifo, 0) != 0 && errno != ENOENT) {
    return Error::system(errno, "remove exec.fifo");
  }
  return fifo;
}

// Init holds its end of the fifo until it executes the process: startContainer hooks come before
// poststart hooks (config.md, "POSIX-platform Hooks"), and those see the process.
void await_execve(int fifo_fd) {
  pollfd end{fifo_fd, 0, 0};
  while (::poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

Result<std::optional<NotifySocket>> bind_notify(const state::ContainerDir& dir) {
  const char* address = ::getenv("NOTIFY_SOCKET");
  if (address == nullptr || *address == '\0' ||
      ::faccessat(dir.fd(), kNotifyDirectory, F_OK, 0) != 0) {
    return std::optional<NotifySocket>();
  }
  TRY_ASSIGN(NotifySocket socket, NotifySocket::bind(dir.fd(), address));
  return std::optional<NotifySocket>(std::move(socket));
}

Status run_poststart(state::ContainerDir& dir, const state::Record& record, int fifo_fd) {
  TRY_ASSIGN(const Container container, resolve_stored(dir, record));
  const std::vector<plan::Hook>& hooks = container.plan.hooks_of(plan::HookKind::kPoststart);
  if (hooks.empty()) {
    return {};
  }
  await_execve(fifo_fd);
  const std::string state = json::dump(state_document(container.plan, "running", record.init_pid));
  Status status = run_hooks(plan::HookKind::kPoststart, hooks, state);
  if (!status) {
    // As runc: the process must not go on when one of these fails; the container stays for delete.
    Result<sandbox::ProcessIdentity> init = state::init_of(record);
    if (init) {
      Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified(*init);
      if (pidfd) {
        ignore(pidfd->send_signal(SIGKILL), "it may be gone already");
      }
    }
  }
  return status;
}

}  // namespace

Status start_container(const RuntimeOptions& runtime, const std::string& id) {
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::open(runtime.root, id));
  TRY(dir.lock());
  TRY_ASSIGN(const state::Record record, dir.load());
  TRY(check_created(dir, record));
  TRY_ASSIGN(const std::optional<NotifySocket> notify, bind_notify(dir));
  TRY_ASSIGN(const UniqueFd fifo, release_init(dir));
  TRY(run_poststart(dir, record, fifo.get()));
  dir.unlock();
  if (is_in_machine(record)) {
    // On the host's kernel the next call of an engine finds the process there. A guest has more to do until
    // then, and would refuse another container of its pod, or miss a signal.
    await_execve(fifo.get());
  }
  if (notify) {
    TRY_ASSIGN(const sandbox::ProcessIdentity init, state::init_of(record));
    Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified(init);
    if (pidfd) {
      TRY(notify->wait_ready(pidfd->get(), record.init_pid));
    }
  }
  return {};
}

}  // namespace redoubt::launch
