#include "sandbox/seccomp_guard.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <gtest/gtest.h>
#include <seccomp.h>

#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

bool passes(const std::vector<uint32_t>& tokens, uint32_t arch, uint32_t number) {
  seccomp_data call{};
  call.arch = arch;
  call.nr = static_cast<int>(number);
  const std::optional<uint32_t> answer = evaluate_seccomp(architecture_guard(tokens), call);
  EXPECT_TRUE(answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_KILL_THREAD);
  return answer == SECCOMP_RET_ALLOW;
}

TEST(ArchitectureGuard, KillsWhatNoFilterIsFor) {
  const std::vector<uint32_t> tokens = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
  EXPECT_TRUE(passes(tokens, AUDIT_ARCH_X86_64, 0));
  EXPECT_TRUE(passes(tokens, AUDIT_ARCH_I386, 0));
  EXPECT_FALSE(passes(tokens, AUDIT_ARCH_AARCH64, 0));
  EXPECT_FALSE(passes({SCMP_ARCH_AARCH64}, AUDIT_ARCH_X86_64, 0));
  EXPECT_TRUE(passes({SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}, AUDIT_ARCH_ARM, 0));
}

TEST(ArchitectureGuard, TellsX32ByTheNumber) {
  const uint32_t arch = AUDIT_ARCH_X86_64;
  const std::vector<uint32_t> both = {SCMP_ARCH_X86_64, SCMP_ARCH_X32};
  for (const uint32_t number : {0U, 1U, kX32Bit - 1}) {
    EXPECT_TRUE(passes({SCMP_ARCH_X86_64}, arch, number));
    EXPECT_FALSE(passes({SCMP_ARCH_X32}, arch, number));
    EXPECT_TRUE(passes(both, arch, number));
  }
  for (const uint32_t number : {kX32Bit, kX32Bit + 1, UINT32_MAX - 1}) {
    EXPECT_FALSE(passes({SCMP_ARCH_X86_64}, arch, number));
    EXPECT_TRUE(passes({SCMP_ARCH_X32}, arch, number));
    EXPECT_TRUE(passes(both, arch, number));
  }
}

TEST(ArchitectureGuard, LetsATracerSkipACall) {
  EXPECT_TRUE(passes({SCMP_ARCH_X86_64}, AUDIT_ARCH_X86_64, UINT32_MAX));
}

}  // namespace
}  // namespace redoubt::sandbox
