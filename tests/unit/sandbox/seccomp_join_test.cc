#include "sandbox/seccomp_join.h"

#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "sandbox/seccomp_build.h"
#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_library.h"

namespace redoubt::sandbox {
namespace {

using plan::SeccompAction;

plan::Seccomp filter(SeccompAction otherwise, std::vector<plan::SeccompRule> rules) {
  plan::Seccomp result;
  result.default_action = otherwise;
  result.default_errno_ret = 1;
  result.architectures = {"x86_64", "x86"};
  result.rules = std::move(rules);
  return result;
}

plan::Seccomp allow_list() {
  return filter(SeccompAction::kErrno,
                {{{"read", "write", "clone", "socket", "ptrace", "close"}, SeccompAction::kAllow, 1, {}}});
}

// Refuses with other numbers than the list does.
plan::Seccomp floor() {
  return filter(SeccompAction::kAllow,
                {{{"ptrace", "mount"}, SeccompAction::kErrno, 38, {}},
                 {{"clone"},
                  SeccompAction::kErrno,
                  13,
                  {{0, plan::SeccompOperator::kMaskedEqual, CLONE_NEWUSER, CLONE_NEWUSER}}},
                 {{"socket"}, SeccompAction::kErrno, 97, {{0, plan::SeccompOperator::kEqual, 40, 0}}}});
}

std::vector<size_t> sizes(const std::vector<const plan::Seccomp*>& filters) {
  std::vector<size_t> out;
  for (const SeccompStack& stack : stack_filters(filters)) {
    out.push_back(stack.size());
  }
  return out;
}

TEST(StackFilters, JoinsWhatRefusesAtLeastAsStrictly) {
  const plan::Seccomp list = allow_list(), below = floor();
  const std::vector<SeccompStack> stacks = stack_filters({&below, &list});
  ASSERT_EQ(stacks.size(), 1U);
  EXPECT_EQ(stacks[0], (SeccompStack{&list, &below}));  // the one that is asked first, first
  EXPECT_TRUE(stack_filters({}).empty());
}

TEST(StackFilters, KeepsApartWhatTheKernelWouldAnswerOtherwise) {
  const plan::Seccomp list = allow_list();
  plan::Seccomp stricter = floor(), logs = allow_list(), flags = floor(), listens = allow_list(),
                fewer = floor();
  stricter.rules[0].action = SeccompAction::kKillProcess;  // would win over the list's EPERM
  logs.default_action = SeccompAction::kLog;               // is weaker than the floor's EPERM
  flags.flags = SECCOMP_FILTER_FLAG_LOG;
  listens.rules[0].action = SeccompAction::kNotify;
  fewer.architectures = {"x86_64"};  // kills what the list would refuse
  const plan::Seccomp below = floor();
  EXPECT_EQ(sizes({&stricter, &list}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(sizes({&below, &logs}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(sizes({&flags, &list}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(sizes({&below, &listens}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(sizes({&fewer, &list}), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(sizes({&below, &stricter, &list}), (std::vector<size_t>{2, 1}));
}

// What seccomp(2) says of several filters.
uint32_t stacked(const std::vector<std::vector<sock_filter>>& last_first, const seccomp_data& call) {
  uint32_t answer = SECCOMP_RET_ALLOW;
  for (const std::vector<sock_filter>& program : last_first) {
    const uint32_t own = evaluate_seccomp(program, call).value_or(0);
    if (static_cast<int32_t>(own & SECCOMP_RET_ACTION_FULL) <
        static_cast<int32_t>(answer & SECCOMP_RET_ACTION_FULL)) {
      answer = own;
    }
  }
  return answer;
}

TEST(JoinFilters, AnswersAsTheKernelDoesForTheStack) {
  const Result<SeccompLibrary> lib = load_seccomp_library();
  if (!lib) {
    GTEST_SKIP() << "lacks libseccomp.so.2";
  }
  const std::vector<plan::Seccomp> stack = {allow_list(), floor()};
  std::vector<std::vector<sock_filter>> apart;
  for (const plan::Seccomp& each : stack) {
    const Result<BuiltFilter> built = build_seccomp_filter(*lib, each);
    ASSERT_TRUE(built) << built.error().message();
    apart.push_back(built->filter);
  }
  const Result<BuiltFilter> joined = build_seccomp_filters(*lib, stack);
  ASSERT_TRUE(joined) << joined.error().message();
  EXPECT_LE(joined->filter.size(), apart[0].size() + apart[1].size());
  std::minstd_rand random;
  for (const uint32_t arch : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}, uint32_t{AUDIT_ARCH_AARCH64}}) {
    for (uint32_t nr = 0; nr < 600; ++nr) {
      for (const uint64_t first : {uint64_t{0}, uint64_t{40}, uint64_t{CLONE_NEWUSER}, uint64_t{random()} << 20}) {
        for (const uint32_t x32 : {0U, 0x40000000U}) {
          const seccomp_data call{static_cast<int>(nr | x32), arch, 0, {first}};
          ASSERT_EQ(evaluate_seccomp(joined->filter, call), stacked(apart, call)) << arch << ' ' << nr << ' ' << first;
        }
      }
    }
  }
}

}  // namespace
}  // namespace redoubt::sandbox
