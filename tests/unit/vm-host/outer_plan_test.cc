#include "escalate-vm/host/outer_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mount.h>

namespace redoubt::vm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

plan::Mount bind_mount(std::string source, std::string destination) {
  plan::Mount mount;
  mount.kind = plan::MountKind::kBind;
  mount.source = std::move(source);
  mount.destination = std::move(destination);
  return mount;
}

plan::Plan container_plan() {
  plan::Plan plan;
  plan.id = "web";
  plan.rootfs.path = "/bundle/rootfs";
  plan.namespaces = {{plan::NamespaceType::kUser, ""},
                     {plan::NamespaceType::kNetwork, "/run/netns/web"},
                     {plan::NamespaceType::kMount, ""}};
  plan.process.args = {"nginx"};
  plan.process.capabilities.bounding = ~uint64_t{0};
  plan.machine = plan::Machine{.image = "/image", .monitor = "/m", .vmm = "/q", .virtiofsd = "/v", .sandbox = {}, .memory = 256 << 20};
  return plan;
}

const plan::Mount* mount_at(const plan::Plan& plan, std::string_view destination) {
  for (const plan::Mount& mount : plan.mounts) {
    if (mount.destination == destination) {
      return &mount;
    }
  }
  return nullptr;
}

TEST(OuterPlan, RunsTheMonitorInTheContainersNetwork) {
  const plan::Plan outer = outer_plan(container_plan(), "/state/web/machine");
  EXPECT_THAT(outer.process.args, ElementsAre("/programs/redoubt-vm", "machine"));
  EXPECT_EQ(outer.rootfs.path, "/state/web/machine");
  ASSERT_NE(outer.find_namespace(plan::NamespaceType::kNetwork), nullptr);
  EXPECT_EQ(outer.find_namespace(plan::NamespaceType::kNetwork)->path, "/run/netns/web");
  EXPECT_EQ(outer.find_namespace(plan::NamespaceType::kUser), nullptr);
  for (const plan::NamespaceType type : {plan::NamespaceType::kPid, plan::NamespaceType::kMount, plan::NamespaceType::kIpc}) {
    EXPECT_TRUE(outer.creates(type));
  }
}

TEST(OuterPlan, HasNoCapabilityOverTheHostsKernel) {
  const plan::Plan outer = outer_plan(container_plan(), "/m");
  for (const int capability : {CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_BPF, CAP_DAC_READ_SEARCH}) {
    EXPECT_EQ(outer.process.capabilities.bounding >> capability & 1, 0U) << capability;
  }
  EXPECT_TRUE(outer.process.no_new_privileges);
}

// Root without any capability may still write core_pattern.
TEST(OuterPlan, FilesThatCommandTheKernelAreReadOnlyWhateverTheContainerAsksFor) {
  plan::Plan plan = container_plan();
  plan.masked_paths = plan.readonly_paths = {};
  const plan::Plan outer = outer_plan(plan, "/m");
  EXPECT_THAT(outer.readonly_paths, Contains("/proc/sys"));
  EXPECT_THAT(outer.readonly_paths, Contains("/proc/sysrq-trigger"));
  EXPECT_THAT(outer.masked_paths, Contains("/proc/kcore"));
}

TEST(OuterPlan, TheProxyOfExecHasNoCapabilityAtAll) {
  const plan::Plan proxy = outer_exec_plan(outer_plan(container_plan(), "/m"), {});
  EXPECT_EQ(proxy.process.capabilities.bounding | proxy.process.capabilities.permitted, 0U);
  EXPECT_THAT(proxy.process.args, ElementsAre("/programs/redoubt-vm", "exec"));
}

