#include "runc-compat/state/record.h"

#include <stdio.h>
#include <time.h>

#include <limits>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/str.h"
#include "base/utc_time.h"

namespace redoubt::state {
namespace {

constexpr std::string_view kPhaseIntent = "intent";
constexpr std::string_view kPhaseCreated = "created";
constexpr int64_t kMaxPid = int64_t{1} << 22;  // PID_MAX_LIMIT of 64-bit kernels

json::Value string_map(const std::map<std::string, std::string>& map) {
  json::Value object{json::Object{}};
  for (const auto& [key, value] : map) {
    object.set(key, value);
  }
  return object;
}

// config.labels as runc writes them: "key=value" of every annotation, and the bundle. For outside
// tools only: never read back.
json::Value labels(const Record& record) {
  json::Value list{json::Array{}};
  for (const auto& [key, value] : record.annotations) {
    list.push(concat(key, "=", value));
  }
  list.push(concat("bundle=", record.bundle));
  return list;
}

// Reads typed members of one JSON object. The first mistake is kept and everything after it reads
// as absent, so that a decoder is a plain list of assignments with one check at the end.
class Reader {
 public:
  Reader(const json::Value& object, std::string_view name) : object_(object), name_(name) {}

  std::string text(std::string_view key) {
    const json::Value* value = member(key);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      wrong_type(key, "string", *value);
      return {};
    }
    return value->as_string();
  }

  bool flag(std::string_view key) {
    const json::Value* value = member(key);
    if (value == nullptr) {
      return false;
    }
    if (!value->is_bool()) {
      wrong_type(key, "bool", *value);
      return false;
    }
    return value->as_bool();
  }

  uint64_t number(std::string_view key, uint64_t max = std::numeric_limits<uint64_t>::max()) {
    const json::Value* value = member(key);
    if (value == nullptr) {
      return 0;
    }
    const bool negative = value->type() == json::Value::Type::kInt && value->as_int() < 0;
    if (!value->is_integer() || negative) {
      wrong_type(key, "unsigned integer", *value);
      return 0;
    }
    const uint64_t number = value->type() == json::Value::Type::kUint
                                ? value->as_uint()
                                : static_cast<uint64_t>(value->as_int());
    if (number > max) {
      fail(concat(key, ": ", number, " is larger than ", max));
      return 0;
    }
    return number;
  }

  pid_t pid(std::string_view key) { return static_cast<pid_t>(number(key, kMaxPid)); }

  std::map<std::string, std::string> map(std::string_view key) {
    std::map<std::string, std::string> out;
    const json::Value* value = member(key);
    if (value == nullptr) {
      return out;
    }
    if (!value->is_object()) {
      wrong_type(key, "object", *value);
      return out;
    }
    for (const json::Member& entry : value->as_object()) {
      if (!entry.value.is_string()) {
        wrong_type(concat(key, "[", quote(entry.key), "]"), "string", entry.value);
        return {};
      }
      out.emplace(entry.key, entry.value.as_string());
    }
    return out;
  }

  const json::Value* object(std::string_view key) {
    const json::Value* value = member(key);
    if (value != nullptr && !value->is_object()) {
      wrong_type(key, "object", *value);
      return nullptr;
    }
    return value;
  }

  void fail(std::string_view problem) {
    if (status_) {
      status_ = Error::invalid(concat(name_, ": ", problem));
    }
  }

  Status status() && { return std::move(status_); }

