// What `update` is asked for, as a document in the shape of linux.resources, and how it changes the
// stored one.
//
// Both stay JSON: members that this release does not know survive, and the same decoder checks
// flags, files and the stored text.
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

// The stored resources with the request applied, by runc's rules: numbers of memory, cpu and
// blockIO replace the stored ones one by one; cpuset, pids, unified, burst and idle are taken as a
// whole, so that what the request leaves out is not written again; unlimited memory without a word
// about swap means unlimited swap; devices are never touched.
json::Value merge_resources(json::Value stored, const json::Value& request);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_UPDATE_REQUEST_H_
