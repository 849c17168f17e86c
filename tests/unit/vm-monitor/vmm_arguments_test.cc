#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "escalate-vm/monitor/vmm.h"

namespace redoubt::vm {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

MachineTask small_task() {
  MachineTask task;
  task.id = "web";
  task.memory = uint64_t{256} << 20;
  task.vcpus = 2;
  return task;
}

TEST(QemuArguments, OfAMachineOnTheProcessor) {
  const std::vector<std::string> args = qemu_arguments(small_task(), {7, 8}, {{"52:00:00:00:00:01", 9}}, "quiet");
  EXPECT_THAT(args, Contains("kvm"));
  EXPECT_THAT(args, Contains("256M"));
  EXPECT_THAT(args, Contains("socket,id=control,fd=7"));
  EXPECT_THAT(args, Contains("socket,id=files,fd=8"));
  EXPECT_THAT(args, Contains("tap,id=card0,fd=9"));
  EXPECT_THAT(args, Contains("virtio-net-pci,netdev=card0,mac=52:00:00:00:00:01,romfile="));
}

// Nothing of the guest's may become a process or a privilege of VMM.
TEST(QemuArguments, VmmConfinesItself) {
  const std::vector<std::string> args = qemu_arguments(small_task(), {7, 8}, {}, "quiet");
  EXPECT_THAT(args, Contains("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
  EXPECT_THAT(args, Contains("-nodefaults"));
  EXPECT_THAT(args, Contains("-no-user-config"));
}

TEST(QemuArguments, MemoryThatTheGuestFreesGoesBack) {
  EXPECT_THAT(qemu_arguments(small_task(), {7, 8}, {}, "quiet"), Contains("virtio-balloon-pci,free-page-reporting=on"));
}

// Each port more is twenty exits of every start.
TEST(QemuArguments, TheGuestIsOfferedOnePort) {
  EXPECT_THAT(qemu_arguments(small_task(), {7, 8}, {}, "quiet"), Contains("virtio-serial-pci,max_ports=2"));
}

TEST(KernelArguments, TellAnInterpretedGuestItsClockAndThatItIsOne) {
  MachineTask task = small_task();
  EXPECT_EQ(kernel_arguments(task, "n", 0),
            "console=ttyS0 quiet reboot=t panic=-1 cryptomgr.notests initcall_blacklist=trace_eval_init,ftrace_check_for_weak_functions redoubt.nonce=n");
  task.emulated = true;
  EXPECT_THAT(kernel_arguments(task, "n", 2600000), HasSubstr("tsc_early_khz=2600000"));
  EXPECT_THAT(kernel_arguments(task, "n", 2600000), HasSubstr("mitigations=off init_on_alloc=1"));
}

TEST(VirtiofsdArguments, NeverTakeThePathOfTheContainer) {
  const std::vector<std::string> args = virtiofsd_arguments(5, "virtiofsd 1.13.2");
  EXPECT_THAT(args, Contains("source=/share"));
  EXPECT_THAT(args, Contains("sandbox=chroot"));
}

TEST(VirtiofsdArguments, TellNoMountsWhicheverImplementationItIs) {
  EXPECT_THAT(virtiofsd_arguments(5, "virtiofsd 1.13.2"), Contains("--no-announce-submounts"));
  EXPECT_THAT(virtiofsd_arguments(5, "virtiofsd version 7.2.22 (Debian)"), Not(Contains("--no-announce-submounts")));
}

}  // namespace
}  // namespace redoubt::vm
