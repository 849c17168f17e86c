// create and run: a Construction, kept; run also starts it and, in the foreground, waits.
#include <fcntl.h>
#include <sys/prctl.h>

#include <memory>
#include <optional>

#include "base/json.h"
#include "runc-compat/launch/construction.h"
#include "runc-compat/launch/destroy.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/launch.h"
#include "runc-compat/launch/machine.h"
#include "runc-compat/launch/pid_file.h"
#include "runc-compat/launch/signal_forward.h"
#include "runc-compat/launch/terminal_relay.h"

namespace redoubt::launch {
namespace {

Status check_terminal_options(const CreateOptions& options,
                              const plan::Plan& plan,
                              init::SessionKind kind) {
  const bool detaches = kind == init::SessionKind::kCreate || options.detach;
  const bool terminal = plan.process.terminal;
  if (terminal && detaches && options.console_socket.empty()) {
    return Error::invalid("cannot allocate tty if runc will detach without setting console socket");
  }
  if (!options.console_socket.empty() && (!detaches || !terminal)) {
    return Error::invalid("cannot use console socket if runc will not detach or allocate tty");
  }
  return {};
}

Status poststart(Construction& construction) {
  const plan::Plan& plan = construction.plan();
  const std::vector<plan::Hook>& hooks = plan.hooks_of(plan::HookKind::kPoststart);
  if (hooks.empty()) {
    return {};
  }
  return run_hooks(plan::HookKind::kPoststart,
                   hooks,
                   json::dump(state_document(plan, "running", construction.record().init_pid)));
}

Status after_start(Construction& construction) {
  const plan::Plan& plan = construction.plan();
  if (!plan.hooks_of(plan::HookKind::kStartContainer).empty()) {
    TRY(construction.session().await_execve(plan));
  }
  return poststart(construction);
}

Result<int> run_detached(Construction& construction) {
  if (NotifySocket* notify = construction.notify()) {
    TRY(notify->wait_ready(construction.session().pidfd(), construction.record().init_pid));
  }
  construction.keep();
  return 0;
}

Result<int> run_foreground(const CreateOptions& options,
                           Construction& construction,
                           const SignalForward& signals,
                           UniqueFd terminal) {
  std::optional<TerminalRelay> relay;
  if (construction.plan().process.terminal) {
    TRY_ASSIGN(relay,
               TerminalRelay::create(std::move(terminal),
                                     construction.session().take_console(),
                                     newlines_of(construction.plan())));
    relay->resize();
  }
  const pid_t pid = construction.record().init_pid;
  const UniqueFd pidfd(::fcntl(construction.session().pidfd(), F_DUPFD_CLOEXEC, 3));
  NotifySocket* notify = construction.notify();
  construction.dir().unlock();
  TRY_ASSIGN(const int status, wait_foreground(signals, pidfd.get(), pid, relay, notify));
  relay.reset();
  if (options.keep) {
    construction.keep();
    return status;
  }
  state::ContainerDir dir = construction.release();
  const state::Record& record = construction.record();
  Status locked = dir.lock();
  if (locked) {
    locked = destroy_container(dir, record);
  }
  if (!locked && !state::is_missing(locked.error())) {
    return std::move(locked).error();
  }
  return status;
}

}  // namespace

Status create_container(const CreateOptions& options) {
  TRY_ASSIGN(const std::unique_ptr<Construction> owner, Construction::begin(options));
  Construction& construction = *owner;
  TRY(check_terminal_options(options, construction.plan(), init::SessionKind::kCreate));
  TRY(construction.launch(options, init::SessionKind::kCreate)
          .context("unable to start container process"));
  TRY(write_pid_file(options.pid_file, construction.record().init_pid));
  construction.keep();
  return {};
}

Result<int> run_container(const CreateOptions& options) {
  TRY_ASSIGN(const std::unique_ptr<Construction> owner, Construction::begin(options));
  Construction& construction = *owner;
  TRY(check_terminal_options(options, construction.plan(), init::SessionKind::kRun));
  UniqueFd terminal;
  std::optional<SignalForward> signals;
  if (!options.detach) {
    if (construction.plan().process.terminal) {
      TRY_ASSIGN(terminal, TerminalRelay::open_host_terminal());
    }
    TRY_ASSIGN(SignalForward forward, SignalForward::create());
    signals.emplace(std::move(forward));
    if (!options.no_subreaper) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
  }
  TRY(construction.launch(options, init::SessionKind::kRun)
          .context("unable to start container process"));
  TRY(write_pid_file(options.pid_file, construction.record().init_pid));
  TRY(after_start(construction));
  if (options.detach) {
    return run_detached(construction);
  }
  return run_foreground(options, construction, *signals, std::move(terminal));
}

}  // namespace redoubt::launch
