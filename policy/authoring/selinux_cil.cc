#include "policy/authoring/selinux_cil.h"

#include <algorithm>
#include <set>

#include "plan/capability_names.h"
#include "policy/authoring/protocols.h"
#include "policy/authoring/selinux_writer.h"
#include "policy/document/endpoint.h"

namespace redoubt::policy {
namespace {

constexpr int kFirstCapability2 = 32;  // the class capability has 32 bits

// The domains that start containers, by reference policy and by Fedora's.
constexpr std::string_view kStarters[] = {"container_engine_domain", "container_runtime_domain", "init_t", "initrc_t", "kernel_t", "unconfined_domain_type"};

void write_domain(CilWriter& w) {
  w.line("(type process)");
  w.line("(roletype system_r process)");
  w.line("(typeattributeset domain (process))");
  w.optional("(typeattributeset mcs_constrained_type (process))");
  w.part("who starts it, and what it is given to start with");
  w.line("(typeattribute starter)");
  for (const std::string_view starter : kStarters) {
    w.optional("(typeattributeset starter (", starter, "))");
  }
  w.line("(allow starter process (process (transition siginh rlimitinh noatsecure sigkill sigstop signull signal getattr getsched setsched getpgid)))");
  w.optional("(allow starter process (process2 (nnp_transition nosuid_transition)))");
  w.line("(allow process starter (fd (use)))");
  w.line("(allow process starter (process (sigchld)))");
  w.line("(allow process starter (fifo_file (getattr read write append ioctl lock)))");
  w.line("(allow process starter (unix_stream_socket (getattr read write ioctl getopt shutdown)))");
  w.part("itself");
  w.line("(allow process self (process (fork sigchld sigkill sigstop signull signal getsched setsched getsession getpgid setpgid getcap setcap getattr "
         "setrlimit getrlimit share)))");
  w.line("(allow process self (fifo_file (getattr read write append ioctl lock open)))");
  w.line("(allow process self (sem (create destroy getattr setattr read write associate unix_read unix_write)))");
  w.line("(allow process self (shm (create destroy getattr setattr read write associate unix_read unix_write lock)))");
  w.line("(allow process self (msgq (create destroy getattr setattr read write associate unix_read unix_write enqueue)))");
}

void write_kernel_files(CilWriter& w) {
  w.part("what the kernel shows of itself, for reading");
  for (const std::string_view type : {"proc_t", "proc_net_t", "sysctl_t", "sysctl_kernel_t", "sysctl_net_t", "sysctl_vm_t", "sysctl_vm_overcommit_t",
                                      "sysfs_t", "cgroup_t", "cpu_online_t"}) {
    w.optional("(allow process ", type, " (dir (getattr open read search ioctl lock)))");
    w.optional("(allow process ", type, " (file (getattr open read ioctl lock)))");
    w.optional("(allow process ", type, " (lnk_file (getattr read)))");
  }
  w.optional("(allow process filesystem_type (filesystem (getattr)))");
  w.optional("(allow process file_type (filesystem (getattr)))");
}

void write_capabilities(CilWriter& w) {
  w.part("capabilities");
  const FieldValue& allowed = w.merged[Field::kCapabilitiesAllow];
  for (const std::string_view name : plan::capability_names()) {
    const bool passes = (!allowed.present || find_entry(allowed, name) != nullptr) && find_entry(w.merged[Field::kCapabilitiesDeny], name) == nullptr;
    if (passes) {
      const bool second = plan::capability_number(name).value_or(0) >= kFirstCapability2;
      const std::string word = to_lower(name.substr(4));
      w.optional("(allow process self (", second ? "capability2" : "capability", " (", word, ")))");
      w.optional("(allow process self (", second ? "cap2_userns" : "cap_userns", " (", word, ")))");
    }
  }
}

// Where the profile knows addresses and ports, only sockets that have some.
bool passes_filter(const Document& merged, std::string_view socket_class) {
  if (!restricts_endpoints(merged)) {
    return true;
  }
  if (socket_class == "tcp_socket" || socket_class == "udp_socket") {
    return lets_through(merged, socket_class == "udp_socket");
  }
  return socket_class != "rawip_socket" && socket_class != "icmp_socket" && socket_class != "sctp_socket" && socket_class != "packet_socket";
}

void write_sockets(CilWriter& w) {
  w.part("sockets");
  const FieldValue& families = w.merged[Field::kNetworkFamilies];
  std::set<std::string> classes;
  for (const CilFamily& family : cil_families()) {
    if (!families.present || find_entry(families, family.family) != nullptr) {
      for (std::string& each : split(family.classes, ' ')) {
        classes.insert(std::move(each));
      }
    }
  }
  for (const std::string& each : classes) {
    if (passes_filter(w.merged, each)) {
      const bool stream = each == "unix_stream_socket";
      w.optional("(allow process self (", each, " (create ioctl read write getattr setattr lock append bind connect listen accept getopt setopt shutdown",
                 stream ? " connectto" : each == "unix_dgram_socket" ? " sendto" : "", ")))");
      constexpr std::string_view kWithMessages[] = {"netlink_audit_socket", "netlink_route_socket", "netlink_tcpdiag_socket", "netlink_xfrm_socket"};
      if (std::find(std::begin(kWithMessages), std::end(kWithMessages), each) != std::end(kWithMessages)) {
        w.optional("(allow process self (", each, " (nlmsg_read)))");
      }
    }
  }
  w.optional("(allow process node_type (tcp_socket (node_bind)))");
  w.optional("(allow process node_type (udp_socket (node_bind)))");
}

// The type of the ports of an endpoint; ports without a known one have that of their range.
std::string port_type(CilWriter& w, Field field, const Endpoint& endpoint) {
  if (endpoint.first_port == 1 && endpoint.last_port == UINT16_MAX) {
    return "port_type";
  }
  const auto ports = cil_ports();
  const auto known = std::find_if(ports.begin(), ports.end(), [&](const CilPort& each) {
    return each.udp == endpoint.udp && each.port == endpoint.first_port && endpoint.first_port == endpoint.last_port;
  });
  if (known != ports.end()) {
    return std::string(known->type);
  }
  constexpr uint16_t kFirstUnreserved = 1024;
  const bool reserved = endpoint.first_port < kFirstUnreserved;
  const std::string type = !reserved ? "unreserved_port_t" : endpoint.last_port < kFirstUnreserved ? "reserved_port_type" : "port_type";
  w.note(Effect::kWider, field, concat("ports of ", quote(to_text(endpoint)), " become all of ", type));
  return type;
}

void write_ports(CilWriter& w, Field field, std::string_view tcp_access, std::string_view udp_access) {
  std::set<std::string> rules;
  for (const Entry& entry : w.merged[field].entries) {
    if (const auto endpoint = parse_endpoint(entry.key)) {
      const std::string_view access = endpoint->udp ? udp_access : tcp_access;
      const std::string type = port_type(w, field, *endpoint);
      if (!access.empty()) {
        rules.insert(concat("(allow process ", type, " ", access, ")"));
      }
    }
  }
  if (!w.merged[field].present) {
    for (const std::string_view access : {tcp_access, udp_access}) {
      if (!access.empty()) {
        rules.insert(concat("(allow process port_type ", access, ")"));
      }
    }
  } else {
    w.note(Effect::kWider, field, "addresses are not carried over, and ports as far as they have a type");
  }
  for (const std::string& rule : rules) {
    w.optional(rule);
  }
}

void write_surfaces(CilWriter& w) {
  w.part("what the fields kernel.* leave open");
  constexpr uint32_t kDenied = 2;
  for (const CilSurface& surface : cil_surfaces()) {
    if (w.merged.level(surface.field) != kDenied) {
      w.optional("(allow process ", surface.target, " ", surface.access, ")");
    }
  }
}

std::string header_of(const std::string& block, const std::string& name) {
  return concat("; Written by redoubt profile convert from profile \"", name, "\".\n; Load it with: semodule -i ", block,
                ".cil\n; process.selinuxLabel: system_u:system_r:", block, ".process:s0\n; linux.mountLabel: system_u:object_r:", block, ".mount:s0\n(block ",
                block, "\n");
}

}  // namespace

Result<Converted> to_selinux_cil(const Document& merged, const WriteOptions& options) {
  if (merged.name.empty()) {
    return Error::invalid("a policy without a name has no SELinux form");
  }
  std::string block = "redoubt_" + merged.name;
  std::replace(block.begin(), block.end(), '-', '_');
  CilWriter w{merged, options.rootfs, header_of(block, merged.name), {}};
  write_domain(w);
  write_kernel_files(w);
  write_cil_files(w);
  write_capabilities(w);
  write_sockets(w);
  write_ports(w, Field::kNetworkBind, "(tcp_socket (name_bind))", "(udp_socket (name_bind))");
  write_ports(w, Field::kNetworkConnect, "(tcp_socket (name_connect))", "");
  write_surfaces(w);
  w.text += ")\n";
  std::vector<Note> notes = notes_of_others(merged, {Field::kMode, Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute, Field::kCapabilitiesAllow,
                                                     Field::kCapabilitiesDeny, Field::kNetworkFamilies, Field::kNetworkConnect, Field::kNetworkBind,
                                                     Field::kBpf, Field::kIoUring, Field::kKeyrings, Field::kModules, Field::kMounts, Field::kPerf,
                                                     Field::kPtrace, Field::kPtraceOutside, Field::kSyslog, Field::kUserNamespaces});
  notes.insert(notes.end(), w.notes.begin(), w.notes.end());
  return Converted{std::move(w.text), std::move(notes)};
}

}  // namespace redoubt::policy
