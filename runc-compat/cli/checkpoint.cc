#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/checkpoint_flags.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr Flag kCheckpointFlags[] = {
    {.name = "image-path",
     .placeholder = "DIR",
     .default_text = "./checkpoint",
     .help = "directory for the images"},
    kWorkPathFlag,
    {.name = "parent-path",
     .placeholder = "DIR",
     .help = "directory of the previous pre-dump, relative to the image path"},
    {.name = "leave-running",
     .kind = FlagKind::kBool,
     .help = "let the container run on after the checkpoint"},
    kTcpEstablishedFlag,
    {.name = "tcp-skip-in-flight",
     .kind = FlagKind::kBool,
     .help = "skip TCP connections that are being set up"},
    {.name = "link-remap",
     .kind = FlagKind::kBool,
     .help = "keep unlinked files that are still open"},
    kExtUnixSkFlag,
    kShellJobFlag,
    {.name = "lazy-pages",
     .kind = FlagKind::kBool,
     .help = "serve memory pages to a restore that asks for them"},
    {.name = "status-fd",
     .kind = FlagKind::kInt,
     .placeholder = "FD",
     .default_text = "-1",
     .help = "descriptor that is told when the page server is ready"},
    {.name = "page-server",
     .placeholder = "ADDRESS:PORT",
     .help = "send memory pages to a page server"},
    kFileLocksFlag,
    {.name = "pre-dump",
     .kind = FlagKind::kBool,
     .help = "save memory only and let the container run on"},
    kManageCgroupsModeFlag,
    kEmptyNsFlag,
    kAutoDedupFlag,
};

Result<int> run_checkpoint(const Globals& /*globals*/, const Arguments& /*arguments*/) {
  return Error::unsupported("checkpoint: not supported by this build of redoubt");
}

}  // namespace

constinit const Verb kVerbCheckpoint = {
    .name = "checkpoint",
    .group = VerbGroup::kCheckpoint,
    .arguments = "<container-id>",
    .summary = "save a running container (not supported by this build)",
    .description =
        "Takes the options of runc, checks them and fails: this build cannot save containers.\n"
        "\"features\" says so as well (org.opencontainers.runc.checkpoint.enabled).",
    .flags = kCheckpointFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_checkpoint,
};

}  // namespace redoubt::cli
