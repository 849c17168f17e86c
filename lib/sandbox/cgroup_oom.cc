#include "sandbox/cgroup_oom.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kEventBuffer = 4096;

Status drain(int inotify_fd) {
  alignas(inotify_event) char buffer[kEventBuffer];
  for (;;) {
    const ssize_t n = ::read(inotify_fd, buffer, sizeof buffer);
    if (n < 0 && errno == EAGAIN) {
      return {};
    }
    if (n < 0 && errno != EINTR) {
      return Error::system(errno, "read inotify");
    }
  }
}

}  // namespace

uint64_t parse_oom_kills(std::string_view memory_events) {
  constexpr std::string_view kKey = "oom_kill ";
  for (const std::string& line : split(memory_events, '\n')) {
    if (line.starts_with(kKey)) {
      return parse_number<uint64_t>(std::string_view(line).substr(kKey.size())).value_or(0);
    }
  }
  return 0;
}

uint64_t oom_kill_count(const std::string& directory) {
  const auto text = read_kernel_file_at(AT_FDCWD, directory + "/memory.events");
  return text ? parse_oom_kills(*text) : 0;
}

Result<OomWatch> OomWatch::open(const std::string& directory) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) {
    return Error::system(errno, "inotify_init1");
  }
  const std::string events = directory + "/cgroup.events";
  if (::inotify_add_watch(inotify.get(), events.c_str(), IN_MODIFY | IN_DELETE_SELF) < 0) {
    return Error::system(errno, concat("watch ", events));
  }
  const std::string memory = directory + "/memory.events";
  if (::inotify_add_watch(inotify.get(), memory.c_str(), IN_MODIFY) < 0 && errno != ENOENT) {
    return Error::system(errno, concat("watch ", memory));
  }
  return OomWatch(std::move(inotify), directory, oom_kill_count(directory));
}

Result<OomWatch::Update> OomWatch::update() {
  TRY(drain(inotify_.get()));
  Update result;
  const uint64_t kills = std::max(oom_kill_count(directory_), kills_);
  result.kills = kills - std::exchange(kills_, kills);
  TRY_ASSIGN(const bool populated, is_populated(directory_));
  result.ended = !populated;
  return result;
}

}  // namespace redoubt::sandbox
