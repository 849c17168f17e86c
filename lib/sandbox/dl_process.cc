#include "sandbox/dl_process.h"

#include <errno.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "base/str.h"
#include "sandbox/sealed_image.h"

extern "C" {
extern const char redoubt_dl_image[];
extern const char redoubt_dl_image_end[];
}

namespace redoubt::sandbox {
namespace {

// The environment goes along: the bus is found by it.
Result<pid_t> spawn(int image_fd, int socket_fd, int kept_fd) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket_fd, STDIN_FILENO);
  if (kept_fd >= 0) {
    // To itself: that only takes close-on-exec away (posix_spawn_file_actions_adddup2(3p)).
    ::posix_spawn_file_actions_adddup2(&actions, kept_fd, kept_fd);
  }
  char name[] = "redoubt-dl";
  char* arguments[] = {name, nullptr};
  const std::string path = concat("/proc/self/fd/", image_fd);
  pid_t pid = -1;
  const int err = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (err != 0) {
    return Error::system(err, "execute redoubt-dl");
  }
  return pid;
}

}  // namespace

Result<DlProcess> DlProcess::start(int kept_fd) {
  const auto size = static_cast<size_t>(redoubt_dl_image_end - redoubt_dl_image);
  TRY_ASSIGN(const UniqueFd image, open_sealed_image("redoubt-dl", {redoubt_dl_image, size}));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error::system(errno, "socketpair for redoubt-dl");
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  TRY_ASSIGN(const pid_t pid, spawn(image.get(), theirs.get(), kept_fd));
  return DlProcess(std::move(ours), pid);
}

DlProcess::DlProcess(DlProcess&& other) noexcept
    : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}

DlProcess& DlProcess::operator=(DlProcess&& other) noexcept {
  if (this != &other) {
    end();
    socket_ = std::move(other.socket_);
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

void DlProcess::end() {
  socket_.reset();
  const pid_t pid = std::exchange(pid_, -1);
  while (pid > 0 && ::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Words> DlProcess::call(const Words& request) {
  const Status sent = send_words(socket_.get(), request);
  if (!sent && sent.error().err() != EPIPE) {
    return sent.error();
  }
  TRY_ASSIGN(std::optional<Words> reply, receive_words(socket_.get()));
  if (!reply) {
    // The dynamic loader has said why on stderr, if it was that.
    return Error::internal("redoubt-dl has ended without an answer");
  }
  return unpack_reply(*std::move(reply));
}

}  // namespace redoubt::sandbox
