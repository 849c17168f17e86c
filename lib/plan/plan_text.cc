#include "plan/plan_text.h"

#include "plan/namespace_names.h"
#include "plan/plan_text_parts.h"

namespace redoubt::plan {
namespace {

void write_maps(std::string_view prefix, const IdMaps& maps, TextWriter& out) {
  for (const IdMapping& m : maps.uid) {
    out.line(prefix, "uid ", m.container_id, " = host ", m.host_id, ", ", m.size, " ids");
  }
  for (const IdMapping& m : maps.gid) {
    out.line(prefix, "gid ", m.container_id, " = host ", m.host_id, ", ", m.size, " ids");
  }
}

void write_offset(std::string_view clock,
                  const std::optional<TimeOffset>& offset,
                  TextWriter& out) {
  if (offset) {
    out.line("clock ", clock, " ", offset->secs, " s ", offset->nanosecs, " ns");
  }
}

void write_namespaces(const Plan& plan, TextWriter& out) {
  out.section("namespaces");
  for (const Namespace& ns : plan.namespaces) {
    if (ns.path.empty()) {
      out.line("new ", describe(ns.type).name);
    } else {
      out.line("join ", describe(ns.type).name, " ", quote(ns.path));
    }
  }
  write_maps("", plan.id_maps, out);
  write_maps("expect ", plan.expected_id_maps, out);
  write_offset("monotonic", plan.monotonic_offset, out);
  write_offset("boottime", plan.boottime_offset, out);
  out.text("hostname", plan.hostname);
  out.text("domainname", plan.domainname);
}

void write_identity(const Plan& plan, TextWriter& out) {
  out.section("container");
  out.line("id: ", quote(plan.id));
  out.line("bundle: ", quote(plan.bundle));
  out.flag("rootless", plan.rootless);
  out.flag("new session keyring", plan.new_keyring);
}

void write_devices(const Plan& plan, TextWriter& out) {
  out.section("devices");
  for (const Device& d : plan.devices) {
    out.line(quote(d.path),
             " ",
             d.type,
             " ",
             d.major,
             ":",
             d.minor,
             " mode ",
             octal(d.mode),
             " owner ",
             d.uid,
             ":",
             d.gid);
  }
}

void write_paths(const Plan& plan, TextWriter& out) {
  out.section("paths");
  for (const std::string& path : plan.masked_paths) {
    out.line("masked ", quote(path));
  }
  for (const std::string& path : plan.readonly_paths) {
    out.line("read-only ", quote(path));
  }
  out.section("sysctl");
  for (const auto& [name, value] : plan.sysctls) {
    out.line(name, " = ", quote(value));
  }
}

void write_others(const Plan& plan, TextWriter& out) {
  out.section("network devices");
  for (const auto& [host_name, name] : plan.net_devices) {
    out.line(quote(host_name), " -> ", quote(name));
  }
  if (plan.intel_rdt) {
    out.section("intel rdt");
    out.line("group: ", quote(plan.intel_rdt->clos_id));
    for (const std::string& line : plan.intel_rdt->schemata) {
      out.line("schemata ", quote(line));
    }
    out.flag("monitoring", plan.intel_rdt->enable_monitoring);
  }
}

void write_remarks(const Plan& plan, TextWriter& out) {
  out.section("annotations");
  for (const auto& [key, value] : plan.annotations) {
    out.line(quote(key), " = ", quote(value));
  }
  out.section("warnings");
  for (const std::string& warning : plan.warnings) {
    out.line(quote(warning));
  }
}

}  // namespace

std::string to_text(const Plan& plan) {
  TextWriter out;
  write_identity(plan, out);
  write_namespaces(plan, out);
  write_rootfs(plan.rootfs, out);
  write_mounts(plan, out);
  write_devices(plan, out);
  write_paths(plan, out);
  write_process(plan.process, out);
  if (plan.seccomp) {
    write_seccomp("seccomp", *plan.seccomp, out);
  }
  for (const Seccomp& filter : plan.seccomp_floor) {
    write_seccomp("seccomp of the policy", filter, out);
  }
  write_cgroup(plan.cgroup, out);
  write_others(plan, out);
  write_hooks(plan, out);
  write_hardening(plan, out);
  write_remarks(plan, out);
  return out.take();
}

}  // namespace redoubt::plan
