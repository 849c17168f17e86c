#include "bpf/load/library.h"

#include <dlfcn.h>

#include "base/shared_library.h"
#include "base/str.h"

namespace redoubt::bpf {
namespace {

constexpr const char* kSoname = "libbpf.so.1";

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
      find_function(handle, "libbpf_set_print", lib.set_print) &&
      find_function(handle, "btf__load_vmlinux_btf", lib.load_vmlinux_btf) &&
      find_function(handle, "btf__type_cnt", lib.type_count) && find_function(handle, "btf__type_by_id", lib.type_by_id) &&
      find_function(handle, "btf__name_by_offset", lib.type_name) &&
      find_function(handle, "btf__free", lib.btf_free) &&
      find_function(handle, "bpf_object__open_mem", lib.object_open_mem) &&
      find_function(handle, "bpf_object__load", lib.object_load) &&
      find_function(handle, "bpf_object__close", lib.object_close) &&
      find_function(handle, "bpf_object__next_program", lib.next_program) &&
      find_function(handle, "bpf_object__next_map", lib.next_map) &&
      find_function(handle, "bpf_program__name", lib.program_name) &&
      find_function(handle, "bpf_program__set_autoload", lib.program_set_autoload) &&
      find_function(handle, "bpf_program__autoload", lib.program_autoload) &&
      find_function(handle, "bpf_program__attach_lsm", lib.attach_lsm) &&
      find_function(handle, "bpf_program__attach", lib.attach) &&
      find_function(handle, "bpf_program__fd", lib.program_fd) &&
      find_function(handle, "bpf_map__name", lib.map_name) &&
      find_function(handle, "bpf_map__fd", lib.map_fd) && find_function(handle, "bpf_map__pin", lib.map_pin) &&
      find_function(handle, "bpf_map__reuse_fd", lib.map_reuse_fd) &&
      find_function(handle, "bpf_link__pin", lib.link_pin) &&
      find_function(handle, "bpf_link__destroy", lib.link_destroy);
  return complete ? Result<BpfLibrary>(lib) : missing();
}

}  // namespace redoubt::bpf
