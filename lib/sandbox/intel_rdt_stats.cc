#include "sandbox/intel_rdt_stats.h"

#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

std::string read_text(const std::string& path) {
  const Result<std::string> text = read_kernel_file_at(AT_FDCWD, path);
  return text ? std::string(trim(*text)) : std::string();
}

void add_text(json::Value& out, std::string_view key, const std::string& text) {
  if (!text.empty()) {
    out.set(key, text);
  }
}

void add_number(json::Value& out, std::string_view key, const std::string& path) {
  const std::optional<uint64_t> number = parse_number<uint64_t>(read_text(path));
  if (number && *number != 0) {
    out.set(key, *number);
  }
}

// The line of a schemata file that starts with `resource` ("L3:", "MB:").
std::string schema_of(const std::string& directory, std::string_view resource) {
  for (const std::string& line : split(read_text(concat(directory, "/schemata")), '\n')) {
    const std::string_view schema = trim(line);
    if (schema.substr(0, resource.size()) == resource) {
      return std::string(schema);
    }
  }
  return {};
}

void add_cache(json::Value& out, const std::string& group, const std::string& mount) {
  const std::string info = concat(mount, "/info/L3");
  json::Value values{json::Object{}};
  add_text(values, "cbm_mask", read_text(concat(info, "/cbm_mask")));
  add_number(values, "min_cbm_bits", concat(info, "/min_cbm_bits"));
  add_number(values, "num_closids", concat(info, "/num_closids"));
  out.set("l3_cache_info", std::move(values));
  add_text(out, "l3_cache_schema_root", schema_of(mount, "L3:"));
  add_text(out, "l3_cache_schema", schema_of(group, "L3:"));
}

void add_bandwidth(json::Value& out, const std::string& group, const std::string& mount) {
  const std::string info = concat(mount, "/info/MB");
  json::Value values{json::Object{}};
  add_number(values, "bandwidth_gran", concat(info, "/bandwidth_gran"));
  add_number(values, "delay_linear", concat(info, "/delay_linear"));
  add_number(values, "min_bandwidth", concat(info, "/min_bandwidth"));
  add_number(values, "num_closids", concat(info, "/num_closids"));
  out.set("mem_bw_info", std::move(values));
  add_text(out, "mem_bw_schema_root", schema_of(mount, "MB:"));
  add_text(out, "mem_bw_schema", schema_of(group, "MB:"));
}

}  // namespace

json::Value read_intel_rdt_stats(const std::string& group, const std::string& mount) {
  json::Value out{json::Object{}};
  const ResctrlSupport support = probe_resctrl(mount);
  if (read_text(concat(group, "/schemata")).empty()) {
    return out;
  }
  if (support.l3_cache) {
    add_cache(out, group, mount);
  }
  if (support.memory_bandwidth) {
    add_bandwidth(out, group, mount);
  }
  return out;
}

}  // namespace redoubt::sandbox
