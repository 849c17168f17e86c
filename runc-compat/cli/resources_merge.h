// How an `update` changes the stored resources. Both are JSON in the shape of linux.resources, so
// that members that this release does not know survive.
#ifndef REDOUBT_CLI_RESOURCES_MERGE_H_
#define REDOUBT_CLI_RESOURCES_MERGE_H_

#include "base/json.h"

namespace redoubt::cli {

// The stored resources with the request applied, by runc's rules: numbers of memory, cpu and
// blockIO replace the stored ones one by one; cpuset, pids, unified, burst and idle are taken as a
// whole, so that what the request leaves out is not written again; unlimited memory without a word
// about swap means unlimited swap; devices are never touched.
json::Value merge_resources(json::Value stored, const json::Value& request);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_RESOURCES_MERGE_H_
