// SeccompLibrary: the few functions of libseccomp.so.2 that the compiler needs, resolved at run
// time.
//
// Why dlopen: mapping and relocating the library costs every start about as much as a fork, and the
// compiled program is nearly always cached. Never called after clone (a lazy load would come from
// the container's root, CVE-2019-14271). The library stays mapped until the process ends.
#ifndef REDOUBT_SANDBOX_SECCOMP_LIBRARY_H_
#define REDOUBT_SANDBOX_SECCOMP_LIBRARY_H_

#include <memory>
#include <string>

#include <seccomp.h>

#include "base/result.h"

namespace redoubt::sandbox {

struct SeccompLibrary {
  decltype(&::seccomp_init) init = nullptr;
  decltype(&::seccomp_release) release = nullptr;
  decltype(&::seccomp_version) version = nullptr;
  decltype(&::seccomp_arch_native) arch_native = nullptr;
  decltype(&::seccomp_arch_resolve_name) arch_resolve_name = nullptr;
  decltype(&::seccomp_arch_add) arch_add = nullptr;
  decltype(&::seccomp_arch_remove) arch_remove = nullptr;
  decltype(&::seccomp_attr_set) attr_set = nullptr;
  decltype(&::seccomp_syscall_resolve_name) syscall_resolve_name = nullptr;
  decltype(&::seccomp_syscall_resolve_name_arch) syscall_resolve_name_arch = nullptr;
  decltype(&::seccomp_syscall_resolve_num_arch) syscall_resolve_num_arch = nullptr;
  decltype(&::seccomp_rule_add_array) rule_add_array = nullptr;
  decltype(&::seccomp_export_bpf) export_bpf = nullptr;
  std::string path;  // of the file that was mapped
};

Result<SeccompLibrary> load_seccomp_library();

struct ScmpFilterDeleter {
  decltype(&::seccomp_release) release = nullptr;
  void operator()(void* context) const { release(context); }
};
// Owns an scmp_filter_ctx.
using ScmpFilter = std::unique_ptr<void, ScmpFilterDeleter>;

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_LIBRARY_H_
