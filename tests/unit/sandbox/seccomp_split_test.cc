#include "sandbox/seccomp_split.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <gtest/gtest.h>

#include "sandbox/seccomp.h"
#include "sandbox/seccomp_build.h"
#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_library.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using plan::SeccompAction;

constexpr uint32_t kAnswerAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kAnswerNoSuchCall = SECCOMP_RET_ERRNO | ENOSYS;

// What an engine writes, and clone3 and io_uring as policy refuses them.
plan::Seccomp mixed_profile() {
  plan::Seccomp result;
  result.default_action = SeccompAction::kErrno;
  result.architectures = {"x86_64", "x86", "x32"};
  result.rules = {{{"read", "write", "clone", "close", "openat2"}, SeccompAction::kAllow, 1, {}},
                  {{"clone3", "io_uring_setup"}, SeccompAction::kErrno, ENOSYS, {}},
                  {{"ptrace"}, SeccompAction::kKillProcess, 1, {}},
                  {{"socket"}, SeccompAction::kErrno, EAFNOSUPPORT,
                   {{0, plan::SeccompOperator::kEqual, 40, 0}}},
                  {{"getpid"}, SeccompAction::kLog, 1, {}}};
  return result;
}

struct Parts {
  std::vector<sock_filter> all, quiet, loud;
};

Parts parts_of(const SeccompLibrary& lib, const plan::Seccomp& seccomp) {
  Parts parts;
  for (const auto& [part, filter] : {std::pair(SeccompPart::kAll, &parts.all),
                                     std::pair(SeccompPart::kQuiet, &parts.quiet),
                                     std::pair(SeccompPart::kLoud, &parts.loud)}) {
    const Result<BuiltFilter> built = build_seccomp_filters(lib, {seccomp}, part);
    EXPECT_TRUE(built) << built.error().message();
    *filter = built->filter;
  }
  return parts;
}

class SplitFilter : public testing::Test {
 protected:
  void SetUp() override {
    Result<SeccompLibrary> lib = load_seccomp_library();
    if (!lib) {
      GTEST_SKIP() << "lacks libseccomp.so.2";
    }
    lib_ = *lib;
    parts_ = parts_of(lib_, mixed_profile());
  }
  uint32_t answer(const std::vector<sock_filter>& filter, uint32_t number, uint64_t first = 0) const {
    return evaluate_seccomp(filter, {static_cast<int>(number), AUDIT_ARCH_X86_64, 0, {first}}).value_or(0);
  }

  SeccompLibrary lib_;
  Parts parts_;
};

TEST_F(SplitFilter, GivesEachAnswerToOnePart) {
  for (const uint32_t arch : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}, uint32_t{AUDIT_ARCH_AARCH64}}) {
    for (uint32_t number = 0; number < 600; ++number) {
      for (const uint32_t x32 : {0U, kX32Bit}) {
        for (const uint64_t first : {uint64_t{0}, uint64_t{40}}) {
          const seccomp_data call{static_cast<int>(number | x32), arch, 0, {first}};
          const uint32_t whole = evaluate_seccomp(parts_.all, call).value_or(0);
          const uint32_t quiet = evaluate_seccomp(parts_.quiet, call).value_or(0);
          const uint32_t loud = evaluate_seccomp(parts_.loud, call).value_or(0);
          ASSERT_EQ(quiet == kAnswerAllow ? loud : quiet, whole) << arch << ' ' << (number | x32);
          ASSERT_TRUE(quiet == kAnswerAllow || loud == kAnswerAllow) << arch << ' ' << (number | x32);
          ASSERT_TRUE(quiet == kAnswerAllow || quiet == kAnswerNoSuchCall) << arch << ' ' << (number | x32);
        }
      }
    }
  }
}

TEST_F(SplitFilter, KeepsQuietOnlyWhatProgramsFallBackFrom) {
  EXPECT_EQ(answer(parts_.quiet, 435 /* clone3 */), kAnswerNoSuchCall);
  EXPECT_EQ(answer(parts_.quiet, 2000), kAnswerNoSuchCall);  // newer than the profile
  EXPECT_EQ(answer(parts_.loud, 2000), kAnswerAllow);
  EXPECT_EQ(answer(parts_.loud, 425 /* io_uring_setup */), kAnswerNoSuchCall);
  EXPECT_EQ(answer(parts_.loud, SYS_mount), SECCOMP_RET_ERRNO | EPERM);
  EXPECT_EQ(answer(parts_.loud, SYS_ptrace), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(answer(parts_.loud, SYS_getpid), SECCOMP_RET_LOG);
}

TEST_F(SplitFilter, StaysShort) {
  EXPECT_LT(parts_.quiet.size(), parts_.all.size());
  EXPECT_LT(parts_.loud.size(), 2 * parts_.all.size());
}

TEST_F(SplitFilter, LeavesOutAPartThatAllowsEverything) {
  EXPECT_FALSE(allows_everything(parts_.quiet));
  plan::Seccomp no_enosys = mixed_profile();
  no_enosys.default_action = SeccompAction::kAllow;
  no_enosys.rules = {{{"ptrace"}, SeccompAction::kErrno, EPERM, {}}};
  EXPECT_TRUE(allows_everything(parts_of(lib_, no_enosys).quiet));
}

std::vector<uint32_t> flags_of(const plan::Seccomp& seccomp) {
  const Result<std::vector<SeccompProgram>> programs = SeccompCompiler("").compile({&seccomp}, true);
  std::vector<uint32_t> flags;
  for (const SeccompProgram& program : programs ? *programs : std::vector<SeccompProgram>()) {
    flags.push_back(program.flags);
  }
  return flags;
}

TEST_F(SplitFilter, OnlyTheLoudPartAsksTheKernelToWrite) {
  const std::vector<uint32_t> split = {0, SECCOMP_FILTER_FLAG_LOG};
  EXPECT_EQ(flags_of(mixed_profile()), split);
  plan::Seccomp asks_itself = mixed_profile();
  asks_itself.flags = SECCOMP_FILTER_FLAG_LOG;
  EXPECT_EQ(flags_of(asks_itself), std::vector<uint32_t>{SECCOMP_FILTER_FLAG_LOG});
  plan::Seccomp listens = mixed_profile();
  listens.rules[0] = {{"openat2"}, SeccompAction::kNotify, 1, {}};
  EXPECT_EQ(flags_of(listens), std::vector<uint32_t>{SECCOMP_FILTER_FLAG_NEW_LISTENER});
}

}  // namespace
}  // namespace redoubt::sandbox
