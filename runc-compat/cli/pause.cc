#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/machine.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/signal.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::cli {
namespace {

Result<int> run_pause(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(const Container container,
             open_locked_container(globals, arguments.positional().at(0)));
  TRY_ASSIGN(const state::ContainerStatus status,
             state::status_of(container.dir, container.record));
  if (status != state::ContainerStatus::kRunning && status != state::ContainerStatus::kCreated) {
    return state::not_running();
  }
  TRY_ASSIGN(const std::string cgroup, cgroup_of(container.record));
  if (is_in_pod(container.record)) {
    TRY(ask_machine(container, vm::Op::kPause));
  }
  TRY(sandbox::set_frozen(cgroup, true));
  return 0;
}

}  // namespace

constinit const Verb kVerbPause = {
    .name = "pause",
    .group = VerbGroup::kControl,
    .arguments = "<container-id>",
    .summary = "suspend all processes of a container",
    .description =
        "The processes stay as they are, without running, until \"resume\" or a SIGKILL.",
    .examples = "redoubt pause web1",
    .min_args = 1,
    .max_args = 1,
    .run = run_pause,
};

}  // namespace redoubt::cli
