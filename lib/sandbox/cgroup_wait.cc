#include "sandbox/cgroup_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/io.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kEventsLimit = 4096;

// Reading again is what re-arms the notification. Nothing: the cgroup has been removed (poll would
// not wait any more).
Result<std::optional<CgroupEvents>> reread_events(int events_fd) {
  if (::lseek(events_fd, 0, SEEK_SET) < 0) {
    return Error::system(errno, "seek cgroup.events");
  }
  auto text = read_all(events_fd, kEventsLimit, "cgroup.events");
  if (!text && is_gone(text.error())) {
    return std::optional<CgroupEvents>();
  }
  if (!text) {
    return std::move(text).error();
  }
  return std::optional(parse_cgroup_events(*text));
}

}  // namespace

bool is_gone(const Error& error) {
  return error.err() == ENOENT || error.err() == ENODEV;
}

int Deadline::left_ms() const {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

Result<bool> wait_cgroup_events(int directory_fd,
                                EventsPredicate predicate,
                                const Deadline& deadline) {
  auto file = open_at(directory_fd, "cgroup.events", O_RDONLY);
  if (!file) {
    if (is_gone(file.error())) {
      return predicate(CgroupEvents{});
    }
    return std::move(file).error();
  }
  for (;;) {
    TRY_ASSIGN(const std::optional<CgroupEvents> events, reread_events(file->get()));
    if (!events || predicate(*events)) {
      return predicate(events.value_or(CgroupEvents{}));
    }
    pollfd waiting = {file->get(), POLLPRI, 0};
    const int timeout_ms = deadline.left_ms();
    if (timeout_ms == 0) {
      return false;
    }
    if (::poll(&waiting, 1, timeout_ms) < 0 && errno != EINTR) {
      return Error::system(errno, "poll cgroup.events");
    }
  }
}

}  // namespace redoubt::sandbox
