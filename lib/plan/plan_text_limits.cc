#include "plan/plan_text_parts.h"
#include "plan/seccomp_names.h"

namespace redoubt::plan {
namespace {

std::string action_text(SeccompAction action, uint32_t errno_ret) {
  const std::string name(seccomp_action_name(action));
  const bool has_number = action == SeccompAction::kErrno || action == SeccompAction::kTrace;
  return has_number ? concat(name, "(", errno_ret, ")") : name;
}

void write_rule(const SeccompRule& rule, TextWriter& out) {
  out.line("rule ", action_text(rule.action, rule.errno_ret));
  for (const SeccompArgument& arg : rule.arguments) {
    out.line("  when argument ",
             arg.index,
             " ",
             seccomp_operator_name(arg.op),
             " ",
             arg.value,
             arg.op == SeccompOperator::kMaskedEqual ? concat(" ", arg.value_two) : std::string());
  }
  if (rule.skips_socketcall) {
    out.line("  not by socketcall");
  }
  for (const std::string& name : rule.names) {
    out.line("  ", quote(name));
  }
}

std::string device_number(const std::optional<uint32_t>& number) {
  return number ? concat(*number) : std::string("*");
}

void write_device_rule(const DeviceRule& rule, TextWriter& out) {
  out.line(rule.allow ? "allow " : "deny ",
           rule.type,
           " ",
           device_number(rule.major),
           ":",
           device_number(rule.minor),
           " ",
           rule.read ? "r" : "",
           rule.write ? "w" : "",
           rule.mknod ? "m" : "");
}

void write_cgroup_write(const CgroupWrite& write, TextWriter& out) {
  out.line("write ", write.file, " ", quote(write.value), " for ", write.field);
  if (!write.preferred_file.empty()) {
    out.line("  or ", write.preferred_file, " ", quote(write.preferred_value), " where it exists");
  }
  out.flag("  skipped where the file is missing", write.skip_if_missing);
}

void write_endpoints(std::string_view what,
                     const std::vector<NetworkEndpoint>& list,
                     TextWriter& out) {
  out.line(what, list.empty() ? " nothing" : "");
  for (const NetworkEndpoint& endpoint : list) {
    out.line("  ", to_text(endpoint));
  }
}

void write_network(const NetworkFilter& network, TextWriter& out) {
  if (!network.active()) {
    return;
  }
  out.section("network filter");
  if (network.restricts_connect) {
    write_endpoints("may reach", network.connect, out);
  }
  if (network.restricts_bind) {
    write_endpoints("may be bound to", network.bind, out);
  }
}

constexpr std::string_view kHookNames[kHookKinds] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

void write_hook(const Hook& hook, TextWriter& out) {
  out.line("run ", quote(hook.path));
  for (const std::string& arg : hook.args) {
    out.line("  arg ", quote(arg));
  }
  for (const std::string& entry : hook.env) {
    out.line("  env ", quote(entry));
  }
  if (hook.timeout_ms) {
    out.line("  timeout ", *hook.timeout_ms, " ms");
  }
}

}  // namespace

void write_seccomp(std::string_view section, const Seccomp& seccomp, TextWriter& out) {
  out.section(section);
  out.line("default: ", action_text(seccomp.default_action, seccomp.default_errno_ret));
  for (const std::string& arch : seccomp.architectures) {
    out.line("architecture ", arch);
  }
  for (const NamedNumber& flag : seccomp_flag_names()) {
    out.flag(concat("flag ", flag.name), (seccomp.flags & flag.number) != 0);
  }
  out.text("listener", seccomp.listener_path);
  out.text("listener metadata", seccomp.listener_metadata);
  for (const SeccompRule& rule : seccomp.rules) {
    write_rule(rule, out);
  }
}

void write_cgroup(const Cgroup& cgroup, TextWriter& out) {
  out.section("cgroup");
  out.line("driver: ", cgroup.driver == CgroupDriver::kSystemd ? "systemd" : "filesystem");
  out.text("path", cgroup.path);
  out.flag("delegated", cgroup.delegate);
  out.flag("memory is checked before update", cgroup.check_memory_before_update);
  for (const CgroupWrite& write : cgroup.writes) {
    write_cgroup_write(write, out);
  }
  for (const auto& [name, value] : cgroup.systemd_properties) {
    out.line("unit property ", name, " = ", quote(value));
  }
  out.section("device filter");
  for (const DeviceRule& rule : cgroup.device_rules) {
    write_device_rule(rule, out);
  }
  write_network(cgroup.network, out);
}

void write_hooks(const Plan& plan, TextWriter& out) {
  for (size_t kind = 0; kind < kHookKinds; ++kind) {
    out.section(concat("hooks ", kHookNames[kind]));
    for (const Hook& hook : plan.hooks[kind]) {
      write_hook(hook, out);
    }
  }
}

}  // namespace redoubt::plan
