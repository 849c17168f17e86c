// Properties of a transient systemd unit as data: their D-Bus type and values, and how the
// container's plan maps to them.
//
// Pure: the message is made in systemd_bus.cc. The writes to cgroup files stay what is enforced;
// the properties tell systemd the same, so that a daemon-reload does not take limits back. See
// systemd.resource-control(5) and org.freedesktop.systemd1(5).
#ifndef REDOUBT_SANDBOX_SYSTEMD_PROPERTIES_H_
#define REDOUBT_SANDBOX_SYSTEMD_PROPERTIES_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace redoubt::sandbox {

using UnitScalar = std::variant<bool,
                                uint8_t,
                                int16_t,
                                uint16_t,
                                int32_t,
                                uint32_t,
                                int64_t,
                                uint64_t,
                                double,
                                std::string>;

// A scalar, an array of scalars of one type, or an array of pairs of strings.
struct UnitValue {
  enum class Shape { kScalar, kArray, kPairs };
  Shape shape = Shape::kScalar;
  char element = 's';  // D-Bus type code of the scalars: b y n q i u x t d s o g
  std::vector<UnitScalar> items;
  std::vector<std::pair<std::string, std::string>> pairs;

  bool operator==(const UnitValue&) const = default;
};

UnitValue unit_value(bool value);
UnitValue unit_value(uint64_t value);
UnitValue unit_value(std::string value);
UnitValue unit_strings(const std::vector<std::string>& values);
UnitValue unit_bytes(const std::vector<uint8_t>& values);
UnitValue unit_pids(const std::vector<pid_t>& pids);
UnitValue unit_pairs(std::vector<std::pair<std::string, std::string>> values);

// "s", "at", "a(ss)".
std::string signature_of(const UnitValue& value);

struct UnitProperty {
  std::string name;
  UnitValue value;

  bool operator==(const UnitProperty&) const = default;
};

// The value of an org.systemd.property.* annotation: GVariant text ("true", "uint64 5", "'text'",
// "['a', 'b']", "@as []").
Result<UnitValue> parse_gvariant(std::string_view text);

// One annotation as a property: "TimeoutStopSec" with a number becomes "TimeoutStopUSec" in
// microseconds.
Result<UnitProperty> annotation_property(const std::string& name, const std::string& text);

// cpuset list -> bit mask, lowest CPU in the lowest bit of the first byte: "0-2,8" -> {0x07, 0x01}.
Result<std::vector<uint8_t>> cpu_list_mask(std::string_view list);

// What the writes mean to systemd of this version. Files it has no property for are left out.
Result<std::vector<UnitProperty>> limit_properties(const std::vector<plan::CgroupWrite>& writes,
                                                   int systemd_version);

// DevicePolicy and DeviceAllow. `exists` says whether a /dev/char or /dev/block path is there:
// systemd warns about others.
std::vector<UnitProperty> device_properties(const std::vector<plan::DeviceRule>& rules,
                                            int systemd_version,
                                            bool (*exists)(const std::string& path));

// stat(2) of the path succeeds.
bool device_path_exists(const std::string& path);

// Everything that StartTransientUnit gets for a container.
struct UnitRequest {
  const plan::Cgroup& plan;
  std::string name;  // of the container
  std::string unit;
  std::string slice;
  pid_t pid = 0;
  int systemd_version = 0;
};

Result<std::vector<UnitProperty>> start_properties(const UnitRequest& request);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_PROPERTIES_H_
