#include "sandbox/seccomp_build.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/unique_fd.h"
#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_library.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using plan::SeccompAction;

SeccompLibrary library() {
  Result<SeccompLibrary> lib = load_seccomp_library();
  EXPECT_TRUE(lib.has_value());
  return lib.has_value() ? *lib : SeccompLibrary{};
}

plan::Seccomp profile(std::vector<std::string> architectures) {
  plan::Seccomp result;
  result.default_action = SeccompAction::kLog;  // one without an ENOSYS stub
  result.architectures = std::move(architectures);
  result.rules = {{{"read", "write", "socket", "mmap", "fstat64", "execve", "ioctl"}, SeccompAction::kAllow, 1, {}},
                  {{"ptrace", "bpf", "stime", "arch_prctl"}, SeccompAction::kErrno, 38, {}},
                  {{"clone"},
                   SeccompAction::kTrap,
                   1,
                   {{0, plan::SeccompOperator::kMaskedEqual, CLONE_NEWUSER, CLONE_NEWUSER}}}};
  return result;
}

// What libseccomp itself writes for all architectures at once.
std::vector<sock_filter> written_by_libseccomp(const SeccompLibrary& lib, const plan::Seccomp& seccomp) {
  const ScmpFilter context(lib.init(SCMP_ACT_LOG), {lib.release});
  for (const std::string& name : seccomp.architectures) {
    const int rc = lib.arch_add(context.get(), lib.arch_resolve_name(name.c_str()));
    EXPECT_TRUE(rc == 0 || rc == -EEXIST);
  }
  for (const plan::SeccompRule& rule : seccomp.rules) {
    const uint32_t action = rule.action == SeccompAction::kAllow  ? SCMP_ACT_ALLOW
                            : rule.action == SeccompAction::kErrno ? SCMP_ACT_ERRNO(rule.errno_ret)
                                                                   : SCMP_ACT_TRAP;
    const scmp_arg_cmp user_namespace = {0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER};
    for (const std::string& name : rule.names) {
      EXPECT_EQ(lib.rule_add_array(context.get(), action, lib.syscall_resolve_name(name.c_str()),
                                   rule.arguments.empty() ? 0 : 1, &user_namespace),
                0);
    }
  }
  const UniqueFd memory(memfd_create("filter", MFD_CLOEXEC));
  EXPECT_EQ(lib.export_bpf(context.get(), memory.get()), 0);
  EXPECT_EQ(lseek(memory.get(), 0, SEEK_SET), 0);
  const Result<std::string> bytes = read_all(memory.get(), 1 << 20, "filter");
  std::vector<sock_filter> filter(bytes.has_value() ? bytes->size() / sizeof(sock_filter) : 0);
  memcpy(filter.data(), bytes->data(), filter.size() * sizeof(sock_filter));
  return filter;
}

class OneFilterAnArchitecture : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(OneFilterAnArchitecture, MeansWhatLibseccompWritesForAllOfThem) {
  const SeccompLibrary lib = library();
  const plan::Seccomp seccomp = profile(GetParam());
  const std::vector<sock_filter> expected = written_by_libseccomp(lib, seccomp);
  const Result<BuiltFilter> built = build_seccomp_filter(lib, seccomp);
  ASSERT_TRUE(built.has_value()) << built.error().message();
  for (const uint32_t arch : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}, uint32_t{AUDIT_ARCH_AARCH64}}) {
    for (const uint32_t base : {0U, kX32Bit, UINT32_MAX - 8}) {
      for (uint32_t i = 0; i < 600 && base + i >= base; ++i) {
        for (const uint64_t argument : {uint64_t{0}, uint64_t{CLONE_NEWUSER}, uint64_t{CLONE_NEWUSER} << 32}) {
          seccomp_data call{};
          call.arch = arch;
          call.nr = static_cast<int>(base + i);
          call.args[0] = argument;
          ASSERT_EQ(evaluate_seccomp(built->filter, call), evaluate_seccomp(expected, call))
              << std::hex << "arch " << arch << ", number " << base + i << ", argument " << argument;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(X86, OneFilterAnArchitecture,
                         testing::Values(std::vector<std::string>{"x86_64"},
                                         std::vector<std::string>{"x86_64", "x86"},
                                         std::vector<std::string>{"x32"},
                                         std::vector<std::string>{"x86", "x32", "x86_64"}));

TEST(BuildSeccompFilter, RefusesArchitecturesThatDoNotGoTogether) {
  const Result<BuiltFilter> built = build_seccomp_filter(library(), profile({"x86_64", "s390x"}));
  ASSERT_FALSE(built.has_value());
  EXPECT_NE(built.error().message().find("linux.seccomp.architectures: adding"), std::string::npos)
      << built.error().message();
}

}  // namespace
}  // namespace redoubt::sandbox
