#include "bpf/availability.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "bpf/maps/pins.h"
#include "bpf/set.h"

namespace redoubt::bpf {
namespace {

// Another version may have better programs.
constexpr char kLackName[] = "unavailable-" REDOUBT_VERSION;
constexpr char kLack[] = "/run/redoubt/@bpf/unavailable-" REDOUBT_VERSION;
constexpr char kFileReportLackName[] = "file-reports-unavailable-" REDOUBT_VERSION;
constexpr char kFileReportLack[] = "/run/redoubt/@bpf/file-reports-unavailable-" REDOUBT_VERSION;
constexpr size_t kLackLimit = 8192;

Status forget_lack(const char* path) {
  if (::unlink(path) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("unlink ", path));
  }
  return {};
}

Status write_lack(const char* name, const std::string& reason) {
  TRY(make_set_directory());
  TRY_ASSIGN(const UniqueFd directory, open_at(AT_FDCWD, kSetDirectory, O_RDONLY | O_DIRECTORY));
  return replace_file_at(directory.get(), name, reason, 0600);
}

// What is known without an attempt; nothing: nobody has made one since boot.
std::optional<std::string> known_file_report_lack() {
  if (has_file_reports()) {
    return "";
  }
  Result<std::string> lack = read_file(kFileReportLack, kLackLimit);
  return lack ? std::optional(*std::move(lack)) : std::nullopt;
}

}  // namespace

bool is_lasting(const Error& error) {
  constexpr int kPassing[] = {EAGAIN, EINTR, EMFILE, ENFILE, ENOMEM, ENOSPC};
  return error.kind() != ErrorKind::kInternal &&
         std::find(std::begin(kPassing), std::end(kPassing), error.err()) == std::end(kPassing);
}

Status remember_lack(const std::string& reason) {
  TRY(forget_lack(kFileReportLack));
  return reason.empty() ? forget_lack(kLack) : write_lack(kLackName, reason);
}

std::string query_file_report_lack() {
  if (std::optional<std::string> known = known_file_report_lack()) {
    return *std::move(known);
  }
  const Status done = try_file_reports();
  return done ? "" : done.error().message();
}

std::string ensure_file_reports() {
  if (std::optional<std::string> known = known_file_report_lack()) {
    return *std::move(known);
  }
  const Status done = load_file_reports();
  if (done) {
    return {};
  }
  const std::string reason = concat(done.error().message(), "; try again with: redoubt bpf load");
  if (is_lasting(done.error())) {
    ignore(write_lack(kFileReportLackName, reason), "the next start tries again");
  }
  return reason;
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
