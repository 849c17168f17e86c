#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/checkpoint_flags.h"
#include "runc-compat/cli/create_flags.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr Flag kRestoreFlags[] = {
    kBundleFlag,
    kDetachFlag,
    {.name = "image-path",
     .placeholder = "DIR",
     .default_text = "./checkpoint",
     .help = "directory with the images"},
    kWorkPathFlag,
    kConsoleSocketFlag,
    kPidFileFlag,
    kNoSubreaperFlag,
    kNoPivotFlag,
    kTcpEstablishedFlag,
    kExtUnixSkFlag,
    kShellJobFlag,
    kFileLocksFlag,
    kManageCgroupsModeFlag,
    kEmptyNsFlag,
    kAutoDedupFlag,
    {.name = "lazy-pages",
     .kind = FlagKind::kBool,
     .help = "fetch memory pages when they are first used"},
    {.name = "lsm-profile",
     .placeholder = "TYPE:NAME",
     .help = "LSM profile of the restored processes"},
    {.name = "lsm-mount-context",
     .placeholder = "CONTEXT",
     .help = "LSM context of the restored mounts"},
};

Result<int> run_restore(const Globals& /*globals*/, const Arguments& /*arguments*/) {
  return Error::unsupported("restore: not supported by this build of redoubt");
}

}  // namespace

constinit const Verb kVerbRestore = {
    .name = "restore",
    .group = VerbGroup::kCheckpoint,
    .arguments = "<container-id>",
    .summary = "restore a saved container (not supported by this build)",
    .description =
        "Takes the options of runc, checks them and fails: this build cannot restore "
        "containers.",
    .flags = kRestoreFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_restore,
};

}  // namespace redoubt::cli
