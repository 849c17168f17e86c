#include "bpf/load/file_reports.h"

#include <errno.h>

#include <string_view>
#include <vector>

#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/load/library.h"
#include "bpf/load/object.h"
#include "bpf/load/program_object.h"
#include "bpf/maps/kernel.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

// Two ways to see that Landlock has refused to open a file: its own function, where the kernel's types know it, or what it has noted in
// the file, which needs the address of one variable.
constexpr std::string_view kOpen = "hook_file_open";
constexpr std::string_view kAnyOpen = "security_file_open";
// Not attached but run: finds that address.
constexpr std::string_view kFindSizes = "find_sizes";

}  // namespace

Status attach_file_reports(bool verbose, bool pin) {
  TRY_ASSIGN(const BpfLibrary lib, load_bpf_library());
  keep_complaints(lib, verbose);
  const auto size = static_cast<size_t>(redoubt_reports_object_end - redoubt_reports_object);
  TRY_ASSIGN(ProgramObject object, ProgramObject::open(lib, {redoubt_reports_object, size}));
  const std::vector<std::string_view> names = object.names();
  TRY_ASSIGN(const FunctionNames known, kernel_functions(lib, FunctionNames(names.begin(), names.end())));
  const bool has_open = known.contains(kOpen);
  object.choose([&](std::string_view function) {
    return function == kFindSizes || (function == kAnyOpen ? !has_open : known.contains(function));
  });
  TRY(object.load());
  TRY_ASSIGN(const uint32_t knows_sizes, run_program(object.program_fd(kFindSizes)));
  if (!has_open && knows_sizes == 0) {
    return Error::unsupported(
        "the kernel's types lack Landlock's function hook_file_open, and its symbols landlock_blob_sizes (no Landlock, or kernel.kptr_restrict)");
  }
  TRY(object.attach([&](std::string_view function, bpf_program* program) -> Status {
    if (function == kFindSizes) {
      return {};
    }
    BpfLink link(lib.attach(program), {lib.link_destroy});
    if (!link) {
      return failed(errno, concat("attach to the function ", function));
    }
    object.keep(function, std::move(link));
    return {};
  }));
  if (!pin) {
    return {};
  }
  TRY(object.pin_maps());
  TRY(object.pin_links(kFileLinks));
  return settle_links(kFileLinks);
}

}  // namespace redoubt::bpf
