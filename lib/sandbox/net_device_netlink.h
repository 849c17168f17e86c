// A small rtnetlink client: requests with strictly bounded attributes, replies checked before use.
//
// Lengths in netlink are 16 bits wide in attributes; NetlinkMessage refuses what does not fit
// instead of cutting it, so that text from config.json can never become an attribute of its own
// (CVE-2021-43784). Replies count only from the kernel (port 0), with our sequence number and
// lengths inside the datagram. No call waits longer than ten seconds. Used by net_device.cc.
#ifndef REDOUBT_SANDBOX_NET_DEVICE_NETLINK_H_
#define REDOUBT_SANDBOX_NET_DEVICE_NETLINK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

// One request: a netlink header, a fixed part, attributes.
class NetlinkMessage {
 public:
  static constexpr size_t kMaxSize = 16384;

  NetlinkMessage(uint16_t type, uint16_t flags, const void* fixed, size_t fixed_size);

  Status put(uint16_t attribute, std::string_view payload);
  Status put_text(uint16_t attribute, const std::string& text);  // with its NUL
  Status put_u32(uint16_t attribute, uint32_t value);

  // The finished datagram.
  std::string bytes(uint32_t sequence) const;

 private:
  uint16_t type_, flags_;
  std::string body_;
};

struct NetlinkReply {
  uint16_t type = 0;
  std::string payload;
};

struct NetlinkAttribute {
  uint16_t type = 0;
  std::string_view payload;
};

// The attributes in `bytes`; nothing when a length leaves it.
std::optional<std::vector<NetlinkAttribute>> parse_attributes(std::string_view bytes);
std::optional<std::vector<NetlinkAttribute>> parse_attributes(std::string&& bytes) =
    delete;  // views

// nullptr when there is none.
const NetlinkAttribute* find_attribute(const std::vector<NetlinkAttribute>& attributes,
                                       uint16_t type);

// A route socket, bound to the network namespace that the calling thread had at open().
class NetlinkSocket {
 public:
  static Result<NetlinkSocket> open();
  // In the namespace behind the descriptor; the calling thread is back in its own on return.
  static Result<NetlinkSocket> open_in(int netns_fd);

  // Sends the request (NLM_F_REQUEST and NLM_F_ACK are added) and collects the answers up to the
  // acknowledgement. A refusal has the kernel's errno and, where it gives one, its explanation.
  Result<std::vector<NetlinkReply>> request(const NetlinkMessage& message);

 private:
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  uint32_t sequence_ = 0;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_NET_DEVICE_NETLINK_H_
