#include "oci/spec_template.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "oci/state_document.h"

namespace redoubt::oci {
namespace {

constexpr int kOpenFiles = 1024;

using Words = std::initializer_list<std::string_view>;

json::Value list(Words words) {
  json::Value out{json::Array()};
  for (const std::string_view word : words) {
    out.push(word);
  }
  return out;
}

json::Value process() {
  const json::Value capabilities = list({"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"});
  json::Value sets;
  sets.set("bounding", capabilities).set("effective", capabilities).set("permitted", capabilities);
  json::Value open_files;
  open_files.set("type", "RLIMIT_NOFILE").set("hard", kOpenFiles).set("soft", kOpenFiles);

  json::Value out;
  out.set("terminal", true);
  out.set("user", json::Value().set("uid", 0).set("gid", 0));
  out.set("args", list({"sh"}));
  out.set(
      "env",
      list({"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"}));
  out.set("cwd", "/");
  out.set("capabilities", std::move(sets));
  out.set("rlimits", json::Value().push(std::move(open_files)));
  out.set("noNewPrivileges", true);
  return out;
}

json::Value mount(std::string_view destination,
                  std::string_view type,
                  std::string_view source,
                  Words options) {
  json::Value out;
  out.set("destination", destination).set("type", type).set("source", source);
  if (options.size() != 0) {
    out.set("options", list(options));
  }
  return out;
}

// Rootless: gid 5 is not mapped, so devpts cannot have it, and sysfs can only be had from the host.
json::Value mounts(bool rootless) {
  json::Value out;
  out.push(mount("/proc", "proc", "proc", {}));
  out.push(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  if (rootless) {
    out.push(mount("/dev/pts",
                   "devpts",
                   "devpts",
                   {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}));
  } else {
    out.push(mount("/dev/pts",
                   "devpts",
                   "devpts",
                   {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  }
  out.push(
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  out.push(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  if (rootless) {
    out.push(mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
  } else {
    out.push(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  }
  out.push(
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  return out;
}

json::Value namespaces(const TemplateOptions& options) {
  json::Value out;
  const auto add = [&out](std::string_view type) { out.push(json::Value().set("type", type)); };
  add("pid");
  if (!options.rootless) {
    add("network");
  }
  add("ipc");
  add("uts");
  add("mount");
  if (options.cgroup_namespace) {
    add("cgroup");
  }
  if (options.rootless) {
    add("user");
  }
  return out;
}

json::Value mapping_to(uint32_t host_id) {
  json::Value entry;
  entry.set("containerID", 0).set("hostID", host_id).set("size", 1);
  return json::Value().push(std::move(entry));
}

json::Value linux_section(const TemplateOptions& options) {
  json::Value out;
  if (options.rootless) {
    out.set("uidMappings", mapping_to(options.uid));
    out.set("gidMappings", mapping_to(options.gid));
  } else {
    json::Value nothing;
    nothing.set("allow", false).set("access", "rwm");
    out.set("resources", json::Value().set("devices", json::Value().push(std::move(nothing))));
  }
  out.set("namespaces", namespaces(options));
  out.set("maskedPaths",
          list({"/proc/acpi",
                "/proc/asound",
                "/proc/kcore",
                "/proc/interrupts",
                "/proc/keys",
                "/proc/latency_stats",
                "/proc/timer_list",
                "/proc/timer_stats",
                "/proc/sched_debug",
                "/sys/devices/virtual/powercap",
                "/sys/firmware",
                "/proc/scsi"}));
  out.set("readonlyPaths",
          list({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}));
  return out;
}

}  // namespace

json::Value spec_template(const TemplateOptions& options) {
  json::Value out;
  out.set("ociVersion", kOciVersion);
  out.set("process", process());
  out.set("root", json::Value().set("path", "rootfs").set("readonly", true));
  out.set("hostname", options.hostname);
  out.set("mounts", mounts(options.rootless));
  out.set("linux", linux_section(options));
  return out;
}

}  // namespace redoubt::oci
