#include "escalate-vm/host/probe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::vm {
namespace {

using ::testing::HasSubstr;

class MachineLack : public testing::Test {
 protected:
  void SetUp() override {
    char text[] = "/tmp/redoubt-probe-XXXXXX";
    root_ = ::mkdtemp(text);
    for (const char* directory : {"/bin", "/image"}) {
      ASSERT_EQ(::mkdir((root_ + directory).c_str(), 0755), 0);
    }
    for (const char* name : {"/bin/monitor", "/bin/vmm", "/bin/virtiofsd", "/image/vmlinux", "/image/initrd", "/image/image.json"}) {
      ASSERT_GE(UniqueFd(::open((root_ + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755)).get(), 0);
    }
    machine_.emulated = true;
    machine_.monitor = root_ + "/bin/monitor";
    machine_.vmm = root_ + "/bin/vmm";
    machine_.virtiofsd = root_ + "/bin/virtiofsd";
    machine_.image = root_ + "/image";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string lack_with(const std::string& name, mode_t mode) const {
    EXPECT_EQ(::chmod((root_ + name).c_str(), mode), 0);
    std::string lack = machine_lack(machine_);
    EXPECT_EQ(::chmod((root_ + name).c_str(), 0755), 0);
    return lack;
  }

  std::string root_;
  plan::Machine machine_;
};

TEST_F(MachineLack, IsNoneWhenAllIsThere) {
  EXPECT_EQ(machine_lack(machine_), "");
  ASSERT_EQ(::unlink((root_ + "/image/image.json").c_str()), 0);
  EXPECT_EQ(machine_lack(machine_), "");  // verify_image() says what is to be done
  ASSERT_EQ(::unlink((root_ + "/image/initrd").c_str()), 0);
  EXPECT_EQ(machine_lack(machine_), concat(root_, "/image/initrd: no such file or directory (vm.image of the node's policy); redoubt-build-image makes one"));
}

TEST_F(MachineLack, IsAFileOrDirectoryThatOthersMayWrite) {
  const std::pair<const char*, const char*> places[] = {{"/bin/monitor", "vm.monitor"}, {"/bin/vmm", "vm.vmm"},       {"/bin/virtiofsd", "vm.virtiofsd"}, {"/bin", "vm.monitor"},
                                                        {"/image", "vm.image"},         {"/image/vmlinux", "vm.image"}, {"/image/initrd", "vm.image"},       {"/image/image.json", "vm.image"}};
  for (const auto& [name, field] : places) {
    for (const mode_t mode : {mode_t{0775}, mode_t{0757}}) {
      EXPECT_THAT(lack_with(name, mode), HasSubstr(concat("only root or the caller may write to; run: chmod go-w ", root_, name, " (", field))) << name;
    }
  }
  EXPECT_EQ(machine_lack(machine_), "");
}

}  // namespace
}  // namespace redoubt::vm
