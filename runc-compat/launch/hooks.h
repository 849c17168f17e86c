// Hooks of the runtime's side: prestart, createRuntime, poststart, poststop (config.md,
// "POSIX-platform Hooks"). Each runs in a session of its own with the state document on stdin and
// exactly the environment that config.json gives; a timeout kills the whole group. createContainer
// and startContainer are run by init (lib/init/child/step_hooks.cc).
#ifndef REDOUBT_LAUNCH_HOOKS_H_
#define REDOUBT_LAUNCH_HOOKS_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::launch {

// "prestart", "createRuntime" ...
std::string_view hook_kind_name(plan::HookKind kind);

// Runs the hooks of one kind in order; the first failure stops: "error running createRuntime hook
// #0: exit status 3, stdout: , stderr: ...".
Status run_hooks(plan::HookKind kind,
                 const std::vector<plan::Hook>& hooks,
                 const std::string& state_json);

// The words for a hook's end. `wait_status` as of waitpid(2); kHookTimedOut for a timeout of
// `timeout_ms`.
inline constexpr int kHookTimedOut = -1;
Error hook_error(plan::HookKind kind,
                 int index,
                 int wait_status,
                 int64_t timeout_ms,
                 const std::string& out,
                 const std::string& err);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_HOOKS_H_
