#include "sandbox/net_device_netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kReceiveSize = size_t{64} << 10;  // the kernel's dumps come in 32 KiB at most
constexpr size_t kMaxReplies = 65536;
constexpr timeval kPatience = {10, 0};

template <typename T>
T load(std::string_view bytes) {
  T value{};
  memcpy(&value, bytes.data(), sizeof value);
  return value;
}

void pad(std::string& bytes) {
  bytes.resize(NLMSG_ALIGN(bytes.size()), '\0');
}

// The kernel's words for a refusal (NLMSGERR_ATTR_MSG behind the capped nlmsgerr).
std::string explanation(const nlmsghdr& header, std::string_view payload) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return "";
  }
  const auto attributes = parse_attributes(payload.substr(sizeof(nlmsgerr)));
  const NetlinkAttribute* text =
      attributes ? find_attribute(*attributes, NLMSGERR_ATTR_MSG) : nullptr;
  return text == nullptr ? "" : std::string(text->payload.substr(0, text->payload.find('\0')));
}

// One datagram, split; true when the answer is complete.
Result<bool> take_datagram(std::string_view bytes,
                           uint32_t sequence,
                           std::vector<NetlinkReply>& out) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    const auto header = load<nlmsghdr>(bytes);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) {
      return Error::internal("netlink: message length out of bounds");
    }
    const std::string_view payload = bytes.substr(sizeof header, header.nlmsg_len - sizeof header);
    bytes.remove_prefix(std::min(bytes.size(), size_t{NLMSG_ALIGN(header.nlmsg_len)}));
    if (header.nlmsg_seq != sequence) {
      continue;
    }
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
      return Error::system(EINTR, "netlink: the list changed while it was read");
    }
    if (header.nlmsg_type == NLMSG_DONE) {
      return true;
    }
    if (header.nlmsg_type != NLMSG_ERROR) {
      out.push_back({header.nlmsg_type, std::string(payload)});
      continue;
    }
    if (payload.size() < sizeof(nlmsgerr)) {
      return Error::internal("netlink: error message out of bounds");
    }
    const int err = -load<nlmsgerr>(payload).error;
    if (err == 0) {
      return true;
    }
    const std::string why = explanation(header, payload);
    return why.empty() ? Error::system(err, "rtnetlink")
                       : Error::system(err, concat("rtnetlink: ", quote(why)));
  }
  return false;
}

// A datagram from the kernel; others' are dropped.
Result<std::string> receive(int fd) {
  std::string buffer(kReceiveSize, '\0');
  for (;;) {
    sockaddr_nl from{};
    iovec part = {buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t length = recvmsg(fd, &message, 0);
    if (length < 0 && errno == EINTR) {
      continue;
    }
    if (length < 0) {
      return Error::system(errno == EAGAIN ? ETIMEDOUT : errno, "netlink: recvmsg");
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
      return Error::internal("netlink: answer too long");
    }
    if (from.nl_pid == 0) {
      buffer.resize(static_cast<size_t>(length));
      return buffer;
    }
  }
}

}  // namespace

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags, const void* fixed, size_t fixed_size)
    : type_(type), flags_(flags), body_(static_cast<const char*>(fixed), fixed_size) {
  pad(body_);
}

Status NetlinkMessage::put(uint16_t attribute, std::string_view payload) {
  const size_t length = sizeof(rtattr) + payload.size();
  if (length > UINT16_MAX || body_.size() + NLMSG_ALIGN(length) > kMaxSize) {
    return Error::invalid(
        concat("netlink: attribute ", attribute, " with ", payload.size(), " bytes does not fit"));
  }
  const rtattr header = {static_cast<unsigned short>(length), attribute};
  body_.append(reinterpret_cast<const char*>(&header), sizeof header);
  body_.append(payload);
  pad(body_);
  return {};
}

Status NetlinkMessage::put_text(uint16_t attribute, const std::string& text) {
  return put(attribute, std::string_view(text.c_str(), text.size() + 1));
}

Status NetlinkMessage::put_u32(uint16_t attribute, uint32_t value) {
  return put(attribute, std::string_view(reinterpret_cast<const char*>(&value), sizeof value));
}

std::string NetlinkMessage::bytes(uint32_t sequence) const {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + body_.size());
  header.nlmsg_type = type_;
  header.nlmsg_flags = static_cast<uint16_t>(flags_ | NLM_F_REQUEST | NLM_F_ACK);
  header.nlmsg_seq = sequence;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + body_;
}

std::optional<std::vector<NetlinkAttribute>> parse_attributes(std::string_view bytes) {
  std::vector<NetlinkAttribute> attributes;
  while (bytes.size() >= sizeof(rtattr)) {
    const auto header = load<rtattr>(bytes);
    if (header.rta_len < sizeof header || header.rta_len > bytes.size()) {
      return std::nullopt;
    }
    attributes.push_back({static_cast<uint16_t>(header.rta_type & NLA_TYPE_MASK),
                          bytes.substr(sizeof header, header.rta_len - sizeof header)});
    bytes.remove_prefix(std::min(bytes.size(), size_t{RTA_ALIGN(header.rta_len)}));
  }
  return attributes;
}

const NetlinkAttribute* find_attribute(const std::vector<NetlinkAttribute>& attributes,
                                       uint16_t type) {
  for (const NetlinkAttribute& attribute : attributes) {
    if (attribute.type == type) {
      return &attribute;
    }
  }
  return nullptr;
}

Result<NetlinkSocket> NetlinkSocket::open() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) {
    return Error::system(errno, "netlink: socket");
  }
  // Explanations in refusals, without our own request repeated in them; older kernels do without.
  const int on = 1;
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0) {
    return Error::system(errno, "netlink: setsockopt");
  }
  return NetlinkSocket(std::move(fd));
}

Result<NetlinkSocket> NetlinkSocket::open_in(int netns_fd) {
  TRY_ASSIGN(const UniqueFd home, open_at(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY));
  if (setns(netns_fd, CLONE_NEWNET) != 0) {
    return Error::system(errno, "setns to the network namespace");
  }
  Result<NetlinkSocket> opened = NetlinkSocket::open();
  if (setns(home.get(), CLONE_NEWNET) != 0) {
    // Going on in somebody else's namespace would be worse than any error.
    return Error::internal(concat("setns back to the own network namespace: ", errno_text(errno)));
  }
  return opened;
}

Result<std::vector<NetlinkReply>> NetlinkSocket::request(const NetlinkMessage& message) {
  const std::string bytes = message.bytes(++sequence_);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(),
             bytes.data(),
             bytes.size(),
             0,
             reinterpret_cast<const sockaddr*>(&kernel),
             sizeof kernel) < 0) {
    return Error::system(errno, "netlink: sendto");
  }
  std::vector<NetlinkReply> replies;
  for (bool complete = false; !complete;) {
    TRY_ASSIGN(const std::string datagram, receive(fd_.get()));
    TRY_ASSIGN(complete, take_datagram(datagram, sequence_, replies));
    if (replies.size() > kMaxReplies) {
      return Error::internal("netlink: endless answer");
    }
  }
  return replies;
}

}  // namespace redoubt::sandbox
