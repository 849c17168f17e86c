#include "policy/authoring/protocols.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/endpoint.h"

namespace redoubt::policy {
namespace {

constexpr Field kEndpointFields[] = {Field::kNetworkConnect, Field::kNetworkBind};

bool has_protocol(const FieldValue& value, bool udp) {
  return std::any_of(value.entries.begin(), value.entries.end(), [&](const Entry& entry) {
    const auto endpoint = parse_endpoint(entry.key);
    return endpoint && endpoint->udp == udp;
  });
}

}  // namespace

void add_protocols(Draft& draft, bool tcp, bool udp) {
  for (const Field field : kEndpointFields) {
    draft.restrict_to(field);
    for (const bool ipv6 : {false, true}) {
      Endpoint endpoint;
      endpoint.ipv6 = ipv6;
      for (const bool is_udp : {false, true}) {
        endpoint.udp = is_udp;
        if (is_udp ? udp : tcp) {
          draft.add(field, to_text(endpoint));
        }
      }
    }
  }
}

bool restricts_endpoints(const Document& merged) {
  return merged[Field::kNetworkConnect].present || merged[Field::kNetworkBind].present;
}

bool lets_through(const Document& merged, bool udp) {
  return std::any_of(std::begin(kEndpointFields), std::end(kEndpointFields), [&](Field field) {
    return !merged[field].present || has_protocol(merged[field], udp);
  });
}

void note_endpoints(const Document& merged, std::vector<Note>& notes) {
  for (const Field field : kEndpointFields) {
    if (merged[field].present) {
      const std::string path(info_of(field).path);
      notes.push_back({Effect::kWider, place_of(merged.rule_of(field)), concat(path, ": addresses and ports are not carried over, only the protocols"), path});
    }
  }
}

}  // namespace redoubt::policy
