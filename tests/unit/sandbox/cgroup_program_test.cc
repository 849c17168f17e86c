#include "sandbox/cgroup_program.h"

#include <fcntl.h>
#include <stddef.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "sandbox/bpf_assembler.h"
#include "sandbox/network_filter.h"

namespace redoubt::sandbox {
namespace {

using testing::HasSubstr;

constexpr CgroupHook kHook = {"filter under test",
                              "redoubt_test",
                              BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
                              BPF_CGROUP_INET4_CONNECT,
                              true};

std::vector<bpf_insn> program_that_returns(uint32_t result) {
  BpfAssembler out;
  out.finish(result);
  return out.take();
}

class CgroupProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_load_network_filter()) {
      GTEST_SKIP() << "needs CAP_BPF and CAP_NET_ADMIN";
    }
  }
};

TEST_F(CgroupProgram, IsCheckedForItsHook) {
  EXPECT_TRUE(load_cgroup_program(kHook, program_that_returns(1)));
  // connect knows 0 and 1 only.
  const auto refused = load_cgroup_program(kHook, program_that_returns(2));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("load filter under test program: "));
  BpfAssembler out;
  out.load(BPF_REG_2, offsetof(bpf_sock_addr, user_ip6));  // not of an IPv4 hook
  out.finish(1);
  EXPECT_FALSE(load_cgroup_program(kHook, out.take()));
}

TEST_F(CgroupProgram, IsAttachedToCgroupsOnly) {
  const auto program = load_cgroup_program(kHook, program_that_returns(1));
  ASSERT_TRUE(program);
  const auto directory = open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(directory);
  const Status refused = attach_cgroup_program(directory->get(), kHook, program->get(), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("attach filter under test: "));
  EXPECT_FALSE(attached_programs(directory->get(), kHook));
}

}  // namespace
}  // namespace redoubt::sandbox
