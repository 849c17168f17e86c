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
  const auto of = [](const char* value) {
    return pod_memory_of({{"io.kubernetes.cri.container-type", "sandbox"}, {"io.kubernetes.cri.sandbox-memory", value}});
  };
  EXPECT_EQ(of("268435456"), 268435456U);
  for (const char* none : {"-1", "", "1e9", "0x10000000", "+268435456", " 268435456", "256Mi", "18446744073709551616"}) {
    EXPECT_EQ(of(none), 0U) << none;
  }
  EXPECT_EQ(pod_memory_of({}), 0U);
}

TEST(PodMemoryOf, IsHeardOnASandboxOfContainerdAlone) {
  const char* const memory = "io.kubernetes.cri.sandbox-memory";
  EXPECT_EQ(pod_memory_of({{memory, "268435456"}}), 0U);
  EXPECT_EQ(pod_memory_of({{memory, "268435456"}, {"io.kubernetes.cri.container-type", "container"}}), 0U);
  // CRI-O hands a pod's own annotations on, containerd's keys among them.
  EXPECT_EQ(pod_memory_of({{memory, "268435456"},
                           {"io.kubernetes.cri.container-type", "sandbox"},
                           {"io.kubernetes.cri-o.ContainerType", "sandbox"}}),
            0U);
}

}  // namespace
}  // namespace redoubt::policy
