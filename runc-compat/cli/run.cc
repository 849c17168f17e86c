#include "base/str.h"
#include "runc-compat/cli/create_flags.h"
#include "runc-compat/cli/global_flags.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr Flag kRunFlags[] = {
    kBundleFlag,
    kDetachFlag,
    {.name = "keep",
     .kind = FlagKind::kBool,
     .help = "leave the container's state for \"delete\" when its process has ended"},
    kConsoleSocketFlag,
    kPidfdSocketFlag,
    kPidFileFlag,
    kNoSubreaperFlag,
    kNoPivotFlag,
    kNoNewKeyringFlag,
    kPreserveFdsFlag};

Result<int> run_foreground_or_detached(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(launch::CreateOptions options, create_options(globals, arguments));
  options.detach = arguments.flag("detach");
  options.keep = arguments.flag("keep");
  options.no_subreaper = arguments.flag("no-subreaper");
  TRY(create_private_root(globals));
  return launch::run_container(options);
}

Result<int> run_run(const Globals& globals, const Arguments& arguments) {
  return run_foreground_or_detached(globals, arguments)
      .context(concat(globals.program_name, " run failed"));
}

}  // namespace

constinit const Verb kVerbRun = {
    .name = "run",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id>",
    .summary = "create and run a container",
    .description =
        "Creates a container from a bundle and starts its program. In the foreground the command "
        "waits,\n"
        "passes signals on, removes the container at the end and exits with the program's status, "
        "or\n"
        "with 128 plus the number of the signal that ended it.",
    .examples =
        "redoubt run --bundle /containers/web1 web1\n"
        "redoubt run --detach --pid-file /run/web1.pid web1",
    .flags = kRunFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_run,
};

}  // namespace redoubt::cli
