#include "plan/rlimit_names.h"

#include <sys/resource.h>

#include <array>

namespace redoubt::plan {
namespace {

constexpr auto kRlimits = std::to_array<NamedNumber>({
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", __RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", __RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", __RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", __RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", __RLIMIT_NPROC},
    {"RLIMIT_RSS", __RLIMIT_RSS},
    {"RLIMIT_RTPRIO", __RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", __RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", __RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
});

}  // namespace

std::span<const NamedNumber> rlimit_names() {
  return kRlimits;
}

}  // namespace redoubt::plan
