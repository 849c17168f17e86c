// The global flags: their table, and what they come to on this machine.
#ifndef REDOUBT_CLI_GLOBAL_FLAGS_H_
#define REDOUBT_CLI_GLOBAL_FLAGS_H_

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

// Accepted before and after the verb.
std::span<const Flag> global_flags();
// Accepted before the verb only: --version.
std::span<const Flag> root_only_flags();

// What the defaults depend on. Absent and empty variables are the same: conmon sets XDG_RUNTIME_DIR
// to nothing for root.
struct Environment {
  uid_t euid = 0;
  std::string xdg_runtime_dir, user;
  bool (*in_user_namespace)() = nullptr;
  Result<std::string> (*current_directory)() = nullptr;
};

Environment host_environment();

// "/run/redoubt/runc-style/web1" -> "web1".
std::string_view base_name(std::string_view path);

// Where records go and which of them. A verb whose output is parsed together with stderr is
// `quiet`.
Result<log::Config> resolve_log(const Arguments& globals, std::string_view program, bool quiet);

Result<Globals> resolve_globals(const Arguments& globals,
                                std::string_view argv0,
                                const Environment& environment);

// Makes the default directory below $XDG_RUNTIME_DIR, 0700 and sticky, so that periodic cleaners
// leave it alone. Does nothing for any other root. Called before a container is created.
Status create_private_root(const Globals& globals);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_GLOBAL_FLAGS_H_
