#include "base/json.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/document.h"

namespace redoubt::cli {
namespace {

Result<int> run_state(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(const Container container, open_container(globals, arguments.positional().at(0)));
  TRY_ASSIGN(const oci::StateDocument document,
             state::document_of(container.dir, container.record));
  TRY(print(json::dump(oci::state_document(document), json::Layout::kIndent2)));
  return 0;
}

}  // namespace

constinit const Verb kVerbState = {
    .name = "state",
    .group = VerbGroup::kInspect,
    .arguments = "<container-id>",
    .summary = "print the state of a container",
    .description =
        "One JSON object: id, pid (0 when stopped), status (creating, created, running, paused or\n"
        "stopped), bundle, rootfs, time of creation and annotations.",
    .examples = "redoubt state web1",
    .min_args = 1,
    .max_args = 1,
    .quiet = true,
    .run = run_state,
};

}  // namespace redoubt::cli
