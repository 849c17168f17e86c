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

uint32_t answer_to(const Program& program, uint32_t nr, uint64_t first, uint64_t second) {
  return evaluate_seccomp(program, {static_cast<int>(nr), AUDIT_ARCH_X86_64, 0, {first, second}})
      .value_or(0xdeadbeef);
}

// Number 7: refused when the first argument has bit 4; 8 and 9: when the second is 5.
Program argument_filter(std::vector<uint32_t> allowed) {
  Program program = list_filter(allowed);
  program.insert(program.end() - 1,
                 {{kEqual, 0, 4, 7},
                  {kLoadWord, 0, 0, 16},
                  {BPF_JMP | BPF_JSET | BPF_K, 0, 1, 16},
                  {kReturn, 0, 0, SECCOMP_RET_ERRNO | 2},
                  {kReturn, 0, 0, SECCOMP_RET_ALLOW},
                  {kEqual, 1, 0, 8},
                  {kEqual, 0, 4, 9},
                  {kLoadWord, 0, 0, 24},
                  {kEqual, 0, 1, 5},
                  {kReturn, 0, 0, SECCOMP_RET_ERRNO | 3},
                  {kReturn, 0, 0, SECCOMP_RET_ALLOW}});
  return program;
}

TEST(CompactFilter, KeepsTheComparisonsOfArguments) {
  std::vector<uint32_t> numbers;
  for (uint32_t i = 20; i < 300; ++i) {
    numbers.push_back(i);
  }
  const Program program = argument_filter(numbers);
  const Program compact = compact_filter(program);
  EXPECT_LT(compact.size(), 40U);
  for (uint32_t nr = 0; nr < 400; ++nr) {
    for (const uint64_t first : {0, 16, 17, 32}) {
      for (const uint64_t second : {0, 5, 6}) {
        ASSERT_EQ(answer_to(compact, nr, first, second), answer_to(program, nr, first, second))
            << nr << ' ' << first << ' ' << second;
      }
    }
  }
}

// A tree whose halves are further apart than a comparison can jump.
TEST(CompactFilter, TakesManyRuns) {
  std::vector<uint32_t> numbers;
  for (uint32_t i = 0; i < 1200; i += 2) {
    numbers.push_back(i);
  }
  const Program program = list_filter(numbers);
  const Program compact = compact_filter(program);
  EXPECT_GT(compact.size(), 600U);
  EXPECT_LT(compact.size(), program.size() + 1300);
  for (uint32_t nr = 0; nr < 1300; ++nr) {
    ASSERT_EQ(answer(compact, AUDIT_ARCH_X86_64, nr), answer(program, AUDIT_ARCH_X86_64, nr)) << nr;
  }
}

TEST(CompactFilter, LeavesAloneWhatCalculates) {
  Program program = list_filter({1, 2, 3, 4, 5, 6, 7, 8, 9});
  program.insert(program.end() - 1,
                 {{kLoadWord, 0, 0, 16}, {BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1}, {kEqual, 0, 1, 5}, {kReturn, 0, 0, 3}});
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
