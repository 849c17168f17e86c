// Endpoints as forms of others have them that know protocols and no addresses: TCP or UDP to and from
// anywhere, or not at all.
#ifndef REDOUBT_POLICY_AUTHORING_PROTOCOLS_H_
#define REDOUBT_POLICY_AUTHORING_PROTOCOLS_H_

#include "policy/authoring/conversion.h"

namespace redoubt::policy {

// network.connect and network.bind with all endpoints of these protocols, and no others.
void add_protocols(Draft& draft, bool tcp, bool udp);

bool restricts_endpoints(const Document& merged);
// Whether any endpoint of the protocol passes one of the two.
bool lets_through(const Document& merged, bool udp);

// That the addresses and ports of the two stay behind.
void note_endpoints(const Document& merged, std::vector<Note>& notes);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_PROTOCOLS_H_
