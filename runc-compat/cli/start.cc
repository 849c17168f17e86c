#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/launch.h"

namespace redoubt::cli {
namespace {

Result<int> run_start(const Globals& globals, const Arguments& arguments) {
  TRY(launch::start_container(globals.runtime, arguments.positional().at(0)));
  return 0;
}

}  // namespace

constinit const Verb kVerbStart = {
    .name = "start",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id>",
    .summary = "start the program of a created container",
    .description = "Lets the program of a container that \"create\" has set up run.",
    .examples = "redoubt start web1",
    .min_args = 1,
    .max_args = 1,
    .run = run_start,
};

}  // namespace redoubt::cli
