#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "base/str.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/destroy.h"
#include "runc-compat/state/signal.h"
#include "sandbox/pidfd.h"

namespace redoubt::cli {
namespace {

constexpr char kForce[] = "force";

constexpr Flag kDeleteFlags[] = {
    {.name = kForce,
     .short_name = "f",
     .kind = FlagKind::kBool,
     .help = "kill a running container first; no error when there is none"},
};

// Somebody has held the lock for too long: a create whose hook hangs, a start that waits for a
// service. Ends what it waits for, and a creator, whose container would never be complete.
void break_lock(const state::ContainerDir& dir) {
  const Result<state::Record> record = dir.load();
  if (!record) {
    return;
  }
  ignore(state::signal_container(*record, SIGKILL), "the lock decides");
  const Result<state::ContainerStatus> status = state::status_of(dir, *record);
  if (status && *status == state::ContainerStatus::kCreating) {
    const Result<sandbox::Pidfd> creator =
        sandbox::Pidfd::open_verified({record->creator_pid, record->creator_start_time});
    if (creator) {
      ignore(creator->send_signal(SIGKILL), "the lock decides");
    }
  }
}

Status lock_by_force(state::ContainerDir& dir) {
  Status locked = dir.lock();
  if (!locked && locked.error().err() == EWOULDBLOCK) {
    break_lock(dir);
    locked = dir.lock();
  }
  return locked;
}

Status delete_loaded(state::ContainerDir& dir, const state::Record& record, bool force) {
  if (force) {
    return launch::kill_and_destroy_container(dir, record);
  }
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(dir, record));
  switch (status) {
    case state::ContainerStatus::kStopped:
      return launch::destroy_container(dir, record);
    case state::ContainerStatus::kCreated:
      return launch::kill_and_destroy_container(dir, record);
    default:
      return Error::state(concat("cannot delete container ",
                                 record.id,
                                 " that is not stopped: ",
                                 state::status_name(status)));
  }
}

// state.json is lost or damaged: the record before it says where the processes are.
Status delete_damaged(state::ContainerDir& dir, const Error& damage) {
  const Result<state::Record> former = dir.load_former();
  if (former) {
    log::warning(concat(damage.message(), ": using the record before it"));
    return launch::kill_and_destroy_container(dir, *former);
  }
  log::warning(concat(damage.message(), ": removing the directory only"));
  return dir.remove();
}

Status delete_opened(state::ContainerDir& dir, bool force) {
  TRY(force ? lock_by_force(dir) : dir.lock());
  Result<state::Record> record = dir.load();
  if (record) {
    return delete_loaded(dir, *record, force);
  }
  const Result<state::Record> former = dir.load_former();
  const bool nothing_written = state::is_missing(record.error()) && !former;
  if (nothing_written) {
    TRY(force ? dir.remove() : dir.remove_unwritten());  // a create that died before it wrote anything
    return std::move(record).error();
  }
  return force ? delete_damaged(dir, record.error()) : Status(std::move(record).error());
}

Status delete_container(const std::string& root, const std::string& id, bool force) {
  Result<state::ContainerDir> dir = state::ContainerDir::open(root, id);
  if (dir) {
    return delete_opened(*dir, force);
  }
  if (force && !state::is_missing(dir.error()) && state::validate_id(id)) {
    return state::remove_leftover(root, id);  // no directory of ours: a file, a link
  }
  return std::move(dir).error();
}

Result<int> run_delete(const Globals& globals, const Arguments& arguments) {
  const bool force = arguments.flag(kForce);
  const Status deleted =
      delete_container(globals.runtime.root, arguments.positional().at(0), force);
  if (!deleted && !(force && state::is_missing(deleted.error()))) {
    return deleted.error();
  }
  return 0;
}

}  // namespace

constinit const Verb kVerbDelete = {
    .name = "delete",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id>",
    .summary = "remove a container and everything that was made for it",
    .description =
        "The container must be stopped, or created and never started. With --force it is killed "
        "first,\n"
        "and what an interrupted command or a damaged state file left behind is cleared away.",
    .examples = "redoubt delete web1\nredoubt delete --force web1",
    .flags = kDeleteFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_delete,
};

}  // namespace redoubt::cli
