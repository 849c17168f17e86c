// MachineNetwork: the container's network namespace, as the guest's network.
//
// A tap for each network card of the guest is made when the machine is; its frames and those of the
// container's interface are swapped by two filters of tc(8) (mirred, as Kata Containers does it), so
// the guest is the interface: its MAC and IP addresses and routes are read when the container starts,
// since engines put interfaces in between create and start, and handed to the guest.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_NETWORK_H_
#define REDOUBT_ESCALATE_VM_MONITOR_NETWORK_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/monitor/vmm.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::vm {

class MachineNetwork {
 public:
  // As many taps as there are interfaces now, one at least, in the network namespace of the caller.
  static Result<MachineNetwork> make_taps();

  // For VMM; valid as long as this object.
  std::vector<Card> cards() const;

  // Joins each interface to a tap. Interfaces that are down, and others than Ethernet, stay as they
  // are; more than there are cards is an error.
  Result<Network> connect();

 private:
  struct Tap {
    UniqueFd fd;
    int index = 0;
    std::string mac;  // of the guest's card
  };

  std::vector<Tap> taps_;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_NETWORK_H_
