#include "policy/pod.h"

#include <gtest/gtest.h>

namespace redoubt::policy {
namespace {

TEST(PodSandboxOf, IsNamedByEitherImplementationOfCri) {
  EXPECT_EQ(pod_sandbox_of({{"io.kubernetes.cri.container-type", "container"}, {"io.kubernetes.cri.sandbox-id", "s1"}}), "s1");
  EXPECT_EQ(pod_sandbox_of({{"io.kubernetes.cri-o.ContainerType", "container"}, {"io.kubernetes.cri-o.SandboxID", "s2"}}), "s2");
}

TEST(PodSandboxOf, ASandboxJoinsNone) {
  EXPECT_EQ(pod_sandbox_of({{"io.kubernetes.cri.container-type", "sandbox"}, {"io.kubernetes.cri.sandbox-id", "s1"}}), "");
  EXPECT_EQ(pod_sandbox_of({{"io.kubernetes.cri.sandbox-id", "s1"}}), "");
  EXPECT_EQ(pod_sandbox_of({}), "");
}

// CRI-O hands a pod's own annotations on: with containerd's keys among them, a sandbox would go into another pod's machine.
TEST(PodSandboxOf, TheKeysOfOneEngineSilenceThoseOfTheOther) {
  EXPECT_EQ(pod_sandbox_of({{"io.kubernetes.cri-o.ContainerType", "sandbox"},
                            {"io.kubernetes.cri.container-type", "container"},
                            {"io.kubernetes.cri.sandbox-id", "of-somebody-else"}}),
            "");
}

TEST(PodMemoryOf, IsTheSumThatTheSandboxIsTold) {
  EXPECT_EQ(pod_memory_of({{"io.kubernetes.cri.sandbox-memory", "268435456"}}), 268435456U);
  EXPECT_EQ(pod_memory_of({{"io.kubernetes.cri.sandbox-memory", "-1"}}), 0U);
  EXPECT_EQ(pod_memory_of({}), 0U);
}

}  // namespace
}  // namespace redoubt::policy
