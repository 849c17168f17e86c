// Hooks: config.md, "POSIX-platform hooks".
#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr int64_t kMaxTimeout = INT64_MAX / 1000000000;  // s; runc counts in nanoseconds

Status validate_list(const std::vector<Hook>& hooks, std::string_view kind) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    const Hook& hook = hooks[i];
    const std::string field = indexed(concat("hooks.", kind), i);
    TRY(validate_absolute(hook.path, field + ".path"));
    if (hook.timeout && (*hook.timeout <= 0 || *hook.timeout > kMaxTimeout)) {
      return refuse(field + ".timeout",
                    concat(*hook.timeout, ": must be a positive number of seconds"));
    }
  }
  return {};
}

}  // namespace

Status validate_hooks(const Hooks& hooks) {
  TRY(validate_list(hooks.prestart, "prestart"));
  TRY(validate_list(hooks.create_runtime, "createRuntime"));
  TRY(validate_list(hooks.create_container, "createContainer"));
  TRY(validate_list(hooks.start_container, "startContainer"));
  TRY(validate_list(hooks.poststart, "poststart"));
  return validate_list(hooks.poststop, "poststop");
}

}  // namespace redoubt::oci
