// The child's end of protocol.h.
#include <errno.h>
#include <sys/socket.h>

#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

SyncMessage make_message(SyncWord word, InitStep step, int err, int value, const char* item) {
  SyncMessage message{word, step, err, value, {}};
  if (item != nullptr) {
    for (uint32_t i = 0; i + 1 < kItemSize && item[i] != '\0'; ++i) {
      message.item[i] = item[i];
    }
  }
  return message;
}

}  // namespace

// write(2), not sendmsg: the seccomp filter may already be on, and every profile that can execute
// anything allows write.
bool send_message(
    const Context& context, SyncWord word, InitStep step, int err, int value, const char* item) {
  const SyncMessage message = make_message(word, step, err, value, item);
  long n = 0;
  do {
    n = sys::write(context.sync_fd, &message, sizeof message);
  } while (n == -EINTR);
  return n == static_cast<long>(sizeof message);
}

bool send_descriptor(const Context& context, SyncWord word, int fd, const char* item) {
  SyncMessage message = make_message(word, InitStep::kConsole, 0, 0, item);
  iovec part{&message, sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  return sys::call(SYS_sendmsg, context.sync_fd, sys::arg(&header), MSG_NOSIGNAL) > 0;
}

long await_proceed(const Context& context) {
  SyncMessage message{};
  long n = 0;
  do {
    n = sys::read(context.sync_fd, &message, sizeof message);
  } while (n == -EINTR);
  if (n < 0) {
    return n;
  }
  if (n != static_cast<long>(sizeof message) || message.word != SyncWord::kProceed) {
    return -EPIPE;
  }
  return message.value;
}

StepStatus await_answer(Context& context) {
  const long pid = await_proceed(context);
  if (pid < 0) {
    return {static_cast<int>(-pid), "parent"};
  }
  context.host_pid = static_cast<int>(pid);
  return kOk;
}

}  // namespace redoubt::init
