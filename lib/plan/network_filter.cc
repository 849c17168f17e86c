#include "plan/network_filter.h"

#include <arpa/inet.h>

#include "base/str.h"

namespace redoubt::plan {

std::string to_text(const NetworkEndpoint& endpoint) {
  char address[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(endpoint.ipv6 ? AF_INET6 : AF_INET, endpoint.address.data(), address, sizeof address);
  const std::string text = concat(endpoint.udp ? "udp " : "tcp ",
                                  address,
                                  "/",
                                  static_cast<unsigned>(endpoint.prefix),
                                  " ",
                                  endpoint.first_port);
  return endpoint.first_port == endpoint.last_port ? text : concat(text, "-", endpoint.last_port);
}

}  // namespace redoubt::plan
