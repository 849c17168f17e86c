// The linux object: config-linux.md, without resources and seccomp.
#include <utility>

#include "oci/spec_decode.h"

namespace redoubt::oci {
void decode(const Cursor& at, Namespace& out) {
  Fields(at).read("type", out.type).read("path", out.path);
}

void decode(const Cursor& at, Device& out) {
  Fields(at)
      .read("path", out.path)
      .read("type", out.type)
      .read("major", out.major)
      .read("minor", out.minor)
      .read("fileMode", out.file_mode)
      .read("uid", out.uid)
      .read("gid", out.gid);
}

void decode(const Cursor& at, IntelRdt& out) {
  Fields(at)
      .read("closID", out.clos_id)
      .read("schemata", out.schemata)
      .read("l3CacheSchema", out.l3_cache_schema)
      .read("memBwSchema", out.mem_bw_schema)
      .read("enableMonitoring", out.enable_monitoring)
      .read("enableCMT", out.enable_cmt)
      .read("enableMBM", out.enable_mbm);
}

void decode(const Cursor& at, Personality& out) {
  Fields(at).read("domain", out.domain).read("flags", out.flags);
}

void decode(const Cursor& at, TimeOffset& out) {
  Fields(at).read("secs", out.secs).read("nanosecs", out.nanosecs);
}

void decode(const Cursor& at, MemoryPolicy& out) {
  Fields(at).read("mode", out.mode).read("nodes", out.nodes).read("flags", out.flags);
}

namespace {

// linux.netDevices: {"eth0": {"name": "ceth0"}}, of which Spec keeps the two names.
struct NetDevices {
  std::map<std::string, std::string>& names;
};

void decode(const Cursor& at, NetDevices& out) {
  if (!at.enters_object()) {
    return;
  }
  for (const json::Member& member : at.value.as_object()) {
    const Path path = Path::entry(at.path, member.key);
    Fields(Cursor{member.value, path, at.errors}).read("name", out.names[member.key]);
  }
}

}  // namespace

void decode(const Cursor& at, Linux& out) {
  NetDevices net_devices{out.net_devices};
  Fields(at)
      .read("devices", out.devices)
      .read("netDevices", net_devices)
      .read("uidMappings", out.uid_mappings)
      .read("gidMappings", out.gid_mappings)
      .read("sysctl", out.sysctl)
      .read("resources", out.resources)
      .read("cgroupsPath", out.cgroups_path)
      .read("namespaces", out.namespaces)
      .read("seccomp", out.seccomp)
      .read("rootfsPropagation", out.rootfs_propagation)
      .read("maskedPaths", out.masked_paths)
      .read("readonlyPaths", out.readonly_paths)
      .read("mountLabel", out.mount_label)
      .read("intelRdt", out.intel_rdt)
      .read("memoryPolicy", out.memory_policy)
      .read("personality", out.personality)
      .read("timeOffsets", out.time_offsets);
}

}  // namespace redoubt::oci
