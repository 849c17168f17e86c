// Names of the reference policy: the classes of sockets, the types of ports, and what a profile closes
// with the fields kernel.*.
#include "policy/authoring/selinux_writer.h"

namespace redoubt::policy {
namespace {

constexpr CilFamily kFamilies[] = {
    {"AF_ALG", "alg_socket"},
    {"AF_BLUETOOTH", "bluetooth_socket"},
    {"AF_CAN", "can_socket"},
    {"AF_INET", "tcp_socket udp_socket rawip_socket icmp_socket sctp_socket"},
    {"AF_INET6", "tcp_socket udp_socket rawip_socket icmp_socket sctp_socket"},
    {"AF_KEY", "key_socket"},
    {"AF_NETLINK",
     "netlink_socket netlink_route_socket netlink_tcpdiag_socket netlink_nflog_socket netlink_xfrm_socket netlink_selinux_socket "
     "netlink_audit_socket netlink_kobject_uevent_socket netlink_generic_socket netlink_netfilter_socket netlink_crypto_socket"},
    {"AF_PACKET", "packet_socket"},
    {"AF_RDS", "rds_socket"},
    {"AF_SMC", "smc_socket"},
    {"AF_TIPC", "tipc_socket"},
    {"AF_UNIX", "unix_stream_socket unix_dgram_socket"},
    {"AF_VSOCK", "vsock_socket"},
    {"AF_XDP", "xdp_socket"},
};

constexpr CilPort kPorts[] = {
    {false, 22, "ssh_port_t"},
    {false, 25, "smtp_port_t"},
    {false, 53, "dns_port_t"},
    {false, 80, "http_port_t"},
    {false, 389, "ldap_port_t"},
    {false, 443, "http_port_t"},
    {false, 636, "ldap_port_t"},
    {false, 3128, "squid_port_t"},
    {false, 3306, "mysqld_port_t"},
    {false, 5432, "postgresql_port_t"},
    {false, 5672, "amqp_port_t"},
    {false, 6379, "redis_port_t"},
    {false, 8008, "http_port_t"},
    {false, 8080, "http_cache_port_t"},
    {false, 8443, "http_port_t"},
    {false, 11211, "memcache_port_t"},
    {true, 53, "dns_port_t"},
    {true, 123, "ntp_port_t"},
    {true, 514, "syslogd_port_t"},
    {true, 11211, "memcache_port_t"},
};

constexpr CilSurface kSurfaces[] = {
    {Field::kBpf, "self", "(bpf (map_create map_read map_write prog_load prog_run))"},
    {Field::kFilelessExec, "self", "(process (execmem execstack execheap))"},
    {Field::kIoUring, "self", "(io_uring (override_creds sqpoll cmd))"},
    {Field::kKeyrings, "self", "(key (view read write search link setattr create))"},
    {Field::kModules, "self", "(system (module_load))"},
    {Field::kMounts, "filesystem_type", "(filesystem (mount remount unmount))"},
    {Field::kMounts, "file_type", "(dir (mounton))"},
    {Field::kPerf, "self", "(perf_event (open cpu kernel tracepoint read write))"},
    {Field::kPtrace, "self", "(process (ptrace))"},
    {Field::kPtraceOutside, "domain", "(process (ptrace))"},
    {Field::kSyslog, "kernel_t", "(system (syslog_read syslog_mod syslog_console))"},
    {Field::kUserNamespaces, "self", "(user_namespace (create))"},
};

}  // namespace

std::span<const CilFamily> cil_families() {
  return kFamilies;
}

std::span<const CilPort> cil_ports() {
  return kPorts;
}

std::span<const CilSurface> cil_surfaces() {
  return kSurfaces;
}

}  // namespace redoubt::policy
