// The rest of the linux object: devices, masked and read-only paths, Intel RDT.
#include <set>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

// config-linux.md, "Devices": the path is the full one inside the container.
Status validate_devices(const std::vector<Device>& devices, Warnings& warnings) {
  std::set<std::string_view> paths;
  for (size_t i = 0; i < devices.size(); ++i) {
    const Device& device = devices[i];
    const std::string field = indexed("linux.devices", i);
    if (device.type != "c" && device.type != "b" && device.type != "u" && device.type != "p") {
      return refuse(
          field + ".type",
          concat("invalid device type ", quote(device.type), "; it is one of c, b, u, p"));
    }
    TRY(validate_absolute(device.path, field + ".path"));
    if (!paths.insert(device.path).second) {
      warnings.push_back(
          concat(field, ".path: ", quote(device.path), " is given twice; the first one stays"));
    }
  }
  return {};
}

// config-linux.md, "Masked Paths" and "Readonly Paths": absolute in the container's namespace.
Status validate_paths(const std::vector<std::string>& paths, std::string_view field) {
  for (size_t i = 0; i < paths.size(); ++i) {
    TRY(validate_absolute(paths[i], indexed(field, i)));
  }
  return {};
}

// config-linux.md, "IntelRdt": closID becomes a directory name, the schemata lines of one file.
Status validate_intel_rdt(const IntelRdt& rdt) {
  if (rdt.clos_id == "." || rdt.clos_id == ".." || rdt.clos_id.find('/') != std::string::npos) {
    return refuse("linux.intelRdt.closID", concat("invalid intelRdt.ClosID ", quote(rdt.clos_id)));
  }
  const std::vector<std::string> schemata = rdt.schemata.value_or(std::vector<std::string>());
  for (size_t i = 0; i < schemata.size(); ++i) {
    if (schemata[i].empty() || schemata[i].find('\n') != std::string::npos) {
      return refuse(indexed("linux.intelRdt.schemata", i), "must be one line");
    }
  }
  return {};
}

}  // namespace

Status validate_linux(const Linux& config, Warnings& warnings) {
  TRY(validate_devices(config.devices, warnings));
  TRY(validate_paths(config.masked_paths, "linux.maskedPaths"));
  TRY(validate_paths(config.readonly_paths, "linux.readonlyPaths"));
  TRY(validate_path_length(config.cgroups_path, "linux.cgroupsPath"));
  TRY(validate_sysctl(config));
  if (config.resources) {
    TRY(validate_resources(*config.resources, "linux.resources"));
  }
  if (config.seccomp) {
    TRY(validate_seccomp(*config.seccomp, warnings));
  }
  return config.intel_rdt ? validate_intel_rdt(*config.intel_rdt) : Status();
}

}  // namespace redoubt::oci
