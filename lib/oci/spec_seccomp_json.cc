// The seccomp object: config-linux.md, "Seccomp".
#include "oci/spec_decode.h"

namespace redoubt::oci {
void decode(const Cursor& at, SeccompArg& out) {
  Fields(at)
      .read("index", out.index)
      .read("value", out.value)
      .read("valueTwo", out.value_two)
      .read("op", out.op);
}

void decode(const Cursor& at, SeccompSyscall& out) {
  Fields(at)
      .read("names", out.names)
      .read("action", out.action)
      .read("errnoRet", out.errno_ret)
      .read("args", out.args);
}

void decode(const Cursor& at, Seccomp& out) {
  Fields(at)
      .read("defaultAction", out.default_action)
      .read("defaultErrnoRet", out.default_errno_ret)
      .read("architectures", out.architectures)
      .read("flags", out.flags)
      .read("listenerPath", out.listener_path)
      .read("listenerMetadata", out.listener_metadata)
      .read("syscalls", out.syscalls);
}

}  // namespace redoubt::oci
