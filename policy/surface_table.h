// The system calls behind the kernel.* fields of a profile, and the capabilities that lift them: a
// config.json that grants CAP_BPF asks for bpf(2), and for nothing else.
#ifndef REDOUBT_POLICY_SURFACE_TABLE_H_
#define REDOUBT_POLICY_SURFACE_TABLE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/document/field.h"

namespace redoubt::policy {

inline constexpr uint32_t kDenyLevel = 2;  // of the kernel.* fields

constexpr uint64_t capability_bit(int capability) {
  return uint64_t{1} << capability;
}

struct SurfaceCall {
  std::string_view name;
  Field field;
  uint32_t errno_ret;      // of the refusal
  uint64_t lifted_by = 0;  // capabilities, any of which lifts it
};

std::span<const SurfaceCall> surface_calls();

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SURFACE_TABLE_H_
