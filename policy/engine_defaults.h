// What engines write into config.json when nobody asked for anything. A set that is exactly one of
// these is "no opinion", so policy may tighten it without a word; any other set is somebody's
// request, and taking from it is a conflict.
#ifndef REDOUBT_POLICY_ENGINE_DEFAULTS_H_
#define REDOUBT_POLICY_ENGINE_DEFAULTS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace redoubt::policy {

struct EngineDefault {
  std::string_view engine;  // "docker, containerd"
  uint64_t capabilities;    // bounding set
};

std::span<const EngineDefault> engine_defaults();

// The engine whose default this bounding set is, or empty. The empty set is nobody's default, but
// there is nothing to take from it either.
std::string_view engine_of(uint64_t bounding);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_ENGINE_DEFAULTS_H_
