#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/machine.h"
#include "runc-compat/cli/verbs.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::cli {
namespace {

Result<int> run_resume(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(const Container container,
             open_locked_container(globals, arguments.positional().at(0)));
  TRY_ASSIGN(const state::ContainerStatus status,
             state::status_of(container.dir, container.record));
  if (status != state::ContainerStatus::kPaused) {
    return Error::state("container not paused");
  }
  TRY_ASSIGN(const std::string cgroup, cgroup_of(container.record));
  if (is_in_pod(container.record)) {
    TRY(ask_machine(container, vm::Op::kResume));
  }
  TRY(sandbox::set_frozen(cgroup, false));
  return 0;
}

}  // namespace

constinit const Verb kVerbResume = {
    .name = "resume",
    .group = VerbGroup::kControl,
    .arguments = "<container-id>",
    .summary = "let the processes of a paused container run again",
    .description = "The opposite of \"pause\".",
    .examples = "redoubt resume web1",
    .min_args = 1,
    .max_args = 1,
    .run = run_resume,
};

}  // namespace redoubt::cli