TEST(OuterPlan, SharesVolumesInOrderAndAsTheyAre) {
  plan::Plan plan = container_plan();
  plan.mounts.push_back(bind_mount("/a", "/mnt/a"));
  plan.mounts.emplace_back().destination = "/tmp";
  plan.mounts.push_back(bind_mount("/b", "/mnt/b"));
  plan.mounts.back().attr_set = MOUNT_ATTR_RDONLY;
  const plan::Plan outer = outer_plan(plan, "/m");
  ASSERT_NE(mount_at(outer, "/share/web/volumes/0"), nullptr);
  EXPECT_EQ(mount_at(outer, "/share/web/volumes/0")->source, "/a");
  ASSERT_NE(mount_at(outer, "/share/web/volumes/1"), nullptr);
  EXPECT_EQ(mount_at(outer, "/share/web/volumes/1")->source, "/b");
  EXPECT_EQ(mount_at(outer, "/share/web/volumes/1")->attr_set, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_EQ(mount_at(outer, "/tmp"), nullptr);
}

TEST(OuterPlan, AReadOnlyRootIsSoOnTheHostsSide) {
  plan::Plan plan = container_plan();
  EXPECT_EQ(mount_at(outer_plan(plan, "/m"), "/share/web/rootfs")->attr_set & MOUNT_ATTR_RDONLY, 0U);
  plan.rootfs.readonly = true;
  EXPECT_NE(mount_at(outer_plan(plan, "/m"), "/share/web/rootfs")->attr_set & MOUNT_ATTR_RDONLY, 0U);
}

TEST(OuterPlan, KvmIsTheVmmsAloneAndAbsentWhenEmulated) {
  plan::Plan plan = container_plan();
  const plan::Plan with_kvm = outer_plan(plan, "/m");
  EXPECT_THAT(with_kvm.devices,
              Contains(AllOf(Field(&plan::Device::path, "/dev/kvm"), Field(&plan::Device::uid, vmm_user("web")),
                             Field(&plan::Device::mode, mode_t{0600}))));
  plan.machine->emulated = true;
  EXPECT_THAT(outer_plan(plan, "/m").devices, Not(Contains(Field(&plan::Device::path, "/dev/kvm"))));
}

TEST(OuterPlan, LimitsHoldTheMachineAndLeaveProcessesToTheGuest) {
  plan::Plan plan = container_plan();
  plan.cgroup.writes = {{"memory.max", "67108864", "m"}, {"pids.max", "10", "p"}, {"memory.high", "9", "h"}, {"cpu.max", "50000 100000", "c"}};
  const plan::Plan outer = outer_plan(plan, "/m");
  ASSERT_EQ(outer.cgroup.writes.size(), 2U);
  EXPECT_GT(std::stoull(outer.cgroup.writes[0].value), plan.machine->memory);
  EXPECT_EQ(outer.cgroup.writes[1].value, "50000 100000");
}

TEST(MemberPlan, IsAProxyWithItsFilesAndNothingElse) {
  plan::Plan plan = container_plan();
  plan.machine->sandbox = "s";
  plan.mounts = {bind_mount("/host/data", "/data")};
  plan.cgroup.writes = {{"memory.max", "6710886400", "m"}};
  const plan::Plan member = member_plan(plan, "/state/web/machine", "/state/s/machine/exec.sock");
  EXPECT_THAT(member.process.args, ElementsAre("/programs/redoubt-vm", "container"));
  EXPECT_EQ(member.process.capabilities.bounding | member.process.capabilities.permitted, 0U);
  ASSERT_NE(mount_at(member, "/exec.sock"), nullptr);
  EXPECT_EQ(mount_at(member, "/exec.sock")->source, "/state/s/machine/exec.sock");
  EXPECT_NE(mount_at(member, "/share/web/volumes/0"), nullptr);
  for (const char* absent : {"/usr", "/programs/vmm", "/image/vmlinux"}) {
    EXPECT_EQ(mount_at(member, absent), nullptr) << absent;
  }
  EXPECT_THAT(member.devices, Not(Contains(Field(&plan::Device::path, "/dev/net/tun"))));
  EXPECT_EQ(member.cgroup.writes[0].value, "33554432");
}

TEST(OuterPlan, HostHooksStayAndTheContainersOwnGo) {
  plan::Plan plan = container_plan();
  for (std::vector<plan::Hook>& hooks : plan.hooks) {
    hooks.push_back({"/bin/true", {"true"}, {}, std::nullopt});
  }
  const plan::Plan outer = outer_plan(plan, "/m");
  EXPECT_EQ(outer.hooks_of(plan::HookKind::kCreateRuntime).size(), 1U);
  EXPECT_THAT(outer.hooks_of(plan::HookKind::kStartContainer), IsEmpty());
}

TEST(VmmUser, IsFarAboveAccountsAndDiffersByContainer) {
  EXPECT_GE(vmm_user("a"), 0x7f000000U);
  EXPECT_LT(vmm_user("a"), 0x80000000U);
  EXPECT_NE(vmm_user("a"), vmm_user("b"));
}

}  // namespace
}  // namespace redoubt::vm