 private:
  const json::Value* member(std::string_view key) const {
    if (!status_) {
      return nullptr;
    }
    const json::Value* value = object_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void wrong_type(std::string_view key, std::string_view wanted, const json::Value& value) {
    fail(concat(key, ": want ", wanted, ", found ", value.type_name()));
  }

  const json::Value& object_;
  std::string_view name_;
  Status status_;
};

Record::Phase read_phase(Reader& reader) {
  const std::string phase = reader.text("phase");
  if (phase != kPhaseIntent && phase != kPhaseCreated) {
    reader.fail(concat("phase: unknown value ", quote(phase)));
  }
  return phase == kPhaseCreated ? Record::Phase::kCreated : Record::Phase::kIntent;
}

// A path that will be opened or removed: absent, or absolute without "." and ".." parts.
void check_path(Reader& reader, std::string_view key, std::string_view path) {
  if (path.empty()) {
    return;
  }
  bool plain = path.front() == '/';
  for (const std::string& part : split(path, '/')) {
    plain = plain && part != "." && part != "..";
  }
  if (!plain) {
    reader.fail(concat(key, ": ", quote(path), " is no plain absolute path"));
  }
}

void check_relations(Reader& reader, const Record& record) {
  if (record.id.empty()) {
    reader.fail("id: missing");
  }
  if (record.boot_id.empty()) {
    reader.fail("boot_id: missing");
  }
  if (record.phase == Record::Phase::kCreated && record.init_pid == 0) {
    reader.fail("init_process_pid: missing");
  }
  check_path(reader, "cgroup_directory", record.cgroup_directory);
  check_path(reader, "intel_rdt_path", record.intel_rdt_path);
}

Status check_version(const json::Value& root, std::string_view name) {
  if (!root.is_object()) {
    return Error::invalid(concat(name, ": want object, found ", root.type_name()));
  }
  const json::Value* version = root.find("version");
  if (version == nullptr || version->type() != json::Value::Type::kInt) {
    return Error::invalid(concat(name, ": version: missing or no integer"));
  }
  if (version->as_int() != kRecordVersion) {
    return Error::invalid(concat(name,
                                 ": version ",
                                 version->as_int(),
                                 " is not known to this release, which reads version ",
                                 kRecordVersion));
  }
  return {};
}

}  // namespace

std::string format_record(const Record& record) {
  json::Value config{json::Object{}};
  config.set("rootfs", record.rootfs);
  config.set("labels", labels(record));
  json::Value root{json::Object{}};
  root.set("version", kRecordVersion);
  root.set("phase", record.phase == Record::Phase::kCreated ? kPhaseCreated : kPhaseIntent);
  root.set("id", record.id);
  root.set("bundle", record.bundle);
  root.set("created", record.created);
  root.set("owner_uid", record.owner_uid);
  root.set("creator_pid", record.creator_pid);
  root.set("creator_start", record.creator_start_time);
  root.set("init_process_pid", record.init_pid);
  root.set("init_process_start", record.init_start_time);
  root.set("boot_id", record.boot_id);
  root.set("rootless", record.rootless);
  root.set("shares_pid_namespace", record.shares_pid_namespace);
  root.set("systemd_cgroup", record.systemd_cgroup);
  root.set("cgroup_path", record.cgroup_path);
  root.set("cgroup_directory", record.cgroup_directory);
  root.set("cgroup_unit", record.cgroup_unit);
  root.set("cgroup_inode", record.cgroup_inode);
  root.set("cgroup_paths", string_map({{"", record.cgroup_directory}}));
  root.set("namespace_paths", string_map(record.namespace_paths));
  root.set("annotations", string_map(record.annotations));
  if (!record.policy.empty()) {
    root.set("policy", string_map(record.policy));
  }
  if (record.recorder_pid != 0) {
    root.set("recorder_pid", record.recorder_pid).set("recorder_start", record.recorder_start_time);
  }
  root.set("intel_rdt_path", record.intel_rdt_path);
  if (record.resources) {
    root.set("resources", *record.resources);
  }
  root.set("config", std::move(config));
  return json::dump(root);
}

Result<Record> parse_record(std::string_view text, std::string_view name) {
  TRY_ASSIGN(const json::Value root, json::parse(text, name, {kMaxRecordBytes, 8}));
  TRY(check_version(root, name));
  Reader reader(root, name);
  Record record;
  record.phase = read_phase(reader);
  record.id = reader.text("id");
  record.bundle = reader.text("bundle");
  record.created = reader.text("created");
  record.owner_uid =
      static_cast<uid_t>(reader.number("owner_uid", std::numeric_limits<uid_t>::max()));
  record.creator_pid = reader.pid("creator_pid");
  record.creator_start_time = reader.number("creator_start");
  record.init_pid = reader.pid("init_process_pid");
  record.init_start_time = reader.number("init_process_start");
  record.boot_id = reader.text("boot_id");
  record.rootless = reader.flag("rootless");
  record.shares_pid_namespace = reader.flag("shares_pid_namespace");
  record.systemd_cgroup = reader.flag("systemd_cgroup");
  record.cgroup_path = reader.text("cgroup_path");
  record.cgroup_directory = reader.text("cgroup_directory");
  record.cgroup_unit = reader.text("cgroup_unit");
  record.cgroup_inode = reader.number("cgroup_inode");
  record.namespace_paths = reader.map("namespace_paths");
  record.annotations = reader.map("annotations");
  record.policy = reader.map("policy");
  record.recorder_pid = reader.pid("recorder_pid");
  record.recorder_start_time = reader.number("recorder_start");
  record.intel_rdt_path = reader.text("intel_rdt_path");
  if (const std::string resources = reader.text("resources"); !resources.empty()) {
    record.resources = resources;
  }
  if (const json::Value* config = reader.object("config"); config != nullptr) {
    const std::string config_name = concat(name, ": config");
    Reader inner(*config, config_name);
    record.rootfs = inner.text("rootfs");
    TRY(std::move(inner).status());
  }
  check_relations(reader, record);
  TRY(std::move(reader).status());
  return record;
}

std::string timestamp_now() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::string out = utc_time(now.tv_sec);
  if (now.tv_nsec != 0) {
    char fraction[16];
    ::snprintf(fraction, sizeof fraction, ".%09ld", now.tv_nsec);
    out += fraction;
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + 'Z';
}

}  // namespace redoubt::state
