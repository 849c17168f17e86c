#include "runc-compat/cli/update_request.h"

#include <unistd.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "runc-compat/cli/byte_size.h"
#include "runc-compat/cli/json_edit.h"

namespace redoubt::cli {
namespace {

constexpr size_t kMaxRequestBytes = size_t{1} << 20;

enum class ValueKind { kUnsigned, kSigned, kBytes, kText };

// One flag and the member of linux.resources that it sets.
struct Setting {
  Flag flag;
  std::string_view section, member;
  ValueKind kind;
};

constexpr Setting kSettings[] = {
    {{.name = "cpu-burst",
      .placeholder = "USEC",
      .help = "time above the quota that may be saved up"},
     "cpu",
     "burst",
     ValueKind::kUnsigned},
    {{.name = "cpu-idle",
      .placeholder = "0|1",
      .help = "1: run only when nobody else wants the CPU"},
     "cpu",
     "idle",
     ValueKind::kSigned},
    {{.name = "cpu-period", .placeholder = "USEC", .help = "length of the period of --cpu-quota"},
     "cpu",
     "period",
     ValueKind::kUnsigned},
    {{.name = "cpu-quota",
      .placeholder = "USEC",
      .help = "CPU time allowed in a period, -1: no limit"},
     "cpu",
     "quota",
     ValueKind::kSigned},
    {{.name = "cpu-rt-period", .placeholder = "USEC", .help = "not supported by cgroup v2"},
     "cpu",
     "realtimePeriod",
     ValueKind::kUnsigned},
    {{.name = "cpu-rt-runtime", .placeholder = "USEC", .help = "not supported by cgroup v2"},
     "cpu",
     "realtimeRuntime",
     ValueKind::kSigned},
    {{.name = "cpu-share",
      .placeholder = "N",
      .help = "CPU shares relative to other containers, 2 to 262144"},
     "cpu",
     "shares",
     ValueKind::kUnsigned},
    {{.name = "cpuset-cpus", .placeholder = "LIST", .help = "CPUs to use, as 0-2,5"},
     "cpu",
     "cpus",
     ValueKind::kText},
    {{.name = "cpuset-mems", .placeholder = "LIST", .help = "memory nodes to use"},
     "cpu",
     "mems",
     ValueKind::kText},
    {{.name = "memory", .placeholder = "BYTES", .help = "memory limit (32M, 1g ...), -1: none"},
     "memory",
     "limit",
     ValueKind::kBytes},
    {{.name = "memory-reservation",
      .placeholder = "BYTES",
      .help = "memory that is taken back last"},
     "memory",
     "reservation",
     ValueKind::kBytes},
    {{.name = "memory-swap",
      .placeholder = "BYTES",
      .help = "limit of memory and swap together, -1: no limit of swap"},
     "memory",
     "swap",
     ValueKind::kBytes},
};

constexpr std::string_view kBlkioWeightFlag = "blkio-weight";
constexpr std::string_view kPidsLimitFlag = "pids-limit";
constexpr std::string_view kKernelMemoryFlag = "kernel-memory";
constexpr std::string_view kKernelMemoryTcpFlag = "kernel-memory-tcp";

constexpr Flag kOtherFlags[] = {
    {.name = kResourcesFlag,
     .short_name = "r",
     .placeholder = "FILE",
     .help = "read an OCI resources object from the file, or - for standard input; other flags are "
             "void"},
    {.name = kBlkioWeightFlag,
     .kind = FlagKind::kInt,
     .placeholder = "N",
     .help = "weight of block input and output, 10 to 1000"},
    {.name = kPidsLimitFlag,
     .kind = FlagKind::kInt,
     .placeholder = "N",
     .help = "most processes and threads, -1: no limit"},
    {.name = kL3CacheSchemaFlag,
     .placeholder = "SCHEMA",
     .help = "Intel RDT schema of the L3 cache"},
    {.name = kMemBwSchemaFlag,
     .placeholder = "SCHEMA",
     .help = "Intel RDT schema of memory bandwidth"},
    {.name = kKernelMemoryFlag,
     .placeholder = "BYTES",
     .help = "obsolete, ignored",
     .hidden = true},
    {.name = kKernelMemoryTcpFlag,
     .placeholder = "BYTES",
     .help = "obsolete, ignored",
     .hidden = true},
};

constexpr auto all_flags() {
  static_assert(std::size(kSettings) + std::size(kOtherFlags) == kUpdateFlagCount);
  std::array<Flag, kUpdateFlagCount> flags{};
  size_t count = 0;
  for (const Setting& setting : kSettings) {
    flags[count++] = setting.flag;
  }
  for (const Flag& flag : kOtherFlags) {
    flags[count++] = flag;
  }
  return flags;
}

Result<json::Value> parse_value(ValueKind kind, const std::string& text) {
  switch (kind) {
    case ValueKind::kText:
      return json::Value(text);
    case ValueKind::kBytes: {
      TRY_ASSIGN(const int64_t bytes, parse_byte_size(text));
      return json::Value(bytes);
    }
    case ValueKind::kUnsigned:
      if (const std::optional<uint64_t> number = parse_number<uint64_t>(text)) {
        return json::Value(*number);
      }
      return Error::invalid(concat("strconv.ParseUint: parsing ", quote(text), ": invalid syntax"));
    case ValueKind::kSigned:
      if (const std::optional<int64_t> number = parse_number<int64_t>(text)) {
        return json::Value(*number);
      }
      return Error::invalid(concat("strconv.ParseInt: parsing ", quote(text), ": invalid syntax"));
  }
  return Error::internal("unknown kind of value");
}

Result<json::Value> request_from_flags(const Arguments& arguments) {
  json::Value request{json::Object{}};
  for (const Setting& setting : kSettings) {
    const std::string& text = arguments.text(setting.flag.name);
    if (!text.empty()) {
      TRY_ASSIGN(
          json::Value value,
          parse_value(setting.kind, text).context(concat("invalid value for ", setting.flag.name)));
      assign(member_object(request, setting.section), setting.member, std::move(value));
    }
  }
  if (const int64_t weight = arguments.number(kBlkioWeightFlag); weight != 0) {
    if (weight < 0 || weight > std::numeric_limits<uint16_t>::max()) {
      return Error::invalid(concat(
          "invalid value for ", kBlkioWeightFlag, ": ", weight, " is not between 10 and 1000"));
    }
    assign(member_object(request, "blockIO"), "weight", weight);
  }
  if (arguments.is_set(kPidsLimitFlag)) {
    assign(member_object(request, "pids"), "limit", arguments.number(kPidsLimitFlag));
  }
  if (!arguments.text(kKernelMemoryFlag).empty() || !arguments.text(kKernelMemoryTcpFlag).empty()) {
    log::warning("Kernel memory settings are ignored and will be removed");
  }
  return request;
}

Result<json::Value> request_from_file(const std::string& file) {
  const bool standard_input = file == "-";
  const std::string name = standard_input ? "standard input" : file;
  Result<std::string> text = standard_input ? read_all(STDIN_FILENO, kMaxRequestBytes, name)
                                            : read_file(file, kMaxRequestBytes);
  if (!text) {
    return std::move(text).error();
  }
  TRY_ASSIGN(json::Value request, json::parse(*text, name));
  if (!request.is_object()) {
    return Error::invalid(concat(name, ": want a resources object, found ", request.type_name()));
  }
  return request;
}

}  // namespace

constinit const std::array<Flag, kUpdateFlagCount> kUpdateFlags = all_flags();

Result<json::Value> resources_request(const Arguments& arguments) {
  const std::string& file = arguments.text(kResourcesFlag);
  return file.empty() ? request_from_flags(arguments) : request_from_file(file);
}

}  // namespace redoubt::cli
