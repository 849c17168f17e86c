// The numbers of the programs in words, and the hooks behind each surface.
#include "bpf/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bpf/load/hooks.h"

namespace redoubt::bpf {
namespace {

using testing::ElementsAre;

TEST(Names, AreThereForEveryNumber) {
  EXPECT_EQ(surface_names().size(), size_t{REDOUBT_SURFACE_COUNT});
  EXPECT_EQ(hook_names().size(), size_t{REDOUBT_HOOK_COUNT});
  EXPECT_EQ(surface_names()[REDOUBT_SURFACE_HOST_FILES], "kernel.hostFiles");
  EXPECT_EQ(hook_names()[REDOUBT_HOOK_userns_create], "userns_create");
  EXPECT_LE(size_t{REDOUBT_SURFACE_COUNT}, size_t{64});
}

TEST(SurfaceBits, AreTheNamesBothWays) {
  const uint64_t bits = surface_bits({"kernel.bpf", "network.families", "kernel.nonsense"});
  EXPECT_EQ(bits, uint64_t{1} << REDOUBT_SURFACE_BPF | uint64_t{1} << REDOUBT_SURFACE_FAMILIES);
  EXPECT_THAT(surfaces_of(bits), ElementsAre("kernel.bpf", "network.families"));
}

// A surface that no hook closes would be promised and not kept.
TEST(Hooks, CloseEverySurface) {
  uint64_t closed = 0;
  for (const std::string_view hook : hook_names()) {
    closed |= surfaces_of_hook(hook);
  }
  EXPECT_EQ(closed, (uint64_t{1} << REDOUBT_SURFACE_COUNT) - 1);
  EXPECT_EQ(surfaces_of_hook("task_alloc"), 0U);
  EXPECT_TRUE(is_essential_hook("task_alloc"));
  EXPECT_TRUE(is_essential_hook("bprm_committing_creds"));
  EXPECT_FALSE(is_essential_hook("uring_allowed"));
}

}  // namespace
}  // namespace redoubt::bpf
