// Hooks: argv, environment, timeout. They run on the host or in the container as told by their
// kind.
#include <limits>

#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr int64_t kMillisecondsPerSecond = 1000;

struct HookList {
  const char* name;
  std::vector<oci::Hook> oci::Hooks::*hooks;
};

// In the order of plan::HookKind.
constexpr HookList kLists[plan::kHookKinds] = {
    {"prestart", &oci::Hooks::prestart},
    {"createRuntime", &oci::Hooks::create_runtime},
    {"createContainer", &oci::Hooks::create_container},
    {"startContainer", &oci::Hooks::start_container},
    {"poststart", &oci::Hooks::poststart},
    {"poststop", &oci::Hooks::poststop},
};

Result<plan::Hook> resolve_hook(const oci::Hook& hook) {
  plan::Hook result;
  result.path = hook.path;
  result.args = hook.args;
  if (result.args.empty()) {
    result.args.push_back(hook.path);
  }
  result.env = hook.env.value_or(std::vector<std::string>());
  if (hook.timeout) {
    if (*hook.timeout <= 0 ||
        *hook.timeout > std::numeric_limits<int64_t>::max() / kMillisecondsPerSecond) {
      return Error::invalid(
          concat("timeout ", *hook.timeout, ": must be a positive number of seconds"));
    }
    result.timeout_ms = *hook.timeout * kMillisecondsPerSecond;
  }
  return result;
}

}  // namespace

Result<std::vector<plan::Hook>> resolve_hooks(const oci::Hooks& hooks,
                                              plan::HookKind kind,
                                              const std::vector<std::string>& process_env) {
  const HookList& list = kLists[static_cast<size_t>(kind)];
  std::vector<plan::Hook> result;
  for (const oci::Hook& entry : hooks.*list.hooks) {
    TRY_ASSIGN(plan::Hook hook,
               resolve_hook(entry).context(indexed(concat("hooks.", list.name), result.size())));
    // It runs inside, in place of the process: without an environment of its own it has the
    // process'.
    if (kind == plan::HookKind::kStartContainer && hook.env.empty()) {
      hook.env = process_env;
    }
    result.push_back(std::move(hook));
  }
  return result;
}

Status pass_hooks(const Request& request, plan::Plan& plan) {
  for (size_t kind = 0; kind < plan::kHookKinds; ++kind) {
    TRY_ASSIGN(
        plan.hooks[kind],
        resolve_hooks(request.spec.hooks, static_cast<plan::HookKind>(kind), plan.process.env));
  }
  return {};
}

}  // namespace redoubt::policy
