#include "bpf/load/loader.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/load/hooks.h"
#include "bpf/load/library.h"
#include "bpf/load/object.h"
#include "bpf/load/program_object.h"
#include "bpf/maps/kernel.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

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
  explicit Loading(const BpfLibrary& lib) : lib_(lib) {}

  Status run() {
    Result<ProgramObject> object = prepare(true);
    if (!object) {
      object = prepare(false);
    }
    if (!object) {
      return std::move(object).error();
    }
    TRY(attach(*object));
    TRY(object->pin_maps());
    TRY(object->pin_links(kProgramLinks));
    TRY(publish(*object));
    return settle_links(kProgramLinks);
  }

 private:
  // Leaves out the hooks that this kernel does not have.
  Result<ProgramObject> prepare(bool sees_filters) {
    const auto size = static_cast<size_t>(redoubt_bpf_object_end - redoubt_bpf_object);
    TRY_ASSIGN(ProgramObject object, ProgramObject::open(lib_, {redoubt_bpf_object, size}));
    TRY(find_functions(object));
    object.choose([&](std::string_view hook) {
      return hook == kFilterFunction ? sees_filters && functions_->contains(hook)
                                     : is_essential_hook(hook) || functions_->contains(function_of(hook));
    });
    TRY(object.load());
    return object;
  }

  static std::string function_of(std::string_view hook) {
    return hook == kFilterFunction ? std::string(hook) : concat("bpf_lsm_", hook);
  }

  Status find_functions(const ProgramObject& object) {
    if (functions_) {
      return {};
    }
    FunctionNames wanted;
    for (const std::string_view hook : object.names()) {
      wanted.insert(function_of(hook));
    }
    TRY_ASSIGN(functions_, kernel_functions(lib_, wanted));
    return {};
  }

  Status attach(ProgramObject& object) {
    return object.attach([&](std::string_view hook, bpf_program* program) -> Status {
      const bool is_function = hook == kFilterFunction;
      BpfLink link(is_function ? lib_.attach(program) : lib_.attach_lsm(program), {lib_.link_destroy});
      if (!link && is_function) {
        return {};
      }
      if (!link) {
        return failed(errno, concat("attach to the LSM hook ", hook));
      }
      meta_.sees_filters |= is_function ? 1 : 0;
      meta_.surfaces |= surfaces_of_hook(hook);
      ++meta_.programs;
      object.keep(hook, std::move(link));
      return {};
    });
  }

  Status publish(const ProgramObject& object) {
    meta_.abi = REDOUBT_BPF_ABI;
    meta_.loaded = static_cast<uint64_t>(::time(nullptr));
    ::strncpy(meta_.version, REDOUBT_VERSION, sizeof meta_.version - 1);
    const uint32_t zero = 0;
    bpf_map* map = object.find_map("meta");
    TRY(update(lib_.map_fd(map), &zero, &meta_));
    if (!open_pinned(map_pin("meta"), false) && lib_.map_pin(map, map_pin("meta").c_str()) != 0) {
      return failed(errno, "pin the BPF map meta");
    }
    return {};
  }

  const BpfLibrary& lib_;
  std::optional<FunctionNames> functions_;  // of the hooks, in this kernel
  redoubt_meta meta_ = {};
};

}  // namespace

Status attach_programs(bool verbose) {
  TRY_ASSIGN(const BpfLibrary lib, load_bpf_library());
  keep_complaints(lib, verbose);
  const bool is_first = !read_meta();
  TRY(ensure_file_system());
  TRY(make_pin_directory(kAllPins));
  TRY(make_pin_directory(pin_directory()));
  Status loaded = Loading(lib).run();
  if (!loaded) {
    ignore(is_first ? remove_pins(pin_directory()) : settle_links(kProgramLinks),
           "the failure before is the one to report");
  }
  return loaded;
}

}  // namespace redoubt::bpf
