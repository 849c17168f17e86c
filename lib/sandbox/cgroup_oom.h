// OomWatch: tells when the kernel has killed for lack of memory in a cgroup, and when the cgroup
// has come to its end.
//
// inotify(7) on memory.events and cgroup.events, which the kernel marks at every change
// (cgroup-v2.rst). Without the memory controller only the end is reported. Called by the verb
// `events`; oom_kill_count() also words the launcher's errors.
#ifndef REDOUBT_SANDBOX_CGROUP_OOM_H_
#define REDOUBT_SANDBOX_CGROUP_OOM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

// "oom_kill" of the text of memory.events; 0 when it is not there.
uint64_t parse_oom_kills(std::string_view memory_events);

// Processes of the cgroup and below that were killed for lack of memory since it was made. Gone, or
// no controller: 0.
uint64_t oom_kill_count(const std::string& directory);

class OomWatch {
 public:
  // Kills from before are not reported.
  static Result<OomWatch> open(const std::string& directory);

  // For poll(2): readable when update() has something to say.
  int fd() const { return inotify_.get(); }

  struct Update {
    uint64_t kills = 0;  // since the last update
    bool ended = false;  // nobody is left in the cgroup, or it is gone
  };
  // Does not block.
  Result<Update> update();

 private:
  OomWatch(UniqueFd inotify, std::string directory, uint64_t kills)
      : inotify_(std::move(inotify)), directory_(std::move(directory)), kills_(kills) {}

  UniqueFd inotify_;
  std::string directory_;
  uint64_t kills_ = 0;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_CGROUP_OOM_H_
