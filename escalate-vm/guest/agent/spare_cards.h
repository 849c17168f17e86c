// A machine has at least one network card, because interfaces may come between create and start; one
// that became no interface of the container is taken out of the guest, so that a container without a
// network sees none.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_SPARE_CARDS_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_SPARE_CARDS_H_

#include <string>
#include <vector>

#include "base/result.h"

namespace redoubt::agent {

// names: the interfaces that stay, with those that are no cards.
Status remove_spare_cards(const std::vector<std::string>& names);

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_SPARE_CARDS_H_
