#include "sandbox/program_pins.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/bpf_assembler.h"

namespace redoubt::sandbox {
namespace {

constexpr CgroupHook kHook = {
    "filter under test", "redoubt_test", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE};

std::vector<bpf_insn> program_that_returns(uint32_t result) {
  BpfAssembler out;
  out.finish(result);
  return out.take();
}

uint32_t id_of(const Result<UniqueFd>& program) {
  EXPECT_TRUE(program);
  return program ? program_info(program->get(), kHook)->id : 0;
}

class ProgramPins : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || ::access("/sys/fs/bpf", W_OK) != 0 || !load_cgroup_program(kHook, program_that_returns(1))) {
      GTEST_SKIP() << "needs root, CAP_BPF and a BPF file system";
    }
    before_ = pins();
  }
  void TearDown() override {
    for (const std::string& pin : pins()) {
      if (!before_.contains(pin)) {
        ::unlink(pin.c_str());
      }
    }
    ::rmdir(kProgramPins);  // fails when others have pins there
  }

  static std::set<std::string> pins() {
    std::set<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(kProgramPins, error)) {
      found.insert(entry.path());
    }
    return found;
  }
  std::string new_pin() const {
    for (const std::string& pin : pins()) {
      if (!before_.contains(pin)) {
        return pin;
      }
    }
    return "";
  }

  std::set<std::string> before_;
};

TEST_F(ProgramPins, TheSameCodeIsOneProgram) {
  const uint32_t id = id_of(open_cgroup_program(kHook, program_that_returns(1)));
  EXPECT_EQ(id_of(open_cgroup_program(kHook, program_that_returns(1))), id);
  EXPECT_NE(id_of(open_cgroup_program(kHook, program_that_returns(0))), id);
  EXPECT_NE(id_of(load_cgroup_program(kHook, program_that_returns(1))), id);
  struct stat st {};
  ASSERT_EQ(::stat(kProgramPins, &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700U);
}

TEST_F(ProgramPins, OthersDirectoriesAreNotUsed) {
  ASSERT_TRUE(open_cgroup_program(kHook, program_that_returns(1)));
  EXPECT_TRUE(find_pinned_program(kHook, program_that_returns(1)).valid());
  ASSERT_EQ(::chmod(kProgramPins, 0755), 0);
  EXPECT_FALSE(find_pinned_program(kHook, program_that_returns(1)).valid());
  EXPECT_TRUE(open_cgroup_program(kHook, program_that_returns(1)));
  ASSERT_EQ(::chmod(kProgramPins, 0700), 0);
  ASSERT_EQ(::chown(kProgramPins, 1, 1), 0);
  EXPECT_FALSE(find_pinned_program(kHook, program_that_returns(1)).valid());
  ASSERT_EQ(::chown(kProgramPins, 0, 0), 0);
}

TEST_F(ProgramPins, AProgramOfAnotherNameOrTypeIsNotTaken) {
  const CgroupHook other = {"other filter", "redoubt_other", kHook.type, kHook.attach_type};
  ASSERT_TRUE(open_cgroup_program(other, program_that_returns(1)));
  const std::string theirs = new_pin();
  ASSERT_TRUE(open_cgroup_program(kHook, program_that_returns(1)));
  std::string ours;
  for (const std::string& pin : pins()) {
    ours = !before_.contains(pin) && pin != theirs ? pin : ours;
  }
  ASSERT_EQ(::unlink(ours.c_str()), 0);
  ASSERT_EQ(::rename(theirs.c_str(), ours.c_str()), 0);
  EXPECT_FALSE(find_pinned_program(kHook, program_that_returns(1)).valid());
  EXPECT_TRUE(open_cgroup_program(kHook, program_that_returns(1)));
}

TEST_F(ProgramPins, TheOldestGoesFirst) {
  ASSERT_TRUE(open_cgroup_program(kHook, program_that_returns(1)));
  ::usleep(20'000);  // the time stamps of pins are those of the kernel's tick
  BpfAssembler longer;
  for (int i = 0; i < 64; ++i) {
    longer.load(BPF_REG_2, 0);
    BpfAssembler program = longer;
    program.finish(1);
    ASSERT_TRUE(open_cgroup_program(kHook, program.take())) << i;
  }
  EXPECT_FALSE(find_pinned_program(kHook, program_that_returns(1)).valid());
  EXPECT_LE(pins().size(), 64U);
}

}  // namespace
}  // namespace redoubt::sandbox
