#include "bpf/recorder.h"

#include <errno.h>
#include <sys/stat.h>

#include <set>

#include "base/log.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::bpf {

Result<Recording> Recording::start(const RecordRequest& request) {
  TRY_ASSIGN(sandbox::DlProcess reader, sandbox::DlProcess::start());
  TRY(reader.call({"record start",
                   concat(request.tracked),
                   request.refusals ? "1" : "0",
                   request.ready_by_command ? "1" : "0",
                   log::enabled(log::Level::kDebug) ? "1" : "0"}));
  return Recording(std::move(reader));
}

// Whoever forks before it is tracked has a child that the next look finds; from then on the programs follow.
Status Recording::adopt(const std::string& cgroup_directory, bool is_created) {
  struct stat st {};
  if (::stat(cgroup_directory.c_str(), &st) != 0) {
    return Error::system(errno, concat("stat ", cgroup_directory));
  }
  std::set<pid_t> known;
  for (;;) {
    TRY_ASSIGN(const std::vector<pid_t> pids, sandbox::cgroup_processes(cgroup_directory));
    std::vector<std::string> fresh;
    for (const pid_t pid : pids) {
      if (known.insert(pid).second) {
        fresh.push_back(concat(pid));
      }
    }
    if (fresh.empty()) {
      return {};
    }
    sandbox::Words request = {"record adopt", concat(st.st_ino), is_created ? "1" : "0"};
    sandbox::put(request, fresh);
    TRY(reader_.call(request));
  }
}

Status Recording::ignore(pid_t pid) {
  TRY(reader_.call({"record ignore", concat(pid)}));
  return {};
}

Status Recording::set_steady() {
  TRY(reader_.call({"record steady"}));
  return {};
}

Result<bool> Recording::is_running() {
  TRY_ASSIGN(const sandbox::Words reply, reader_.call({"record is running"}));
  return !reply.empty() && reply.front() == "1";
}

Result<Observed> Recording::read() {
  TRY_ASSIGN(const sandbox::Words reply, reader_.call({"record read"}));
  return observed_of(reply);
}

}  // namespace redoubt::bpf
