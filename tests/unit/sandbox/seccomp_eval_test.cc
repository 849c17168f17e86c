#include "sandbox/seccomp_eval.h"

#include <linux/audit.h>
#include <stddef.h>

#include <gtest/gtest.h>

#include "sandbox/seccomp_enosys.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;
constexpr uint16_t kReturnWord = BPF_RET | BPF_K;

seccomp_data call(uint32_t arch, uint32_t nr) {
  return {static_cast<int>(nr), arch, 0, {11, 12, 13, 14, 15, 16}};
}

TEST(EvaluateSeccomp, RefusesWhatTheKernelRefuses) {
  const Program programs[] = {
      {},                                                 // empty
      {{kLoadWord, 0, 0, 0}},                                 // no return
      {{BPF_JMP | BPF_JA, 0, 0, 5}, {kReturnWord, 0, 0, 1}},  // jump behind the end
      {{BPF_JMP | BPF_JEQ, 9, 9, 0}, {kReturnWord, 0, 0, 1}},
      {{kLoadWord, 0, 0, 2}, {kReturnWord, 0, 0, 1}},  // odd offset
      {{kLoadWord, 0, 0, sizeof(seccomp_data)}, {kReturnWord, 0, 0, 1}},
      {{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}, {kReturnWord, 0, 0, 1}},
      {{BPF_ST, 0, 0, BPF_MEMWORDS}, {kReturnWord, 0, 0, 1}},
      {{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, {kReturnWord, 0, 0, 1}},
  };
  for (const Program& program : programs) {
    EXPECT_FALSE(evaluate_seccomp(program, call(AUDIT_ARCH_X86_64, 0))) << program.size();
  }
}

TEST(EvaluateSeccomp, ComputesAsTheMachineDoes) {
  const uint32_t arg1 = offsetof(seccomp_data, args) + 8;
  const Program sum = {{kLoadWord, 0, 0, arg1},                   // A = 12
                       {BPF_MISC | BPF_TAX, 0, 0, 0},         // X = 12
                       {BPF_ST, 0, 0, 3},                     // M[3] = 12
                       {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},  // A = 24
                       {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 4},  // A = 384
                       {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 1},  // A = 385
                       {BPF_LDX | BPF_MEM, 0, 0, 3},          // X = 12
                       {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0},  // A = 373
                       {BPF_JMP | BPF_JGT | BPF_K, 0, 1, 372},
                       {BPF_RET | BPF_A, 0, 0, 0},
                       {kReturnWord, 0, 0, 1}};
  EXPECT_EQ(evaluate_seccomp(sum, call(AUDIT_ARCH_X86_64, 0)), std::optional<uint32_t>(373));
}

TEST(EnosysStub, DrawsTheLinePerArchitecture) {
  constexpr uint32_t kX32 = 0x40000000, kEnosys = SECCOMP_RET_ERRNO | 38;
  Program program = enosys_stub({{AUDIT_ARCH_AARCH64, 400, {}},
                                 {AUDIT_ARCH_PPC64LE, {}, {}},
                                 {AUDIT_ARCH_X86_64, 300, kX32 | 500},
                                 {AUDIT_ARCH_S390X, 200, {}}});
  program.push_back({kReturnWord, 0, 0, 42});
  const struct {
    uint32_t arch, nr, value;
  } cases[] = {
      {AUDIT_ARCH_AARCH64, 400, 42},
      {AUDIT_ARCH_AARCH64, 401, kEnosys},
      {AUDIT_ARCH_PPC64LE, 999, 42},
      {AUDIT_ARCH_I386, 999, 42},
      {AUDIT_ARCH_X86_64, 300, 42},
      {AUDIT_ARCH_X86_64, 301, kEnosys},
      {AUDIT_ARCH_X86_64, kX32 | 500, 42},
      {AUDIT_ARCH_X86_64, kX32 | 501, kEnosys},
      {AUDIT_ARCH_X86_64, kX32 | 301, 42},
      {AUDIT_ARCH_S390X, 0, kEnosys},
      {AUDIT_ARCH_S390X, 1, 42},
      {AUDIT_ARCH_S390X, 201, kEnosys},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(evaluate_seccomp(program, call(c.arch, c.nr)), std::optional<uint32_t>(c.value))
        << std::hex << c.arch << " " << c.nr;
  }
}

TEST(EnosysStub, HalfKnownX86LeavesTheOtherHalfToTheFilter) {
  constexpr uint32_t kX32 = 0x40000000, kEnosys = SECCOMP_RET_ERRNO | 38;
  Program only_64 = enosys_stub({{AUDIT_ARCH_X86_64, 300, {}}});
  only_64.push_back({kReturnWord, 0, 0, 42});
  EXPECT_EQ(evaluate_seccomp(only_64, call(AUDIT_ARCH_X86_64, 301)),
            std::optional<uint32_t>(kEnosys));
  EXPECT_EQ(evaluate_seccomp(only_64, call(AUDIT_ARCH_X86_64, kX32 | 900)),
            std::optional<uint32_t>(42));
  Program only_x32 = enosys_stub({{AUDIT_ARCH_X86_64, {}, kX32 | 300}});
  only_x32.push_back({kReturnWord, 0, 0, 42});
  EXPECT_EQ(evaluate_seccomp(only_x32, call(AUDIT_ARCH_X86_64, 900)), std::optional<uint32_t>(42));
  EXPECT_EQ(evaluate_seccomp(only_x32, call(AUDIT_ARCH_X86_64, kX32 | 301)),
            std::optional<uint32_t>(kEnosys));
  EXPECT_TRUE(enosys_stub({{AUDIT_ARCH_X86_64, {}, {}}}).empty());
}

}  // namespace
}  // namespace redoubt::sandbox
