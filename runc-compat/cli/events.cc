#include <errno.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/str.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/audit.h"
#include "runc-compat/cli/audit_journal.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/machine.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/pod.h"
#include "sandbox/cgroup_oom.h"
#include "sandbox/cgroup_stats.h"
#include "sandbox/intel_rdt_stats.h"

namespace redoubt::cli {
namespace {

constexpr char kAudit[] = "audit";
constexpr char kInterval[] = "interval";
constexpr char kJournald[] = "journald";
constexpr char kStats[] = "stats";
constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr int64_t kLongestInterval = std::numeric_limits<int64_t>::max() / 2;

constexpr Flag kEventsFlags[] = {
    {.name = kAudit,
     .short_name = "a",
     .kind = FlagKind::kBool,
     .help = "print what policy has denied or logged, of all containers without an id"},
    {.name = kInterval,
     .kind = FlagKind::kDuration,
     .placeholder = "DURATION",
     .default_text = "5s",
     .help = "time between two lines of statistics"},
    {.name = kJournald, .kind = FlagKind::kBool, .help = "with --audit: write to the journal instead of stdout"},
    {.name = kStats, .kind = FlagKind::kBool, .help = "print the statistics (with --audit: what is there) once and end"},
};

int64_t monotonic_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// One line: {"type":"stats","id":"web1","data":{...}}; no data with type "oom".
Status print_event(std::string_view type, const std::string& id, json::Value data) {
  json::Value event{json::Object{}};
  event.set("type", type);
  event.set("id", id);
  if (!data.is_null()) {
    event.set("data", std::move(data));
  }
  return print(json::dump(event) + '\n');
}

// What the guest says of a container that shares its machine; the cgroup here holds only a proxy.
Status print_guest_stats(const Container& container) {
  TRY_ASSIGN(const vm::Reply reply, ask_machine(container, vm::Op::kStats));
  const json::Value* data = reply.stats.find("data");
  if (data == nullptr || !data->is_object()) {
    return Error(ErrorKind::kSystem, "the guest has no statistics of the container");
  }
  return print_event("stats", container.record.id, *data);
}

Status print_stats(const Container& container, const std::string& cgroup) {
  const state::Record& record = container.record;
  if (is_in_pod(record)) {
    return print_guest_stats(container);
  }
  TRY_ASSIGN(json::Value stats, sandbox::read_stats(cgroup));
  if (!record.intel_rdt_path.empty() && stats.is_object()) {
    for (json::Member& entry : stats.as_object()) {
      if (entry.key == "intel_rdt") {
        entry.value = sandbox::read_intel_rdt_stats(record.intel_rdt_path);
      }
    }
  }
  return print_event("stats", record.id, std::move(stats));
}

// Waits for a watch or for the moment `until`. machine: -1 when there is none.
struct Ready {
  bool cgroup = false, machine = false;
};
Result<Ready> wait_for_watches(int cgroup, int machine, int64_t until) {
  const int64_t left_ms =
      (until - monotonic_ns() + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
  const int timeout =
      static_cast<int>(std::clamp<int64_t>(left_ms, 0, std::numeric_limits<int>::max()));
  pollfd entries[] = {{cgroup, POLLIN, 0}, {machine, POLLIN, 0}};
  const int ready = ::poll(entries, std::size(entries), timeout);
  if (ready < 0 && errno != EINTR) {
    return Error::system(errno, "poll");
  }
  return ready <= 0 ? Ready() : Ready{entries[0].revents != 0, entries[1].revents != 0};
}

// Kills in a guest are the guest's to tell; those in the cgroup of its machine are the machine's end.
Result<std::optional<vm::MonitorClient>> watch_machine(const Container& container) {
  if (!launch::is_in_machine(container.record)) {
    return std::optional<vm::MonitorClient>();
  }
  TRY_ASSIGN(vm::MonitorClient monitor, connect_to_machine(container));
  TRY(monitor.watch(container.record.id));
  TRY_ASSIGN(const bool paused, is_machine_paused(container));
  if (!paused) {
    TRY(monitor.await_watching());
  }
  return std::optional<vm::MonitorClient>(std::move(monitor));
}

// Statistics in intervals and OOM kills as they come, until the cgroup is empty or gone.
Status stream_events(const Container& container, const std::string& cgroup, int64_t interval_ns) {
  const state::Record& record = container.record;
  TRY_ASSIGN(sandbox::OomWatch watch, sandbox::OomWatch::open(cgroup));
  TRY_ASSIGN(std::optional<vm::MonitorClient> machine, watch_machine(container));
  int64_t next = monotonic_ns() + interval_ns;
  for (;;) {
    TRY_ASSIGN(const Ready ready, wait_for_watches(watch.fd(), machine ? machine->fd() : -1, next));
    if (ready.machine) {
      TRY_ASSIGN(const std::optional<bool> killed, machine->read_oom());
      if (killed.value_or(false)) {
        TRY(print_event("oom", record.id, {}));
      }
      if (!killed) {
        machine.reset();
      }
    }
    if (ready.cgroup) {
      TRY_ASSIGN(const sandbox::OomWatch::Update update, watch.update());
      if (update.kills > 0 && !launch::is_in_machine(record)) {
        TRY(print_event("oom", record.id, {}));
      }
      if (update.ended) {
        return {};
      }
    }
    if (const int64_t now = monotonic_ns(); now >= next) {
      Status printed = print_stats(container, cgroup);
      if (!printed) {
        return printed.error().err() == ENOENT ? Status() : std::move(printed).error();
      }
      next = now + interval_ns;
    }
  }
}

Status audit(const Globals& globals, const Arguments& arguments) {
  const bool has_id = !arguments.positional().empty();
  const AuditOptions options = {.id = has_id ? arguments.positional().at(0) : "",
                                .once = arguments.flag(kStats)};
  if (!arguments.flag(kJournald)) {
    return print_violations(globals, options);
  }
  if (has_id) {
    return Error::invalid(
        "events --journald takes no container id: the journal gets the violations of all, and "
        "journalctl REDOUBT_CONTAINER=ID shows those of one");
  }
  return copy_violations_to_journal(globals, options.once);
}

Result<int> run_events(const Globals& globals, const Arguments& arguments) {
  const bool has_id = !arguments.positional().empty();
  if (arguments.flag(kAudit)) {
    TRY(audit(globals, arguments));
    return 0;
  }
  if (arguments.flag(kJournald)) {
    return Error::invalid("events --journald writes violations only; add --audit");
  }
  if (!has_id) {
    return Error::invalid("\"events\" requires exactly 1 argument(s) without --audit");
  }
  const std::string& id = arguments.positional().at(0);
  TRY_ASSIGN(const Container container, open_container(globals, id));
  const int64_t interval_ns = arguments.number(kInterval);
  if (interval_ns <= 0) {
    return Error::invalid("duration interval must be greater than 0");
  }
  TRY_ASSIGN(const state::ContainerStatus status,
             state::status_of(container.dir, container.record));
  TRY_ASSIGN(const std::string cgroup, cgroup_of(container.record));
  if (status == state::ContainerStatus::kStopped) {
    return Error::state(concat("container with id ", id, " is not running"));
  }
  if (cgroup.empty()) {
    return Error::unsupported("the container has no cgroup that could be watched");
  }
  TRY(arguments.flag(kStats)
          ? print_stats(container, cgroup)
          : stream_events(container,
                          cgroup,
                          std::clamp(interval_ns, kNanosecondsPerMillisecond, kLongestInterval)));
  return 0;
}

}  // namespace

constinit const Verb kVerbEvents = {
    .name = "events",
    .group = VerbGroup::kInspect,
    .arguments = "<container-id>\n--audit [container-id]",
    .summary = "print statistics and out-of-memory kills as they happen",
    .description =
        "One JSON object a line, {\"type\": \"stats\" or \"oom\", \"id\": ..., \"data\": ...}, "
        "until the\n"
        "container ends. An interval is a Go duration: 500ms, 5s, 1m30s. With --audit one object, type\n"
        "\"violation\", for each act that the BPF LSM programs have denied or logged since they were\n"
        "loaded, with the rule and its place; \"lost\" counts those that were overwritten unread.\n"
        "With --journald each is a record in the journal, once, also when it is called again.",
    .examples = "redoubt events web1\nredoubt events --stats web1\nredoubt events --audit\nredoubt events --audit --journald",
    .flags = kEventsFlags,
    .min_args = 0,
    .max_args = 1,
    .run = run_events,
};

}  // namespace redoubt::cli
