// BpfLibrary: the functions of libbpf.so.1 that loading the set needs, resolved at run time: only
// `bpf load` and the first container after boot ever map it. Never called after clone.
#ifndef REDOUBT_BPF_LOAD_LIBRARY_H_
#define REDOUBT_BPF_LOAD_LIBRARY_H_

#include <memory>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/result.h"

namespace redoubt::bpf {

struct BpfLibrary {
  decltype(&::libbpf_set_print) set_print = nullptr;
  decltype(&::btf__load_vmlinux_btf) load_vmlinux_btf = nullptr;
  decltype(&::btf__type_cnt) type_count = nullptr;
  decltype(&::btf__type_by_id) type_by_id = nullptr;
  decltype(&::btf__name_by_offset) type_name = nullptr;
  decltype(&::btf__free) btf_free = nullptr;
  decltype(&::bpf_object__open_mem) object_open_mem = nullptr;
  decltype(&::bpf_object__load) object_load = nullptr;
  decltype(&::bpf_object__close) object_close = nullptr;
  decltype(&::bpf_object__next_program) next_program = nullptr;
  decltype(&::bpf_object__next_map) next_map = nullptr;
  decltype(&::bpf_program__name) program_name = nullptr;
  decltype(&::bpf_program__set_autoload) program_set_autoload = nullptr;
  decltype(&::bpf_program__autoload) program_autoload = nullptr;
  decltype(&::bpf_program__attach_lsm) attach_lsm = nullptr;
  decltype(&::bpf_program__attach) attach = nullptr;
  decltype(&::bpf_program__fd) program_fd = nullptr;
  decltype(&::bpf_map__name) map_name = nullptr;
  decltype(&::bpf_map__fd) map_fd = nullptr;
  decltype(&::bpf_map__pin) map_pin = nullptr;
  decltype(&::bpf_map__reuse_fd) map_reuse_fd = nullptr;
  decltype(&::bpf_link__pin) link_pin = nullptr;
  decltype(&::bpf_link__destroy) link_destroy = nullptr;
};

Result<BpfLibrary> load_bpf_library();

struct BtfDeleter {
  decltype(&::btf__free) free = nullptr;
  void operator()(btf* types) const { free(types); }
};
using Btf = std::unique_ptr<btf, BtfDeleter>;

struct BpfObjectDeleter {
  decltype(&::bpf_object__close) close = nullptr;
  void operator()(bpf_object* object) const { close(object); }
};
using BpfObject = std::unique_ptr<bpf_object, BpfObjectDeleter>;

struct BpfLinkDeleter {
  decltype(&::bpf_link__destroy) destroy = nullptr;
  void operator()(bpf_link* link) const { destroy(link); }
};
// Detaches the program, unless it is pinned.
using BpfLink = std::unique_ptr<bpf_link, BpfLinkDeleter>;

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_LIBRARY_H_
