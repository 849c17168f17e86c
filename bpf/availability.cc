#include "bpf/availability.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/io.h"
#include "base/str.h"
#include "bpf/maps/pins.h"
#include "bpf/set.h"

namespace redoubt::bpf {
namespace {

// Another version may have better programs.
constexpr char kLackName[] = "unavailable-" REDOUBT_VERSION;
constexpr char kLack[] = "/run/redoubt/@bpf/unavailable-" REDOUBT_VERSION;
constexpr size_t kLackLimit = 8192;

}  // namespace

bool is_lasting(const Error& error) {
  constexpr int kPassing[] = {EAGAIN, EINTR, EMFILE, ENFILE, ENOMEM, ENOSPC};
  return error.kind() != ErrorKind::kInternal &&
         std::find(std::begin(kPassing), std::end(kPassing), error.err()) == std::end(kPassing);
}

Status remember_lack(const std::string& reason) {
  if (reason.empty()) {
    if (::unlink(kLack) != 0 && errno != ENOENT) {
      return Error::system(errno, concat("unlink ", kLack));
    }
    return {};
  }
  TRY(make_set_directory());
  TRY_ASSIGN(const UniqueFd directory, open_at(AT_FDCWD, kSetDirectory, O_RDONLY | O_DIRECTORY));
  return replace_file_at(directory.get(), kLackName, reason, 0600);
}

Availability query_availability() {
  Result<redoubt_meta> meta = read_meta();
  if (meta) {
    return {meta->surfaces, "", meta->sees_filters != 0};
  }
  if (meta.error().err() != ENOENT && meta.error().err() != EPERM) {
    return {.lack = meta.error().message()};
  }
  Result<std::string> lack = read_file(kLack, kLackLimit);
  return {.lack = lack ? *lack : "the programs are not loaded; run: redoubt bpf load"};
}

Availability ensure_availability() {
  Result<redoubt_meta> meta = read_meta();
  if (meta) {
    return {meta->surfaces, "", meta->sees_filters != 0};
  }
  if (Result<std::string> lack = read_file(kLack, kLackLimit)) {
    return {.lack = *lack};
  }
  meta = load_programs(false);
  if (meta) {
    return {meta->surfaces, "", meta->sees_filters != 0};
  }
  if (!is_lasting(meta.error())) {
    return {.lack = meta.error().message()};
  }
  const std::string reason = concat(meta.error().message(), "; try again with: redoubt bpf load");
  ignore(remember_lack(reason), "the next start tries again");
  return {.lack = reason};
}

}  // namespace redoubt::bpf
