#include "policy/engine_defaults.h"

#include <linux/capability.h>

#include <initializer_list>

namespace redoubt::policy {
namespace {

constexpr uint64_t mask(std::initializer_list<int> capabilities) {
  uint64_t bits = 0;
  for (const int capability : capabilities) {
    bits |= uint64_t{1} << capability;
  }
  return bits;
}

// crun's and podman's list since podman 4; CRI-O's is a subset of it.
constexpr uint64_t kPodman = mask({CAP_CHOWN,
                                   CAP_DAC_OVERRIDE,
                                   CAP_FOWNER,
                                   CAP_FSETID,
                                   CAP_KILL,
                                   CAP_NET_BIND_SERVICE,
                                   CAP_SETFCAP,
                                   CAP_SETGID,
                                   CAP_SETPCAP,
                                   CAP_SETUID,
                                   CAP_SYS_CHROOT});
constexpr uint64_t kPodman3 = kPodman | mask({CAP_AUDIT_WRITE, CAP_MKNOD, CAP_NET_RAW});
constexpr uint64_t kCrio = mask({CAP_CHOWN,
                                 CAP_DAC_OVERRIDE,
                                 CAP_FOWNER,
                                 CAP_FSETID,
                                 CAP_KILL,
                                 CAP_NET_BIND_SERVICE,
                                 CAP_SETGID,
                                 CAP_SETPCAP,
                                 CAP_SETUID});

constexpr EngineDefault kDefaults[] = {
    // The same fourteen since docker 1.2 and in every containerd.
    {"docker, containerd, podman before 4", kPodman3},
    {"podman", kPodman},
    {"cri-o", kCrio},
    {"runc spec", mask({CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE})},
};

}  // namespace

std::span<const EngineDefault> engine_defaults() {
  return kDefaults;
}

std::string_view engine_of(uint64_t bounding) {
  for (const EngineDefault& row : kDefaults) {
    if (row.capabilities == bounding) {
      return row.engine;
    }
  }
  return {};
}

}  // namespace redoubt::policy
