#include "sandbox/seccomp_library.h"

#include <dlfcn.h>

#include "base/shared_library.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr const char* kSoname = "libseccomp.so.2";

Error missing(const char* what) {
  const char* reason = dlerror();
  return Error::unsupported(concat("seccomp: ",
                                   what,
                                   ": ",
                                   reason != nullptr ? reason : "not found",
                                   "; install libseccomp 2.5 or newer"));
}

}  // namespace

Result<SeccompLibrary> load_seccomp_library() {
  void* handle = dlopen(kSoname, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return missing(kSoname);
  }
  SeccompLibrary lib;
  const bool complete =
      find_function(handle, "seccomp_init", lib.init) &&
      find_function(handle, "seccomp_release", lib.release) &&
      find_function(handle, "seccomp_version", lib.version) &&
      find_function(handle, "seccomp_arch_native", lib.arch_native) &&
      find_function(handle, "seccomp_arch_resolve_name", lib.arch_resolve_name) &&
      find_function(handle, "seccomp_arch_add", lib.arch_add) &&
      find_function(handle, "seccomp_arch_remove", lib.arch_remove) &&
      find_function(handle, "seccomp_attr_set", lib.attr_set) &&
      find_function(handle, "seccomp_syscall_resolve_name", lib.syscall_resolve_name) &&
      find_function(handle, "seccomp_syscall_resolve_name_arch", lib.syscall_resolve_name_arch) &&
      find_function(handle, "seccomp_syscall_resolve_num_arch", lib.syscall_resolve_num_arch) &&
      find_function(handle, "seccomp_rule_add_array", lib.rule_add_array) &&
      find_function(handle, "seccomp_export_bpf", lib.export_bpf);
  if (!complete) {
    return missing(kSoname);
  }
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(lib.init), &info) != 0 && info.dli_fname != nullptr) {
    lib.path = info.dli_fname;
  }
  return lib;
}

}  // namespace redoubt::sandbox
