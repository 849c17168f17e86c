#include "plan/seccomp_names.h"

#include <linux/seccomp.h>

#include <array>

namespace redoubt::plan {
namespace {

// Since Linux 5.19, not in every header.
#ifdef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
constexpr uint64_t kWaitKillableRecv = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
#else
constexpr uint64_t kWaitKillableRecv = 1U << 5;
#endif

constexpr uint64_t number(SeccompAction action) {
  return static_cast<uint64_t>(action);
}
constexpr uint64_t number(SeccompOperator op) {
  return static_cast<uint64_t>(op);
}

constexpr auto kActions = std::to_array<NamedNumber>({
    {"SCMP_ACT_ALLOW", number(SeccompAction::kAllow)},
    {"SCMP_ACT_ERRNO", number(SeccompAction::kErrno)},
    {"SCMP_ACT_KILL", number(SeccompAction::kKillThread)},
    {"SCMP_ACT_KILL_PROCESS", number(SeccompAction::kKillProcess)},
    {"SCMP_ACT_KILL_THREAD", number(SeccompAction::kKillThread)},
    {"SCMP_ACT_LOG", number(SeccompAction::kLog)},
    {"SCMP_ACT_NOTIFY", number(SeccompAction::kNotify)},
    {"SCMP_ACT_TRACE", number(SeccompAction::kTrace)},
    {"SCMP_ACT_TRAP", number(SeccompAction::kTrap)},
});

constexpr auto kOperators = std::to_array<NamedNumber>({
    {"SCMP_CMP_EQ", number(SeccompOperator::kEqual)},
    {"SCMP_CMP_GE", number(SeccompOperator::kGreaterEqual)},
    {"SCMP_CMP_GT", number(SeccompOperator::kGreater)},
    {"SCMP_CMP_LE", number(SeccompOperator::kLessEqual)},
    {"SCMP_CMP_LT", number(SeccompOperator::kLess)},
    {"SCMP_CMP_MASKED_EQ", number(SeccompOperator::kMaskedEqual)},
    {"SCMP_CMP_NE", number(SeccompOperator::kNotEqual)},
});

constexpr auto kArchitectures = std::to_array<SeccompArchitecture>({
    {"SCMP_ARCH_AARCH64", "aarch64"},
    {"SCMP_ARCH_ARM", "arm"},
    {"SCMP_ARCH_LOONGARCH64", "loongarch64"},
    {"SCMP_ARCH_MIPS", "mips"},
    {"SCMP_ARCH_MIPS64", "mips64"},
    {"SCMP_ARCH_MIPS64N32", "mips64n32"},
    {"SCMP_ARCH_MIPSEL", "mipsel"},
    {"SCMP_ARCH_MIPSEL64", "mipsel64"},
    {"SCMP_ARCH_MIPSEL64N32", "mipsel64n32"},
    {"SCMP_ARCH_PPC", "ppc"},
    {"SCMP_ARCH_PPC64", "ppc64"},
    {"SCMP_ARCH_PPC64LE", "ppc64le"},
    {"SCMP_ARCH_RISCV64", "riscv64"},
    {"SCMP_ARCH_S390", "s390"},
    {"SCMP_ARCH_S390X", "s390x"},
    {"SCMP_ARCH_X32", "x32"},
    {"SCMP_ARCH_X86", "x86"},
    {"SCMP_ARCH_X86_64", "x86_64"},
});

constexpr auto kFlags = std::to_array<NamedNumber>({
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", kWaitKillableRecv},
});

}  // namespace

std::span<const NamedNumber> seccomp_action_names() {
  return kActions;
}

std::optional<SeccompAction> find_seccomp_action(std::string_view name) {
  const std::optional<uint64_t> found = find_number(kActions, name);
  return found ? std::optional(static_cast<SeccompAction>(*found)) : std::nullopt;
}

std::string_view seccomp_action_name(SeccompAction action) {
  return action == SeccompAction::kKillThread ? "SCMP_ACT_KILL_THREAD"
                                              : find_name(kActions, number(action));
}

std::span<const NamedNumber> seccomp_operator_names() {
  return kOperators;
}

std::optional<SeccompOperator> find_seccomp_operator(std::string_view name) {
  const std::optional<uint64_t> found = find_number(kOperators, name);
  return found ? std::optional(static_cast<SeccompOperator>(*found)) : std::nullopt;
}

std::string_view seccomp_operator_name(SeccompOperator op) {
  return find_name(kOperators, number(op));
}

std::span<const SeccompArchitecture> seccomp_architectures() {
  return kArchitectures;
}

std::optional<std::string_view> find_seccomp_architecture(std::string_view name) {
  for (const SeccompArchitecture& row : kArchitectures) {
    if (row.name == name) {
      return row.library_name;
    }
  }
  return std::nullopt;
}

std::span<const NamedNumber> seccomp_flag_names() {
  return kFlags;
}

}  // namespace redoubt::plan
