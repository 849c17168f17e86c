#include "sandbox/systemd_properties.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr uint64_t kInfinity = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kDefaultPeriod = 100'000;  // us
constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;
constexpr uint64_t kPercentOfSecond = 10'000;  // systemd keeps whole percents
constexpr size_t kMaxCpus = 65536;

// Versions of systemd that first know a property.
constexpr int kHasQuotaPeriod = 242;
constexpr int kHasAllowedCpus = 244;
constexpr int kHasIdleWeight = 252;
constexpr int kHasScopeOomPolicy = 253;

struct SimpleProperty {
  std::string_view file;
  const char* property;
};
// One number or "max".
constexpr SimpleProperty kNumbers[] = {
    {"cpu.weight", "CPUWeight"},
    {"io.weight", "IOWeight"},
    {"memory.high", "MemoryHigh"},
    {"memory.low", "MemoryLow"},
    {"memory.max", "MemoryMax"},
    {"memory.min", "MemoryMin"},
    {"pids.max", "TasksMax"},
    {"memory.swap.max", "MemorySwapMax"},
};

Error bad_value(const plan::CgroupWrite& write) {
  return Error::invalid(
      concat(write.field, ": ", write.file, " value ", quote(write.value), " is invalid"));
}

Result<uint64_t> parse_limit(const plan::CgroupWrite& write) {
  std::string_view text = trim(write.value);
  if (text.starts_with("default ")) {
    text = trim(text.substr(8));
  }
  if (text == "max") {
    return kInfinity;
  }
  const auto number = parse_number<uint64_t>(text);
  if (!number) {
    return bad_value(write);
  }
  return *number;
}

bool sets_idle(const std::vector<plan::CgroupWrite>& writes, int systemd_version) {
  return systemd_version >= kHasIdleWeight &&
         std::any_of(writes.begin(), writes.end(), [](const plan::CgroupWrite& w) {
           return w.file == "cpu.idle" && trim(w.value) == "1";
         });
}

// "max" or a quota, and perhaps a period. Rounded up: with less than asked for, a child cgroup
// could not be given the quota.
Status add_cpu_max(const plan::CgroupWrite& write,
                   int systemd_version,
                   std::vector<UnitProperty>& out) {
  std::vector<std::string> words = split(trim(write.value), ' ');
  std::erase(words, "");
  if (words.empty() || words.size() > 2) {
    return bad_value(write);
  }
  const auto period =
      words.size() == 2 ? parse_number<uint64_t>(words[1]) : std::optional(kDefaultPeriod);
  const auto quota =
      words[0] == "max" ? std::optional(kInfinity) : parse_number<uint64_t>(words[0]);
  if (!period || *period == 0 || !quota ||
      (*quota != kInfinity && *quota > kInfinity / kMicrosecondsPerSecond)) {
    return bad_value(write);
  }
  if (systemd_version >= kHasQuotaPeriod) {
    out.push_back({"CPUQuotaPeriodUSec", unit_value(*period)});
  }
  uint64_t per_second = kInfinity;
  if (*quota != kInfinity) {
    per_second = *quota * kMicrosecondsPerSecond / *period;
    per_second = (per_second + kPercentOfSecond - 1) / kPercentOfSecond * kPercentOfSecond;
  }
  out.push_back({"CPUQuotaPerSecUSec", unit_value(per_second)});
  return {};
}

Status add_cpuset(const plan::CgroupWrite& write,
                  int systemd_version,
                  std::vector<UnitProperty>& out) {
  if (systemd_version < kHasAllowedCpus || trim(write.value).empty()) {
    return {};
  }
  TRY_ASSIGN(const std::vector<uint8_t> mask,
             cpu_list_mask(trim(write.value)).context(write.field));
  out.push_back(
      {write.file == "cpuset.cpus" ? "AllowedCPUs" : "AllowedMemoryNodes", unit_bytes(mask)});
  return {};
}

Status add_limit(const plan::CgroupWrite& write,
                 bool idle,
                 int systemd_version,
                 std::vector<UnitProperty>& out) {
  if (write.file == "cpu.max") {
    return add_cpu_max(write, systemd_version, out);
  }
  if (write.file == "cpuset.cpus" || write.file == "cpuset.mems") {
    return add_cpuset(write, systemd_version, out);
  }
  if (write.file == "cpu.idle" && idle) {
    out.push_back({"CPUWeight", unit_value(uint64_t{0})});  // systemd's word for idle
    return {};
  }
  const bool per_device = trim(write.value).find(':') != std::string_view::npos;
  for (const SimpleProperty& known : kNumbers) {
    if (known.file == write.file && !per_device && !(idle && write.file == "cpu.weight")) {
      TRY_ASSIGN(const uint64_t number, parse_limit(write));
      out.push_back({known.property, unit_value(number)});
    }
  }
  return {};
}

