// Descriptors that travel with a message over a Unix socket (SCM_RIGHTS, unix(7)).
#ifndef REDOUBT_BASE_DESCRIPTORS_H_
#define REDOUBT_BASE_DESCRIPTORS_H_

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace redoubt {

// As many go with one message here; of more, `truncated` tells the receiver.
inline constexpr size_t kMaxPassedDescriptors = 4;

// sendmsg(2) with MSG_NOSIGNAL, repeated on EINTR: the bytes that were taken, or -1 and errno. More than kMaxPassedDescriptors: EINVAL.
ssize_t send_with_descriptors(int socket, std::string_view data, std::span<const int> fds);

struct MessageWithDescriptors {
  ssize_t size = 0;             // bytes received; 0: the other end is closed; -1: errno says why
  bool truncated = false;       // of the data or of the descriptors something was lost
  std::vector<UniqueFd> fds;    // close-on-exec
};

// recvmsg(2) into `data` of `size` bytes, repeated on EINTR. Every descriptor that comes is owned by the result: none can stay open unseen.
MessageWithDescriptors receive_with_descriptors(int socket, void* data, size_t size);

}  // namespace redoubt

#endif  // REDOUBT_BASE_DESCRIPTORS_H_
