#include "bpf/load/program_object.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/maps/kernel.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

constexpr std::string_view kPrefix = "redoubt_";

// Not those that libbpf makes of an object's constants (".rodata"): they are the object's alone.
bool is_shared(std::string_view map) {
  return map.find('.') == std::string_view::npos;
}

}  // namespace

std::string_view without_prefix(std::string_view name) {
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

Status make_pin_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", path));
  }
  return {};
}

Result<FunctionNames> kernel_functions(const BpfLibrary& lib, const FunctionNames& names) {
  const Btf types(lib.load_vmlinux_btf(), {lib.btf_free});
  if (!types) {
    return failed(errno, "read the types of the kernel (CONFIG_DEBUG_INFO_BTF)");
  }
  FunctionNames found;
  const uint32_t count = lib.type_count(types.get());
  for (uint32_t id = 1; id < count; ++id) {
    const btf_type* type = lib.type_by_id(types.get(), id);
    if (!btf_is_func(type)) {
      continue;
    }
    const std::string_view name = lib.type_name(types.get(), type->name_off);
    if (names.contains(name)) {
      found.emplace(name);
    }
  }
  return found;
}

Result<ProgramObject> ProgramObject::open(const BpfLibrary& lib, std::string_view bytes) {
  if (bytes.empty()) {
    return Error::unsupported("this build has no BPF programs (REDOUBT_BPF=OFF)");
  }
  BpfObject object(lib.object_open_mem(bytes.data(), bytes.size(), nullptr), {lib.object_close});
  if (!object) {
    return failed(errno, "open the BPF object");
  }
  ProgramObject opened(lib, std::move(object));
  TRY(opened.share_maps());
  return opened;
}

Status ProgramObject::share_maps() {
  bpf_map* map = nullptr;
  while ((map = lib_.next_map(object_.get(), map)) != nullptr) {
    const std::string name(without_prefix(lib_.map_name(map)));
    if (!is_shared(name)) {
      continue;
    }
    Result<UniqueFd> pinned = open_pinned(map_pin(name), false);
    if (!pinned && pinned.error().err() != ENOENT) {
      return std::move(pinned).error();
    }
    if (pinned && lib_.map_reuse_fd(map, pinned->get()) != 0) {
      return failed(errno, concat("share the BPF map ", name));
    }
  }
  return {};
}

std::vector<std::string_view> ProgramObject::names() const {
  std::vector<std::string_view> names;
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    names.push_back(without_prefix(lib_.program_name(program)));
  }
  return names;
}

int ProgramObject::program_fd(std::string_view name) const {
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    if (without_prefix(lib_.program_name(program)) == name) {
      return lib_.program_fd(program);
    }
  }
  return -1;
}

void ProgramObject::choose(const std::function<bool(std::string_view)>& is_wanted) {
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    if (!is_wanted(without_prefix(lib_.program_name(program)))) {
      lib_.program_set_autoload(program, false);
    }
  }
}

Status ProgramObject::load() {
  return lib_.object_load(object_.get()) == 0 ? Status() : Status(failed(errno, "load the BPF programs"));
}

Status ProgramObject::attach(const std::function<Status(std::string_view, bpf_program*)>& attach_one) {
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    if (lib_.program_autoload(program)) {
      TRY(attach_one(without_prefix(lib_.program_name(program)), program));
    }
  }
  return {};
}

Status ProgramObject::pin_maps() {
  TRY(make_pin_directory(map_directory()));
  bpf_map* map = nullptr;
  while ((map = lib_.next_map(object_.get(), map)) != nullptr) {
    const std::string name(without_prefix(lib_.map_name(map)));
    if (name != "meta" && is_shared(name) && !open_pinned(map_pin(name), false) && lib_.map_pin(map, map_pin(name).c_str()) != 0) {
      return failed(errno, concat("pin the BPF map ", name));
    }
  }
  return {};
}

bpf_map* ProgramObject::find_map(std::string_view name) const {
  bpf_map* map = nullptr;
  while ((map = lib_.next_map(object_.get(), map)) != nullptr && without_prefix(lib_.map_name(map)) != name) {
  }
  return map;
}

Status ProgramObject::pin_links(const std::string& set) {
  TRY(settle_links(set));
  const std::string fresh = new_link_directory(set);
  TRY(make_pin_directory(fresh));
  for (auto& [name, link] : links_) {
    if (lib_.link_pin(link.get(), concat(fresh, "/", name).c_str()) != 0) {
      return failed(errno, concat("pin the program of ", name));
    }
  }
  return swap_links(set);
}

}  // namespace redoubt::bpf
