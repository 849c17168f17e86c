// cli::Globals: what the global flags say, resolved once and handed to every verb.
//
// The root directory is final here (absolute, never "/"), the log sink is already configured.
// Filled by global_flags.h.
#ifndef REDOUBT_CLI_GLOBALS_H_
#define REDOUBT_CLI_GLOBALS_H_

#include <string>

#include "runc-compat/launch/launch.h"

namespace redoubt::cli {

struct Globals {
  std::string program_name = "redoubt";  // base name of argv[0]: "redoubt", "runc"
  std::string argv0 = "redoubt";         // as typed: usage errors start with it
  launch::RuntimeOptions runtime;
  bool root_is_default = true;  // no --root: a missing directory is an empty list, not an error
  bool root_is_private =
      false;  // the default below $XDG_RUNTIME_DIR: create makes it, 0700 and sticky
  bool cgroup_disabled =
      false;  // --cgroup-manager disabled: refused where a container would be made
  bool debug = false;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_GLOBALS_H_
