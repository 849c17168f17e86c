#include "bpf/load/library.h"

#include <dlfcn.h>

#include "base/str.h"

namespace redoubt::bpf {
namespace {

constexpr const char* kSoname = "libbpf.so.1";

template <typename Function>
bool resolve(void* handle, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(handle, name));
  return out != nullptr;
}

Error missing() {
  const char* reason = dlerror();
  return Error::unsupported(
      concat(reason != nullptr ? reason : kSoname, "; install libbpf1"));
}

}  // namespace

Result<BpfLibrary> load_bpf_library() {
  void* handle = dlopen(kSoname, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return missing();
  }
  BpfLibrary lib;
  const bool complete =
      resolve(handle, "libbpf_set_print", lib.set_print) &&
      resolve(handle, "btf__load_vmlinux_btf", lib.load_vmlinux_btf) &&
      resolve(handle, "btf__find_by_name_kind", lib.find_type) &&
      resolve(handle, "btf__free", lib.btf_free) &&
      resolve(handle, "bpf_object__open_mem", lib.object_open_mem) &&
      resolve(handle, "bpf_object__load", lib.object_load) &&
      resolve(handle, "bpf_object__close", lib.object_close) &&
      resolve(handle, "bpf_object__next_program", lib.next_program) &&
      resolve(handle, "bpf_object__next_map", lib.next_map) &&
      resolve(handle, "bpf_program__name", lib.program_name) &&
      resolve(handle, "bpf_program__set_autoload", lib.program_set_autoload) &&
      resolve(handle, "bpf_program__autoload", lib.program_autoload) &&
      resolve(handle, "bpf_program__attach_lsm", lib.attach_lsm) &&
      resolve(handle, "bpf_program__attach", lib.attach) &&
      resolve(handle, "bpf_program__fd", lib.program_fd) &&
      resolve(handle, "bpf_map__name", lib.map_name) &&
      resolve(handle, "bpf_map__fd", lib.map_fd) && resolve(handle, "bpf_map__pin", lib.map_pin) &&
      resolve(handle, "bpf_map__reuse_fd", lib.map_reuse_fd) &&
      resolve(handle, "bpf_link__pin", lib.link_pin) &&
      resolve(handle, "bpf_link__destroy", lib.link_destroy);
  return complete ? Result<BpfLibrary>(lib) : missing();
}

}  // namespace redoubt::bpf
