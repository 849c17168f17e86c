#include "base/str.h"
#include "runc-compat/cli/create_flags.h"
#include "runc-compat/cli/global_flags.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr Flag kCreateFlags[] = {kBundleFlag,
                           kConsoleSocketFlag,
                           kPidfdSocketFlag,
                           kPidFileFlag,
                           kNoPivotFlag,
                           kNoNewKeyringFlag,
                           kPreserveFdsFlag};

Result<int> create(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(const launch::CreateOptions options, create_options(globals, arguments));
  TRY(create_private_root(globals));
  TRY(launch::create_container(options));
  return 0;
}

Result<int> run_create(const Globals& globals, const Arguments& arguments) {
  return create(globals, arguments).context(concat(globals.program_name, " create failed"));
}

}  // namespace

constinit const Verb kVerbCreate = {
    .name = "create",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id>",
    .summary = "create a container",
    .description =
        "Sets a container up from a bundle: a directory with a config.json and usually the root "
        "file\n"
        "system. Everything is in place when the command returns, but the container's own program\n"
        "waits until \"start\". The id may have letters, digits and the characters _ + - and dot.",
    .examples = "redoubt create --bundle /containers/web1 --pid-file /run/web1.pid web1",
    .flags = kCreateFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_create,
};

}  // namespace redoubt::cli
