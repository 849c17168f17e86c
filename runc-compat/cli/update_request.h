// What `update` is asked for, as a document in the shape of linux.resources: flags and files come
// out alike, and one decoder checks both.
#ifndef REDOUBT_CLI_UPDATE_REQUEST_H_
#define REDOUBT_CLI_UPDATE_REQUEST_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "runc-compat/cli/arguments.h"

namespace redoubt::cli {

inline constexpr std::string_view kResourcesFlag = "resources";
inline constexpr std::string_view kL3CacheSchemaFlag = "l3-cache-schema";
inline constexpr std::string_view kMemBwSchemaFlag = "mem-bw-schema";

inline constexpr size_t kUpdateFlagCount = 19;
extern const std::array<Flag, kUpdateFlagCount> kUpdateFlags;

// From the flags, or from the file of --resources ("-": standard input), which makes every other
// resource flag void. "invalid value for cpu-quota: ...".
Result<json::Value> resources_request(const Arguments& arguments);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_UPDATE_REQUEST_H_
