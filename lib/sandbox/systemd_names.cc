#include "sandbox/systemd_names.h"

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr std::string_view kSliceSuffix = ".slice";
constexpr std::string_view kRootSlice = "-.slice";

// The unit becomes one path component and part of a D-Bus call; unit names have no '/' and at most
// 255 bytes (systemd.unit(5)).
Status check_unit_name(std::string_view unit) {
  constexpr size_t kMaxUnitName = 255;
  if (unit.find('/') != std::string_view::npos || unit.size() > kMaxUnitName ||
      unit.front() == '.') {
    return Error::invalid(concat("invalid unit name: ", quote(unit)));
  }
  return {};
}

}  // namespace

Result<UnitNames> parse_unit_names(std::string_view cgroups_path,
                                   std::string_view id,
                                   bool rootless) {
  UnitNames names;
  std::string prefix = "runc";
  names.name = id;
  if (!cgroups_path.empty()) {
    const std::vector<std::string> parts = split(cgroups_path, ':');
    if (parts.size() != 3) {
      return Error::invalid(concat(
          "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got ",
          quote(cgroups_path),
          " instead"));
    }
    names.slice = parts[0] == "-" ? kRootSlice : std::string_view(parts[0]);
    prefix = parts[1];
    names.name = parts[2];
  }
  if (names.slice.empty()) {
    names.slice = rootless ? "user.slice" : "system.slice";
  }
  names.unit =
      names.name.ends_with(kSliceSuffix) ? names.name : concat(prefix, "-", names.name, ".scope");
  TRY(check_unit_name(names.unit));
  return names;
}

Result<std::string> expand_slice(std::string_view slice) {
  const auto invalid = [&] { return Error::invalid(concat("invalid slice name: ", slice)); };
  if (slice == kRootSlice) {
    return std::string("/");
  }
  if (slice.size() <= kSliceSuffix.size() || !slice.ends_with(kSliceSuffix) ||
      slice.find('/') != std::string_view::npos) {
    return invalid();
  }
  std::string path;
  std::string prefix;
  for (const std::string& component :
       split(slice.substr(0, slice.size() - kSliceSuffix.size()), '-')) {
    if (component.empty()) {
      return invalid();
    }
    path += concat("/", prefix, component, kSliceSuffix);
    prefix += component + "-";
  }
  return path;
}

Result<std::string> unit_cgroup_path(const UnitNames& names, std::string_view manager_cgroup) {
  // A slice knows its place by its own name.
  const bool is_slice = names.unit.ends_with(kSliceSuffix);
  TRY_ASSIGN(const std::string slice, expand_slice(is_slice ? names.unit : names.slice));
  return clean_path(concat("/", manager_cgroup, "/", slice, is_slice ? "" : "/" + names.unit));
}

}  // namespace redoubt::sandbox
