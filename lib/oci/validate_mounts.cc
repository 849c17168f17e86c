// Mounts: config.md, "Mounts". Option words are resolved later; this is about places and mappings.
#include <algorithm>

#include "base/io.h"
#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr size_t kMaxOptionBytes = 4095;  // mount(2) copies one page of data

// The files below /proc that a mount may cover, as runc has them: lxcfs and the like put better
// numbers there. Anything else could hide what the runtime itself writes to (CVE-2019-16884,
// CVE-2025-52881).
constexpr std::string_view kCoverable[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
};

bool is_bind(const Mount& mount) {
  return std::any_of(mount.options.begin(), mount.options.end(), [](const std::string& option) {
    return option == "bind" || option == "rbind";
  });
}

// The place itself, before links in the image are followed; the sandbox checks again where a mount
// really lands.
Status validate_destination(const Mount& mount, std::string_view entry) {
  const std::string field = concat(entry, ".destination");
  if (mount.destination.empty()) {
    return refuse(field, "must not be empty");
  }
  TRY(validate_path_length(mount.destination, field));
  const std::string destination = absolute_path(mount.destination, "/");
  if (destination == "/") {
    return refuse(
        field, concat(quote(mount.destination), " is the container's root; set root.path instead"));
  }
  if (destination == "/proc" && !is_bind(mount) && mount.type != "proc") {
    return refuse(field,
                  concat(quote(destination), " cannot be mounted because it is not of type proc"));
  }
  if (destination.starts_with("/proc/") &&
      std::find(std::begin(kCoverable), std::end(kCoverable), destination) ==
          std::end(kCoverable)) {
    return refuse(field,
                  concat(quote(destination), " cannot be mounted because it is inside /proc"));
  }
  return {};
}

// mount(2) takes all options of the file system as one text of at most a page.
Status validate_options(const Mount& mount, std::string_view entry) {
  size_t bytes = 0;
  for (const std::string& option : mount.options) {
    bytes += option.size() + 1;
  }
  return bytes > kMaxOptionBytes && !is_bind(mount)
             ? refuse(concat(entry, ".options"), concat(bytes, " bytes; at most ", kMaxOptionBytes))
             : Status();
}

// config.md, "Linux mounts", uidMappings and gidMappings: both or none.
Status validate_mappings(const Mount& mount, const std::string& entry) {
  if (mount.uid_mappings.empty() && mount.gid_mappings.empty()) {
    return {};
  }
  if (!is_bind(mount)) {
    return refuse(entry, "id-mapped mounts are only supported for bind-mounts");
  }
  if (mount.uid_mappings.empty() || mount.gid_mappings.empty()) {
    return refuse(entry, "id-mapped mounts must have both uid and gid mappings specified");
  }
  TRY(validate_id_mappings(mount.uid_mappings, entry + ".uidMappings"));
  return validate_id_mappings(mount.gid_mappings, entry + ".gidMappings");
}

}  // namespace

Status validate_mounts(const Spec& spec) {
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const Mount& mount = spec.mounts[i];
    const std::string entry = indexed("mounts", i);
    TRY(validate_destination(mount, entry));
    TRY(validate_path_length(mount.source, entry + ".source"));
    TRY(validate_options(mount, entry));
    TRY(validate_mappings(mount, entry));
  }
  return {};
}

}  // namespace redoubt::oci
