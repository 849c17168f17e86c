// The hooks of the network filter, and its place in the cgroup. Nothing is taken away: what others
// (systemd's SocketBindAllow=) attached to the same cgroup restricts as well.
#include "sandbox/cgroup_program.h"
#include "sandbox/network_filter.h"

namespace redoubt::sandbox {
namespace {

struct AddressHook {
  NetworkHook hook;
  CgroupHook place;
};

constexpr CgroupHook address_hook(const char* what, const char* name, bpf_attach_type type) {
  return {what, name, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, type, true};
}

constexpr AddressHook kConnectHooks[] = {
    {NetworkHook::kConnect4,
     address_hook("IPv4 connect filter", "redoubt_conn4", BPF_CGROUP_INET4_CONNECT)},
    {NetworkHook::kConnect6,
     address_hook("IPv6 connect filter", "redoubt_conn6", BPF_CGROUP_INET6_CONNECT)},
    {NetworkHook::kSendmsg4,
     address_hook("IPv4 sendmsg filter", "redoubt_send4", BPF_CGROUP_UDP4_SENDMSG)},
    {NetworkHook::kSendmsg6,
     address_hook("IPv6 sendmsg filter", "redoubt_send6", BPF_CGROUP_UDP6_SENDMSG)},
};
constexpr AddressHook kBindHooks[] = {
    {NetworkHook::kBind4, address_hook("IPv4 bind filter", "redoubt_bind4", BPF_CGROUP_INET4_BIND)},
    {NetworkHook::kBind6, address_hook("IPv6 bind filter", "redoubt_bind6", BPF_CGROUP_INET6_BIND)},
};
constexpr CgroupHook kSocketHook = {"socket filter",
                                    "redoubt_socket",
                                    BPF_PROG_TYPE_CGROUP_SOCK,
                                    BPF_CGROUP_INET_SOCK_CREATE,
                                    true};

Status put(int cgroup_fd, const CgroupHook& hook, const std::vector<bpf_insn>& code) {
  TRY_ASSIGN(const UniqueFd program, load_cgroup_program(hook, code));
  return attach_cgroup_program(cgroup_fd, hook, program.get(), {});
}

}  // namespace

Status attach_network_filter(int cgroup_fd, const plan::NetworkFilter& filter) {
  TRY(check_network_filter(filter));
  if (!filter.active()) {
    return {};
  }
  TRY(put(cgroup_fd, kSocketHook, build_socket_program()));
  if (filter.restricts_connect) {
    for (const AddressHook& hook : kConnectHooks) {
      TRY(put(cgroup_fd, hook.place, build_network_program(hook.hook, filter.connect)));
    }
  }
  if (filter.restricts_bind) {
    for (const AddressHook& hook : kBindHooks) {
      TRY(put(cgroup_fd, hook.place, build_network_program(hook.hook, filter.bind)));
    }
  }
  return {};
}

// The sendmsg hooks are the youngest (Linux 4.18).
bool can_load_network_filter() {
  const std::vector<bpf_insn> code = build_network_program(NetworkHook::kSendmsg6, {});
  return load_cgroup_program(
             address_hook("network filter", "redoubt_probe", BPF_CGROUP_UDP6_SENDMSG), code)
      .has_value();
}

}  // namespace redoubt::sandbox
