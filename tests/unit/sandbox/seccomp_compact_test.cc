#include "sandbox/seccomp_compact.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <gtest/gtest.h>

#include "plan/plan.h"
#include "sandbox/seccomp_build.h"
#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_library.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;
constexpr uint16_t kReturn = BPF_RET | BPF_K;
constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;

uint32_t answer(const Program& program, uint32_t arch, uint32_t nr) {
  return evaluate_seccomp(program, {static_cast<int>(nr), arch, 0, {}}).value_or(0xdeadbeef);
}

// Allows the numbers of a list on one architecture, a comparison each.
Program list_filter(const std::vector<uint32_t>& numbers) {
  Program program = {{kLoadWord, 0, 0, 4}, {kEqual, 1, 0, AUDIT_ARCH_X86_64}, {kReturn, 0, 0, 7}, {kLoadWord, 0, 0, 0}};
  for (const uint32_t number : numbers) {
    program.push_back({kEqual, 0, 1, number});
    program.push_back({kReturn, 0, 0, SECCOMP_RET_ALLOW});
  }
  program.push_back({kReturn, 0, 0, SECCOMP_RET_ERRNO | 1});
  return program;
}

TEST(CompactFilter, AnswersAsTheLongOneForEveryNumber) {
  std::vector<uint32_t> numbers;
  for (uint32_t i = 0; i < 400; ++i) {
    if (i % 37 != 3) {
      numbers.push_back(i);
    }
  }
  numbers.push_back(0x40000005);
  numbers.push_back(UINT32_MAX);
  const Program program = list_filter(numbers);
  const Program compact = compact_filter(program);
  EXPECT_LT(compact.size(), 80U);
  for (const uint32_t arch : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}, 0U, UINT32_MAX}) {
    for (uint32_t nr = 0; nr < 1000; ++nr) {
      ASSERT_EQ(answer(compact, arch, nr), answer(program, arch, nr)) << arch << ' ' << nr;
      ASSERT_EQ(answer(compact, arch, 0x40000000 + nr), answer(program, arch, 0x40000000 + nr));
      ASSERT_EQ(answer(compact, arch, UINT32_MAX - nr), answer(program, arch, UINT32_MAX - nr));
    }
  }
}

TEST(CompactFilter, LeavesAloneWhatLooksAtArguments) {
  Program program = list_filter({1, 2, 3, 4, 5, 6, 7, 8, 9});
  program.insert(program.end() - 1, {{kLoadWord, 0, 0, 16}, {kEqual, 0, 1, 5}, {kReturn, 0, 0, 3}});
  EXPECT_EQ(compact_filter(program).size(), program.size());
}

TEST(CompactFilter, LeavesAloneWhatIsNoProgram) {
  EXPECT_TRUE(compact_filter({}).empty());
  EXPECT_EQ(compact_filter({{kEqual, 9, 9, 0}}).size(), 1U);
}

// The programs of the library itself, over its architectures.
TEST(CompactFilter, ShortensWhatLibseccompMakes) {
  const Result<SeccompLibrary> lib = load_seccomp_library();
  if (!lib) {
    GTEST_SKIP() << "lacks libseccomp.so.2";
  }
  plan::Seccomp seccomp;
  seccomp.default_action = plan::SeccompAction::kErrno;
  seccomp.architectures = {"x86_64", "x86", "x32"};
  plan::SeccompRule rule{{}, plan::SeccompAction::kAllow, 1, {}};
  for (const char* name : {"read", "write", "open", "close", "stat", "fstat", "lstat", "poll", "lseek", "mmap",
                           "mprotect", "munmap", "brk", "ioctl", "pread64", "futex", "clone3", "openat2"}) {
    rule.names.emplace_back(name);
  }
  seccomp.rules.push_back(rule);
  const Result<BuiltFilter> built = build_seccomp_filter(*lib, seccomp);
  ASSERT_TRUE(built.has_value()) << built.error().message();
  EXPECT_LT(built->filter.size(), 80U);
}

}  // namespace
}  // namespace redoubt::sandbox
