#include "bpf/load/loader.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/io.h"
#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/load/hooks.h"
#include "bpf/maps/kernel.h"
#include "bpf/load/library.h"
#include "bpf/load/object.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

constexpr std::string_view kPrefix = "redoubt_";

std::string_view without_prefix(std::string_view name) {
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", path));
  }
  return {};
}

Status ensure_file_system() {
  struct statfs fs {};
  if (::statfs(kBpfFileSystem, &fs) == 0 && fs.f_type == BPF_FS_MAGIC) {
    return {};
  }
  if (::mount("bpf", kBpfFileSystem, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0) {
    return Error::system(errno, concat("mount a BPF file system at ", kBpfFileSystem));
  }
  return {};
}

// The one program that is not of an LSM hook. The set goes without it where the kernel has no such
// function (CONFIG_AUDITSYSCALL) or attaches nothing to functions.
constexpr std::string_view kFilterFunction = "audit_seccomp";

class Loading {
 public:
  explicit Loading(const BpfLibrary& lib) : lib_(lib), object_(nullptr, {lib.object_close}) {}

  Status run() {
    if (!prepare(true)) {
      TRY(prepare(false));
    }
    TRY(attach());
    TRY(pin_maps());
    TRY(pin_links());
    TRY(publish());
    return settle_links();
  }

 private:
  Status prepare(bool sees_filters) {
    TRY(open());
    TRY(share_maps());
    TRY(choose_programs(sees_filters));
    return lib_.object_load(object_.get()) == 0 ? Status()
                                                : Status(failed(errno, "load the BPF programs"));
  }

  Status open() {
    const auto size = static_cast<size_t>(redoubt_bpf_object_end - redoubt_bpf_object);
    if (size == 0) {
      return Error::unsupported("this build has no BPF programs (REDOUBT_BPF=OFF)");
    }
    object_.reset(lib_.object_open_mem(redoubt_bpf_object, size, nullptr));
    return object_ ? Status() : Status(failed(errno, "open the BPF object"));
  }

  // The maps of a set of the same ABI go on: the marks of running containers are in them.
  Status share_maps() {
    bpf_map* map = nullptr;
    while ((map = lib_.next_map(object_.get(), map)) != nullptr) {
      const std::string name(without_prefix(lib_.map_name(map)));
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

  // Leaves out the hooks that this kernel does not have.
  Status choose_programs(bool sees_filters) {
    const Btf types(lib_.load_vmlinux_btf(), {lib_.btf_free});
    if (!types) {
      return failed(errno, "read the types of the kernel (CONFIG_DEBUG_INFO_BTF)");
    }
    bpf_program* program = nullptr;
    while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
      const std::string hook(without_prefix(lib_.program_name(program)));
      const bool is_function = hook == kFilterFunction;
      const std::string function = is_function ? hook : concat("bpf_lsm_", hook);
      const bool exists = lib_.find_type(types.get(), function.c_str(), BTF_KIND_FUNC) >= 0;
      if (is_function ? !exists || !sees_filters : !exists && !is_essential_hook(hook)) {
        lib_.program_set_autoload(program, false);
      }
    }
    return {};
  }

  Status attach() {
    bpf_program* program = nullptr;
    while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
      if (!lib_.program_autoload(program)) {
        continue;
      }
      const std::string hook(without_prefix(lib_.program_name(program)));
      const bool is_function = hook == kFilterFunction;
      BpfLink link(is_function ? lib_.attach(program) : lib_.attach_lsm(program), {lib_.link_destroy});
      if (!link && is_function) {
        continue;
      }
      meta_.sees_filters |= is_function ? 1 : 0;
      if (!link) {
        return failed(errno, concat("attach to the LSM hook ", hook));
      }
      meta_.surfaces |= surfaces_of_hook(hook);
      ++meta_.programs;
      links_.emplace_back(hook, std::move(link));
    }
    return {};
  }

  Status pin_maps() {
    TRY(make_directory(map_directory()));
    bpf_map* map = nullptr;
    while ((map = lib_.next_map(object_.get(), map)) != nullptr) {
      const std::string name(without_prefix(lib_.map_name(map)));
      if (name == "meta") {
        meta_map_ = map;
      } else if (!open_pinned(map_pin(name), false) &&
                 lib_.map_pin(map, map_pin(name).c_str()) != 0) {
        return failed(errno, concat("pin the BPF map ", name));
      }
    }
    return {};
  }

  // In a directory of their own first, so that the old set goes only when the new one is whole. What
  // is left of a load that was killed may be all that is in force, so it goes only now, when this
  // set is attached.
  Status pin_links() {
    TRY(settle_links());
    const std::string fresh = new_link_directory();
    TRY(make_directory(fresh));
    for (auto& [hook, link] : links_) {
      if (lib_.link_pin(link.get(), concat(fresh, "/", hook).c_str()) != 0) {
        return failed(errno, concat("pin the program of ", hook));
      }
    }
    return swap_links();
  }

  Status publish() {
    meta_.abi = REDOUBT_BPF_ABI;
    meta_.loaded = static_cast<uint64_t>(::time(nullptr));
    ::strncpy(meta_.version, REDOUBT_VERSION, sizeof meta_.version - 1);
    const uint32_t zero = 0;
    TRY(update(lib_.map_fd(meta_map_), &zero, &meta_));
    if (!open_pinned(map_pin("meta"), false) &&
        lib_.map_pin(meta_map_, map_pin("meta").c_str()) != 0) {
      return failed(errno, "pin the BPF map meta");
    }
    return {};
  }

  const BpfLibrary& lib_;
  BpfObject object_;
  std::vector<std::pair<std::string, BpfLink>> links_;
  bpf_map* meta_map_ = nullptr;
  redoubt_meta meta_ = {};
};

}  // namespace

Status attach_programs(bool verbose) {
  TRY_ASSIGN(const BpfLibrary lib, load_bpf_library());
  keep_complaints(lib, verbose);
  const bool is_first = !read_meta();
  TRY(ensure_file_system());
  TRY(make_directory(kAllPins));
  TRY(make_directory(pin_directory()));
  Status loaded = Loading(lib).run();
  if (!loaded) {
    ignore(is_first ? remove_pins(pin_directory()) : settle_links(),
           "the failure before is the one to report");
  }
  return loaded;
}

}  // namespace redoubt::bpf
