// Moves a network device of the host into the container's network namespace (linux.netDevices).
//
// As runc does it: the device is set down, moved and renamed in one RTM_NEWLINK (so that the new
// name can exist on the host), gets its permanent global addresses back (the kernel drops them with
// the move) and is set up. A failure at any point puts the host's device back as it was, from the
// container's namespace if need be: it may be the host's only way to the network.
// Speaks rtnetlink with its own encoder (net_device_netlink.h) rather than libmnl: five message
// kinds do not justify one more library to load, and the encoder refuses what does not fit a 16-bit
// attribute length, the flaw behind CVE-2021-43784. Called by launch while init waits.
#ifndef REDOUBT_SANDBOX_NET_DEVICE_H_
#define REDOUBT_SANDBOX_NET_DEVICE_H_

#include <string>

#include "base/result.h"

namespace redoubt::sandbox {

// `new_name` empty: keeps its name. Preconditions: CAP_NET_ADMIN over both namespaces, and
// CAP_SYS_ADMIN over them: the calling thread visits the target namespace for an instant.
Status move_net_device(const std::string& host_name, int netns_fd, const std::string& new_name);

// Names that the kernel accepts literally: 1 to 15 bytes, no '/', ':', '%' or blanks, not "." "..".
bool is_valid_device_name(const std::string& name);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_NET_DEVICE_H_
