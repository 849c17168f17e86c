#include "bpf/load/file_reports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <memory>
#include <string_view>

#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/load/library.h"
#include "bpf/load/object.h"
#include "bpf/load/program_object.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

// Two ways to see that Landlock has refused to open a file: its own function, where the kernel's types know it, or what it has noted in
// the file, which needs the address of one variable.
constexpr std::string_view kOpen = "hook_file_open";
constexpr std::string_view kAnyOpen = "security_file_open";
constexpr char kBlobSizes[] = " landlock_blob_sizes\n";

struct CloseStream {
  void operator()(FILE* stream) const { ::fclose(stream); }
};

// An address of zero is one that the kernel keeps to itself (kernel.kptr_restrict).
bool knows_blob_sizes() {
  const std::unique_ptr<FILE, CloseStream> symbols(::fopen("/proc/kallsyms", "re"));
  char line[512];
  while (symbols && ::fgets(line, sizeof line, symbols.get()) != nullptr) {
    if (std::string_view(line).ends_with(kBlobSizes)) {
      return ::strspn(line, "0") < ::strcspn(line, " ");
    }
  }
  return false;
}

}  // namespace

Status attach_file_reports(bool verbose, bool pin) {
  TRY_ASSIGN(const BpfLibrary lib, load_bpf_library());
  keep_complaints(lib, verbose);
  const auto size = static_cast<size_t>(redoubt_reports_object_end - redoubt_reports_object);
  TRY_ASSIGN(ProgramObject object, ProgramObject::open(lib, {redoubt_reports_object, size}));
  TRY_ASSIGN(const auto exists, kernel_functions(lib));
  const bool has_open = exists(std::string(kOpen));
  if (!has_open && !knows_blob_sizes()) {
    return Error::unsupported(
        "the kernel's types lack Landlock's function hook_file_open, and /proc/kallsyms its landlock_blob_sizes (no Landlock, or kernel.kptr_restrict)");
  }
  object.choose([&](std::string_view function) {
    return function == kAnyOpen ? !has_open : exists(std::string(function));
  });
  TRY(object.load());
  TRY(object.attach([&](std::string_view function, bpf_program* program) -> Status {
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
