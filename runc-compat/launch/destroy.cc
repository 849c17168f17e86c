#include "runc-compat/launch/destroy.h"

#include <errno.h>
#include <signal.h>

#include <utility>
#include <vector>

#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "oci/spec_json.h"
#include "oci/state_document.h"
#include "plan/plan.h"
#include "policy/resolve.h"
#include "runc-compat/launch/hooks.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/launch/recorder.h"
#include "runc-compat/state/signal.h"
#include "runc-compat/state/status.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/intel_rdt.h"
#include "sandbox/pidfd.h"

namespace redoubt::launch {
namespace {

Error still_running() {
  return Error::state("container init still running");
}

// Init outside of every cgroup (rootless without delegation) or left by a create that died: nothing
// else would end it.
Status kill_init(const state::Record& record) {
  TRY_ASSIGN(const sandbox::ProcessIdentity init, state::init_of(record));
  Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified(init);
  if (!pidfd) {
    return pidfd.error().err() == ESRCH ? Status() : std::move(pidfd).error();
  }
  const Status sent = pidfd->send_signal(SIGKILL);
  if (!sent && sent.error().err() != ESRCH) {
    return sent;
  }
  TRY_ASSIGN(const bool exited, pidfd->wait_exit(kExitTimeoutMs));
  return exited ? Status() : still_running();
}

Result<bool> is_this_boot(const state::Record& record) {
  TRY_ASSIGN(const std::string boot_id, sandbox::read_boot_id());
  return boot_id == record.boot_id;
}

// The recorded path, but not known to be the container's: create died (or failed) before it made
// the cgroup or found it empty. What it may have made is empty and goes; what is populated belongs
// to somebody else and stays.
Status remove_unconfirmed_cgroup(const state::Record& record) {
  TRY_ASSIGN(const bool populated, sandbox::is_populated(record.cgroup_directory));
  // A systemd scope holds only init, which dies with its creator: it gets the time to do so.
  const bool may_empty = populated && !record.cgroup_unit.empty();
  if (populated && !may_empty) {
    return {};
  }
  const Status removed = sandbox::remove_cgroup(record.cgroup_directory, {}, record.rootless);
  if (!removed) {
    log::debug(concat("left alone: ", removed.error().message()));
    return {};
  }
  return record.cgroup_unit.empty()
             ? Status()
             : sandbox::remove_cgroup({}, record.cgroup_unit, record.rootless);
}

Status remove_cgroup(const state::Record& record) {
  TRY_ASSIGN(const bool current, is_this_boot(record));
  if (!current || (record.cgroup_directory.empty() && record.cgroup_unit.empty())) {
    return {};
  }
  TRY_ASSIGN(const bool owned, state::owns_cgroup(record));
  if (owned) {
    TRY(sandbox::kill_cgroup(record.cgroup_directory));
    return sandbox::remove_cgroup(record.cgroup_directory, record.cgroup_unit, record.rootless);
  }
  if (record.cgroup_inode == 0) {
    return remove_unconfirmed_cgroup(record);
  }
  // Gone, or made again by somebody else under the same name. systemd may still remember a unit
  // that has failed.
  Result<UniqueFd> directory = sandbox::open_cgroup(record.cgroup_directory);
  const bool gone = !directory && directory.error().err() == ENOENT;
  return gone && !record.cgroup_unit.empty()
             ? sandbox::remove_cgroup({}, record.cgroup_unit, record.rootless)
             : Status();
}

// The poststop hooks of the stored config.json, read before the directory goes.
Result<std::vector<plan::Hook>> poststop_hooks(const state::ContainerDir& dir) {
  TRY_ASSIGN(const std::string text,
             read_file_at(dir.fd(), state::kConfigFile, json::Limits().max_bytes));
  // Most containers have none, and then the document need not be decoded once more. A backslash
  // could spell the key otherwise.
  if (text.find("poststop") == std::string::npos && text.find('\\') == std::string::npos) {
    return std::vector<plan::Hook>();
  }
  TRY_ASSIGN(const json::Value document, json::parse(text, state::kConfigFile));
  TRY_ASSIGN(const oci::Spec spec, oci::parse_spec(document));
  return policy::resolve_hooks(spec.hooks, plan::HookKind::kPoststop);
}

// All of them run, whatever the others do (config.md, "Poststop"): their failures are warnings.
void run_poststop_hooks(const std::vector<plan::Hook>& hooks, const state::Record& record) {
  if (hooks.empty()) {
    return;
  }
  const std::string document =
      json::dump(oci::hook_state_document({.id = record.id,
                                           .status = "stopped",
                                           .bundle = record.bundle,
                                           .annotations = record.annotations}));
  for (const plan::Hook& hook : hooks) {
    const Status status = run_hooks(plan::HookKind::kPoststop, {hook}, document);
    if (!status) {
      log::warning(concat(quote(hook.path), ": ", status.error().message()));
    }
  }
}

}  // namespace

Status destroy_container(state::ContainerDir& dir, const state::Record& record) {
  TRY(kill_init(record));
  TRY(remove_cgroup(record).context("unable to remove container's cgroup"));
  if (!record.intel_rdt_path.empty()) {
    TRY(sandbox::remove_resctrl_group(record.intel_rdt_path)
            .context("unable to remove container's IntelRDT group"));
  }
  if (record.recorder_pid != 0) {
    finish_recorder(dir, record);
  }
  TRY(unshare_files(dir, record).context("unable to take the container's files from the machine of its pod"));
  const Result<std::vector<plan::Hook>> hooks = poststop_hooks(dir);
  TRY(dir.remove().context("unable to remove container state dir"));
  if (hooks) {
    run_poststop_hooks(*hooks, record);
  } else if (hooks.error().err() != ENOENT) {
    log::warning(concat("poststop hooks not run: ", hooks.error().message()));
  }
  return {};
}

Status kill_and_destroy_container(state::ContainerDir& dir, const state::Record& record) {
  ignore(state::signal_container(record, SIGKILL), "whoever survives is found by the wait");
  TRY_ASSIGN(const bool exited, state::wait_for_exit(record, kExitTimeoutMs));
  if (!exited) {
    return still_running();
  }
  return destroy_container(dir, record);
}

}  // namespace redoubt::launch
