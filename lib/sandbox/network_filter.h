// The network filter of a cgroup: plan::NetworkFilter -> BPF_PROG_TYPE_CGROUP_SOCK_ADDR programs ->
// attached to the cgroup.
//
// Meaning: a socket that is made in the cgroup may only be connected, send and be bound to what the
// list of endpoints has; everything else is EPERM. Beyond the plain match of address, port and
// protocol:
// - IPv4 in IPv6 (::ffff:a.b.c.d) is judged by the IPv4 endpoints, as the kernel sends by IPv4.
// - The unspecified address means this host under any of its addresses, and "::" that of IPv4 too:
//   it needs an endpoint with all addresses, for "::" in both families.
// - Port 0 in a bind leaves the choice to the kernel. UDP: allowed, since every socket that sends
//   without a bind gets a port in the same way (the resolvers of C libraries do it). TCP: allowed
//   where all ports are, like Landlock (listen(2) without bind(2) is seen by neither).
// - connect(2) with AF_UNSPEC dissolves an association, reaches nothing, and the kernel does not
//   ask. In sendto(2) the kernel takes it for AF_INET: the family is never looked at here.
// - Sockets that are neither TCP nor UDP cannot be made: raw and ping sockets, SCTP, UDP-Lite ...
//   have no hooks or no ports, and further paths of MPTCP are the peer's choice. Packet sockets
//   (CAP_NET_RAW) and other families are not the cgroup's: network.families, capabilities.
// A socket that was made elsewhere and handed in is judged by the cgroup that it was made in. A hop
// of source routing (IP_OPTIONS, IPV6_RTHDR) is shown to no hook.
#ifndef REDOUBT_SANDBOX_NETWORK_FILTER_H_
#define REDOUBT_SANDBOX_NETWORK_FILTER_H_

#include <linux/bpf.h>

#include <vector>

#include "base/result.h"
#include "plan/network_filter.h"

namespace redoubt::sandbox {

enum class NetworkHook { kConnect4, kConnect6, kSendmsg4, kSendmsg6, kBind4, kBind6 };

// More endpoints than a program holds: an error that names the field. To be asked before anything
// else is done with a filter.
Status check_network_filter(const plan::NetworkFilter& filter);

// The program that lets through what the list has.
std::vector<bpf_insn> build_network_program(NetworkHook hook,
                                            const std::vector<plan::NetworkEndpoint>& allowed);

// The program of socket(2): TCP and UDP only.
std::vector<bpf_insn> build_socket_program();

// Loads and attaches what the filter restricts; one that is not active attaches nothing. Needs
// CAP_BPF and CAP_NET_ADMIN in the initial user namespace.
Status attach_network_filter(int cgroup_fd, const plan::NetworkFilter& filter);

// Whether such programs can be loaded by this process: loads one.
bool can_load_network_filter();

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_NETWORK_FILTER_H_
