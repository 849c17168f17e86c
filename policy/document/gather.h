// What the reader spread out, put together again for writing: a set in place of its system calls, one
// rule in place of an endpoint for each family, protocol and range of ports. Used by
// write_document.cc only; reading what comes out gives the same entries.
#ifndef REDOUBT_POLICY_DOCUMENT_GATHER_H_
#define REDOUBT_POLICY_DOCUMENT_GATHER_H_

#include <string>
#include <vector>

#include "base/json.h"

namespace redoubt::policy {

// Names of system calls, of one rule, sorted. Sets come first.
std::vector<std::string> gather_syscalls(const std::vector<std::string>& names);

// Keys of endpoints (endpoint.h), of one rule, to the objects {address, ports, protocol}.
std::vector<json::Value> gather_endpoints(const std::vector<std::string>& keys);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_GATHER_H_
