#include "runc-compat/cli/audit.h"

#include <linux/landlock.h>
#include <string.h>
#include <time.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/str.h"
#include "bpf/names.h"
#include "plan/landlock_names.h"
#include "runc-compat/cli/output.h"

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

// "": no error.
std::string errno_name(uint32_t number) {
  const char* name = number == 0 ? "" : ::strerrorname_np(static_cast<int>(number));
  return name == nullptr ? concat(number) : name;
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

// Ids longer than the kernel's field are compared as far as it goes.
bool is_of(const std::string& logged, const std::string& id) {
  return id.empty() || logged == id.substr(0, REDOUBT_CONTAINER_NAME - 1);
}

// What was to be done with the file: "open", "rename" ... Landlock's functions are named after it.
std::string operation_of(const redoubt_event& event) {
  if (event.hook == REDOUBT_HOOK_hook_file_open) {
    return (event.detail & LANDLOCK_ACCESS_FS_EXECUTE) != 0 ? "exec" : "open";
  }
  const std::string_view hook = name_in(bpf::hook_names(), event.hook);
  return std::string(hook.substr(hook.rfind('_') + 1));
}

void add_file_act(const redoubt_event& event, const ViolationRule& rule, json::Value& data) {
  data.set("operation", operation_of(event));
  json::Value access{json::Array()};
  for (const std::string_view name : plan::landlock_file_access_names(static_cast<uint32_t>(event.detail))) {
    access.push(std::string(name));
  }
  data.set("access", std::move(access));
  if (rule.paths && !rule.paths->target.empty()) {
    data.set("target", rule.paths->target);
  }
  if (!rule.paths || !rule.paths->is_whole) {
    data.set("truncated", true);
  }
}

json::Value lost_document(uint64_t lost) {
  json::Value event;
  json::Value data;
  return event.set("type", "lost").set("data", data.set("events", lost));
}

// What is new of the container (of all: "").
std::vector<json::Value> documents_of(bpf::EventLog& log, const std::string& id, AuditRules& rules) {
  const bpf::EventLog::Batch batch = log.read();
  std::vector<json::Value> documents;
  if (batch.lost != 0) {
    documents.push_back(lost_document(batch.lost));
  }
  for (const redoubt_event& event : batch.events) {
    if (is_of(text_of(event.container), id)) {
      documents.push_back(violation_document(event, rules.find(event, log.paths_of(event))));
    }
  }
  return documents;
}

void pause_between_reads() {
  const timespec pause = {0, kPollNanoseconds};
  ::nanosleep(&pause, nullptr);
}

}  // namespace

json::Value violation_document(const redoubt_event& event, const ViolationRule& rule) {
  const bool is_filter = event.hook == REDOUBT_HOOK_audit_seccomp;
  const bool is_landlock = bpf::is_refusal_of_files(event);
  json::Value policy;
  policy.set("rule", rule.control).set("source", rule.source);
  json::Value data;
  data.set("time", wall_time(event.time)).set("sequence", event.sequence);
  data.set("layer", is_filter ? "seccomp" : is_landlock ? "landlock" : "bpf-lsm");
  data.set("hook", std::string(name_in(bpf::hook_names(), event.hook)));
  data.set("verdict", event.denied != 0 ? "denied" : "audited");
  data.set("errno", errno_name(event.error));
  data.set("policy", std::move(policy));
  data.set("object",
           is_filter      ? rule.syscall
           : !is_landlock ? text_of(event.object)
           : rule.paths   ? rule.paths->path
                          : "");
  data.set("detail", event.detail);
  if (is_landlock) {
    add_file_act(event, rule, data);
  }
  if (is_filter) {
    json::Value arguments{json::Array()};
    for (const redoubt_u64 argument : event.arguments) {
      arguments.push(argument);
    }
    data.set("arguments", std::move(arguments));
  }
  data.set("cgroup", event.cgroup).set("process", process_document(event));
  json::Value document;
  document.set("type", "violation").set("id", text_of(event.container));
  return document.set("data", std::move(data));
}

Result<bpf::EventLog> open_violations() {
  return bpf::EventLog::open().context(
      "events --audit: the BPF LSM programs keep the log; redoubt bpf status says more");
}

Status follow_violations(const Globals& globals,
                         bpf::EventLog& log,
                         const AuditOptions& options,
                         const ViolationSink& sink) {
  AuditRules rules(globals);
  for (;;) {
    const bool is_current = log.is_current();
    if (!is_current) {
      pause_between_reads();  // the programs may write for as long as they are being removed
    }
    TRY(sink(documents_of(log, options.id, rules)));
    if (!is_current) {
      return Error::state(
          "events --audit: the BPF LSM programs were unloaded: what containers do is neither refused "
          "nor written down by them any more; run: redoubt bpf load");
    }
    if (options.once) {
      return {};
    }
    pause_between_reads();
  }
}

Status print_violations(const Globals& globals, const AuditOptions& options) {
  TRY_ASSIGN(bpf::EventLog log, open_violations());
  return follow_violations(
      globals, log, options, [](const std::vector<json::Value>& documents) -> Status {
        for (const json::Value& document : documents) {
          TRY(print(json::dump(document) + '\n'));
        }
        return {};
      });
}

}  // namespace redoubt::cli
