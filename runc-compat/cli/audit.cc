#include "runc-compat/cli/audit.h"

#include <string.h>
#include <time.h>

#include <map>
#include <string_view>
#include <vector>

#include "base/str.h"
#include "bpf/event_log.h"
#include "bpf/names.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/launch/container.h"

namespace redoubt::cli {
namespace {

constexpr long kPollNanoseconds = 100'000'000;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// As far as the first NUL.
template <size_t kSize>
std::string text_of(const char (&field)[kSize]) {
  return std::string(field, ::strnlen(field, kSize));
}

std::string_view name_in(std::span<const std::string_view> names, uint32_t index) {
  return index < names.size() ? names[index] : std::string_view("unknown");
}

// CLOCK_BOOTTIME to the clock of the wall, as it is now.
std::string wall_time(uint64_t boot_ns) {
  timespec wall = {};
  timespec boot = {};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  const int64_t ns = (int64_t{wall.tv_sec} - boot.tv_sec) * kNanosecondsPerSecond + wall.tv_nsec -
                     boot.tv_nsec + static_cast<int64_t>(boot_ns);
  const time_t seconds = ns / kNanosecondsPerSecond;
  tm utc = {};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  const size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string fraction = concat(1'000'000 + ns % kNanosecondsPerSecond / 1000);
  return concat(std::string_view(text, length), ".", fraction.substr(1), "Z");
}

json::Value process_document(const redoubt_event& event) {
  json::Value process;
  process.set("pid", event.pid).set("tid", event.tid).set("uid", event.uid);
  process.set("comm", text_of(event.comm));
  json::Value ancestry{json::Array()};
  for (const redoubt_ancestor& ancestor : event.ancestors) {
    if (ancestor.pid != 0) {
      json::Value entry;
      ancestry.push(entry.set("pid", ancestor.pid).set("comm", text_of(ancestor.comm)));
    }
  }
  return process.set("ancestry", std::move(ancestry));
}

// The rules of the containers whose events were seen, so that each is resolved once.
class Rules {
 public:
  explicit Rules(const Globals& globals) : globals_(globals) {}

  std::string source(const std::string& id, std::string_view control) {
    const auto [entry, is_new] = known_.try_emplace(id);
    if (is_new) {
      entry->second = decisions_of(id);
    }
    for (const plan::Decision& decision : entry->second) {
      if (decision.control == control) {
        return decision.source;
      }
    }
    return {};
  }

 private:
  std::vector<plan::Decision> decisions_of(const std::string& id) const {
    Result<Container> container = open_container(globals_, id);
    if (!container) {
      return {};
    }
    Result<launch::Container> resolved = launch::resolve_stored(container->dir, container->record);
    return resolved ? std::move(resolved->plan.hardening.decisions) : std::vector<plan::Decision>();
  }

  const Globals& globals_;
  std::map<std::string, std::vector<plan::Decision>> known_;
};

// Ids longer than the kernel's field are compared as far as it goes.
bool is_of(const std::string& logged, const std::string& id) {
  return id.empty() || logged == id.substr(0, REDOUBT_CONTAINER_NAME - 1);
}

Status print_lost(uint64_t lost) {
  json::Value event;
  json::Value data;
  event.set("type", "lost").set("data", data.set("events", lost));
  return print(json::dump(event) + '\n');
}

}  // namespace

json::Value violation_document(const redoubt_event& event, const std::string& source) {
  json::Value policy;
  policy.set("rule", std::string(name_in(bpf::surface_names(), event.surface)));
  policy.set("source", source);
  json::Value data;
  data.set("time", wall_time(event.time)).set("sequence", event.sequence);
  data.set("layer", "bpf-lsm").set("hook", std::string(name_in(bpf::hook_names(), event.hook)));
  data.set("verdict", event.denied != 0 ? "denied" : "audited");
  data.set("errno", event.denied != 0 ? "EPERM" : "");
  data.set("policy", std::move(policy));
  data.set("object", text_of(event.object)).set("detail", event.detail);
  data.set("cgroup", event.cgroup).set("process", process_document(event));
  json::Value document;
  document.set("type", "violation").set("id", text_of(event.container));
  return document.set("data", std::move(data));
}

Status follow_violations(const Globals& globals, const std::string& id, bool once) {
  Result<bpf::EventLog> log = bpf::EventLog::open(true);
  if (!log) {
    return std::move(log).error().add_context(
        "events --audit: the BPF LSM programs keep the log; redoubt bpf status says more");
  }
  Rules rules(globals);
  for (;;) {
    const bpf::EventLog::Batch batch = log->read();
    if (batch.lost != 0) {
      TRY(print_lost(batch.lost));
    }
    for (const redoubt_event& event : batch.events) {
      const std::string container = text_of(event.container);
      if (is_of(container, id)) {
        const std::string_view rule = name_in(bpf::surface_names(), event.surface);
        TRY(print(json::dump(violation_document(event, rules.source(container, rule))) + '\n'));
      }
    }
    if (once) {
      return {};
    }
    const timespec pause = {0, kPollNanoseconds};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace redoubt::cli
