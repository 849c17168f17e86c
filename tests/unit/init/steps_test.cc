// The order of the steps is a security property: these tests fail when somebody moves one.
#include "init/child/steps.h"

#include <gtest/gtest.h>

#include <set>

namespace redoubt::init {
namespace {

int position(InitStep step) {
  for (unsigned i = 0; i < kStepCount; ++i) {
    if (kSteps[i].step == step) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

struct Order {
  InitStep before, after;
  const char* why;
};

constexpr Order kOrders[] = {
    {InitStep::kJoinNamespaces, InitStep::kCloneInit, "the second clone happens inside the joined namespaces"},
    {InitStep::kTimeOffsets, InitStep::kCloneInit, "offsets can be written only before the first process lives there"},
    {InitStep::kAwaitParent, InitStep::kBecomeRoot, "id maps are written before any setid"},
    {InitStep::kBecomeRoot, InitStep::kIpcNamespace, "the container's root owns the root of /dev/mqueue"},
    {InitStep::kIpcNamespace, InitStep::kMounts, "mqueue is mounted from the container's own IPC namespace"},
    {InitStep::kAwaitParent, InitStep::kCgroupNamespace, "the cgroup is joined before its namespace is made"},
    {InitStep::kRootfsPropagation, InitStep::kRootfsBind, "no mount may travel to the host"},
    {InitStep::kRootfsBind, InitStep::kMounts, "mounts go beneath the rootfs mount"},
    {InitStep::kMounts, InitStep::kCreateContainerHooks, "hooks see the mounts"},
    {InitStep::kRuntimeHooks, InitStep::kCreateContainerHooks, "prestart and createRuntime run before createContainer"},
    {InitStep::kCreateContainerHooks, InitStep::kMaskPaths, "hooks may still mount below masked paths"},
    {InitStep::kWorkingDirectory, InitStep::kReadonlyRoot, "the directory is made while the rootfs is writable"},
    {InitStep::kMaskPaths, InitStep::kPivot, "masks are made of the host's verified /dev/null"},
    {InitStep::kReadonlyPaths, InitStep::kMaskPaths, "a mask inside a read-only path stays on top"},
    {InitStep::kPivot, InitStep::kSysctl, "sysctls are written once the old root is gone"},
    {InitStep::kConsole, InitStep::kReadonlyRoot, "/dev/console is made before /dev is closed"},
    {InitStep::kReady, InitStep::kLabel, "the parent records the container before it is confined"},
    {InitStep::kNoNewPrivileges, InitStep::kSeccompLate, "a filter without privilege needs no_new_privs"},
    {InitStep::kSeccompEarly, InitStep::kIdentity, "without no_new_privs the filter needs CAP_SYS_ADMIN"},
    {InitStep::kLabel, InitStep::kIdentity, "labels are written while privileged"},
    {InitStep::kIdentity, InitStep::kCapabilities, "capset after setuid, which clears the effective set"},
    {InitStep::kCapabilities, InitStep::kLookup, "the command is looked up as the user"},
    {InitStep::kCapabilities, InitStep::kSeccompLate, "the late filter need not allow capset"},
    {InitStep::kSeccompLate, InitStep::kDone, "done means confined"},
    {InitStep::kDone, InitStep::kAwaitStart, "create returns before start is awaited"},
    {InitStep::kAwaitStart, InitStep::kStartContainerHooks, "startContainer hooks belong to start"},
    {InitStep::kStartContainerHooks, InitStep::kExecve, "hooks run before the user's process"},
};

TEST(InitSteps, KeepTheOrderThatSecurityDependsOn) {
  for (const Order& order : kOrders) {
    ASSERT_GE(position(order.before), 0) << order.why;
    ASSERT_GE(position(order.after), 0) << order.why;
    EXPECT_LT(position(order.before), position(order.after)) << order.why;
  }
}

TEST(InitSteps, AppearOnceEach) {
  std::set<InitStep> seen;
  for (unsigned i = 0; i < kStepCount; ++i) {
    EXPECT_TRUE(seen.insert(kSteps[i].step).second) << "step " << static_cast<unsigned>(kSteps[i].step);
  }
}

TEST(InitSteps, EndWithExecveForEverySession) {
  EXPECT_EQ(kSteps[kStepCount - 1].step, InitStep::kExecve);
  EXPECT_EQ(kSteps[kStepCount - 1].sessions, kAll);
}

TEST(InitSteps, ConfineExecLikeTheContainer) {
  for (const InitStep step : {InitStep::kLabel, InitStep::kNoNewPrivileges, InitStep::kSeccompEarly, InitStep::kIdentity,
                              InitStep::kCapabilities, InitStep::kSeccompLate, InitStep::kKeyring}) {
    EXPECT_EQ(kSteps[position(step)].sessions & kAll, kAll) << static_cast<unsigned>(step);
  }
}

}  // namespace
}  // namespace redoubt::init
