// Hooks: argv, environment, timeout. They run on the host or in the container as told by their
// kind.
#include <limits>

#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

constexpr int64_t kMillisecondsPerSecond = 1000;

struct HookList {
  plan::HookKind kind;
  const char* name;
  const std::vector<oci::Hook>* hooks;
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

Status add_hooks(const HookList& list, plan::Plan& plan) {
  for (size_t i = 0; i < list.hooks->size(); ++i) {
    TRY_ASSIGN(plan::Hook hook,
               resolve_hook((*list.hooks)[i]).context(indexed(concat("hooks.", list.name), i)));
    // It runs inside, in place of the process: without an environment of its own it has the
    // process'.
    if (list.kind == plan::HookKind::kStartContainer && hook.env.empty()) {
      hook.env = plan.process.env;
    }
    plan.hooks[static_cast<size_t>(list.kind)].push_back(std::move(hook));
  }
  return {};
}

}  // namespace

Status pass_hooks(const Request& request, plan::Plan& plan) {
  const oci::Hooks& hooks = request.spec.hooks;
  const HookList lists[] = {
      {plan::HookKind::kPrestart, "prestart", &hooks.prestart},
      {plan::HookKind::kCreateRuntime, "createRuntime", &hooks.create_runtime},
      {plan::HookKind::kCreateContainer, "createContainer", &hooks.create_container},
      {plan::HookKind::kStartContainer, "startContainer", &hooks.start_container},
      {plan::HookKind::kPoststart, "poststart", &hooks.poststart},
      {plan::HookKind::kPoststop, "poststop", &hooks.poststop},
  };
  for (const HookList& list : lists) {
    TRY(add_hooks(list, plan));
  }
  return {};
}

}  // namespace redoubt::policy
