#include "runc-compat/cli/profile_attach.h"

#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/spec_json.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/ready_command.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/launch/recording_document.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::cli {
namespace {

int64_t monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<std::string> recorded_cgroup(const Container& container) {
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(container.dir, container.record));
  if (status == state::ContainerStatus::kStopped || status == state::ContainerStatus::kCreating) {
    return Error::state(concat("profile record: container ", container.record.id, " is ", state::status_name(status),
                               "; it must be created, running or paused"));
  }
  if (launch::is_in_machine(container.record)) {
    return Error::unsupported(concat("profile record: container ", container.record.id,
                                     " runs in a virtual machine, which is not looked into; run it with "
                                     "io.redoubt.isolation=host"));
  }
  TRY_ASSIGN(std::string cgroup, cgroup_of(container.record));
  if (cgroup.empty()) {
    return Error::unsupported(concat("profile record: container ", container.record.id,
                                     " has no cgroup of its own, by which its processes are known"));
  }
  return cgroup;
}

// The program and its arguments, as config.json has them.
Result<policy::RecordedRun> describe_container(const Container& container) {
  TRY_ASSIGN(const std::string text, read_file_at(container.dir.fd(), state::kConfigFile, json::Limits().max_bytes));
  TRY_ASSIGN(const json::Value document, json::parse(text, state::kConfigFile));
  TRY_ASSIGN(const oci::Spec spec, oci::parse_spec(document));
  return launch::begin_run(spec.process ? spec.process->args : std::vector<std::string>(), spec.annotations);
}

// Whether the start will be seen: the container still waits for it once everything is in place.
Result<bool> adopt(const Container& container, const std::string& cgroup, bpf::Recording& recording) {
  const auto is_created = [&]() -> Result<bool> {
    TRY_ASSIGN(const state::ContainerStatus status, state::status_of(container.dir, container.record));
    return status == state::ContainerStatus::kCreated;
  };
  TRY_ASSIGN(bool created, is_created());
  TRY(recording.adopt(cgroup, created));
  if (created) {
    TRY_ASSIGN(created, is_created());
    if (!created) {
      TRY(recording.adopt(cgroup, false));
    }
  }
  return created;
}

}  // namespace

Result<Watched> watch_container(const AttachRequest& request) {
  TRY_ASSIGN(const WatchSession session, WatchSession::begin(request.call, "record"));
  const Globals& globals = request.call.globals;
  TRY_ASSIGN(const Container container, open_container(globals, request.id));
  TRY_ASSIGN(const std::string cgroup, recorded_cgroup(container));
  Watched watched;
  TRY_ASSIGN(watched.run, describe_container(container));
  ReadyCommand ready(globals, request.id, request.ready_command, session.mask());
  TRY_ASSIGN(bpf::Recording recording, session.start_recording({.ready_by_command = ready.is_given()}));
  TRY_ASSIGN(watched.run.start_seen, adopt(container, cgroup, recording));
  if (!watched.run.start_seen && ready.is_given()) {
    return Error::state(concat("profile record: --ready-cmd: container ", request.id,
                               " runs already; leave it out, all that is seen is of the steady phase"));
  }
  ignore(write_all(STDERR_FILENO, concat("recording ", request.id, " until it ends or a signal comes\n"), "stderr"),
         "only to look at");
  const int64_t end = monotonic_nanoseconds() + request.nanoseconds;
  bool more = true;
  while (more && !session.next_signal()) {
    TRY(ready.poll(recording));
    TRY_ASSIGN(more, sandbox::is_populated(cgroup));
    more = more && (request.nanoseconds == 0 || monotonic_nanoseconds() < end);
  }
  TRY(session.finish(recording, watched));
  if (const auto gap = ready.gap()) {
    watched.observed.lost.push_back(*gap);
  }
  return watched;
}

}  // namespace redoubt::cli
