// What the network namespace of the caller has: interfaces with their addresses, routes and permanent
// neighbours, read through rtnetlink(7), as the protocol's values.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_NETWORK_STATE_H_
#define REDOUBT_ESCALATE_VM_MONITOR_NETWORK_STATE_H_

#include <vector>

#include "base/result.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::vm {

struct EthernetLink {
  int index = 0;
  bool up = false;
  Interface interface;  // addresses included
};

// Ethernet interfaces in the order of their numbers.
Result<std::vector<EthernetLink>> list_links();

// Of these links: what the kernel does not make by itself from the addresses.
Result<std::vector<Route>> list_routes(const std::vector<EthernetLink>& links);
Result<std::vector<Neighbour>> list_neighbours(const std::vector<EthernetLink>& links);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_NETWORK_STATE_H_