// The later of two equal names wins, as the later of two writes does.
void keep_last_of_each(std::vector<UnitProperty>& properties) {
  for (size_t i = 0; i < properties.size();) {
    const bool again =
        std::any_of(properties.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                    properties.end(),
                    [&](const UnitProperty& p) { return p.name == properties[i].name; });
    if (again) {
      properties.erase(properties.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void add_oom_policy(const UnitRequest& request, std::vector<UnitProperty>& out) {
  if (request.systemd_version < kHasScopeOomPolicy) {
    return;
  }
  for (const plan::CgroupWrite& write : request.plan.writes) {
    if (write.file == "memory.oom.group" &&
        (trim(write.value) == "0" || trim(write.value) == "1")) {
      out.push_back(
          {"OOMPolicy", unit_value(std::string(trim(write.value) == "1" ? "kill" : "continue"))});
    }
  }
}

}  // namespace

UnitValue unit_value(bool value) {
  return {UnitValue::Shape::kScalar, 'b', {value}, {}};
}
UnitValue unit_value(uint64_t value) {
  return {UnitValue::Shape::kScalar, 't', {value}, {}};
}
UnitValue unit_value(std::string value) {
  return {UnitValue::Shape::kScalar, 's', {std::move(value)}, {}};
}
UnitValue unit_strings(const std::vector<std::string>& values) {
  return {UnitValue::Shape::kArray, 's', {values.begin(), values.end()}, {}};
}
UnitValue unit_bytes(const std::vector<uint8_t>& values) {
  return {UnitValue::Shape::kArray, 'y', {values.begin(), values.end()}, {}};
}
UnitValue unit_pids(const std::vector<pid_t>& pids) {
  UnitValue value = {UnitValue::Shape::kArray, 'u', {}, {}};
  for (const pid_t pid : pids) {
    value.items.emplace_back(static_cast<uint32_t>(pid));
  }
  return value;
}
UnitValue unit_pairs(std::vector<std::pair<std::string, std::string>> values) {
  return {UnitValue::Shape::kPairs, 's', {}, std::move(values)};
}

std::string signature_of(const UnitValue& value) {
  switch (value.shape) {
    case UnitValue::Shape::kScalar:
      return std::string(1, value.element);
    case UnitValue::Shape::kArray:
      return std::string("a") + value.element;
    case UnitValue::Shape::kPairs:
      return "a(ss)";
  }
  return {};
}

Result<std::vector<uint8_t>> cpu_list_mask(std::string_view list) {
  std::vector<uint8_t> mask;
  for (const std::string& range : split(list, ',')) {
    if (trim(range).empty()) {
      continue;
    }
    const size_t dash = range.find('-');
    const auto first = parse_number<size_t>(trim(std::string_view(range).substr(0, dash)));
    const auto last = dash == std::string::npos
                          ? first
                          : parse_number<size_t>(trim(std::string_view(range).substr(dash + 1)));
    if (!first || !last || *first > *last || *last >= kMaxCpus) {
      return Error::invalid(concat("invalid range ", quote(range), " in ", quote(list)));
    }
    mask.resize(std::max(mask.size(), *last / 8 + 1));
    for (size_t bit = *first; bit <= *last; ++bit) {
      mask[bit / 8] = static_cast<uint8_t>(mask[bit / 8] | (1U << (bit % 8)));
    }
  }
  if (mask.empty()) {
    return Error::invalid(concat("empty list ", quote(list)));
  }
  return mask;
}

Result<std::vector<UnitProperty>> limit_properties(const std::vector<plan::CgroupWrite>& writes,
                                                   int systemd_version) {
  std::vector<UnitProperty> properties;
  const bool idle = sets_idle(writes, systemd_version);
  for (const plan::CgroupWrite& write : writes) {
    TRY(add_limit(write, idle, systemd_version, properties));
  }
  keep_last_of_each(properties);
  return properties;
}

Result<std::vector<UnitProperty>> start_properties(const UnitRequest& request) {
  std::vector<UnitProperty> properties = {
      {"Description", unit_value("libcontainer container " + request.name)}};
  if (request.unit.ends_with(".slice")) {
    properties.push_back({"Wants", unit_strings({request.slice})});
  } else {
    properties.push_back({"Slice", unit_value(request.slice)});
    properties.push_back({"Delegate", unit_value(true)});
    properties.push_back({"PIDs", unit_pids({request.pid})});
  }
  for (const char* accounting :
       {"MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"}) {
    properties.push_back({accounting, unit_value(true)});
  }
  properties.push_back({"DefaultDependencies", unit_value(false)});
  for (const auto& [name, text] : request.plan.systemd_properties) {
    TRY_ASSIGN(UnitProperty property, annotation_property(name, text));
    properties.push_back(std::move(property));
  }
  add_oom_policy(request, properties);
  return properties;
}

}  // namespace redoubt::sandbox
