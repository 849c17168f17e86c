#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> writes_of(const oci::Resources& resources) {
  const auto writes = resolve_resources(resources);
  EXPECT_TRUE(writes.has_value()) << error_of(writes);
  std::vector<std::string> lines;
  for (const plan::CgroupWrite& write : writes ? *writes : std::vector<plan::CgroupWrite>()) {
    EXPECT_THAT(write.field, HasSubstr("linux.resources."));
    lines.push_back(concat(write.file, "=", write.value));
  }
  return lines;
}

oci::Resources with_memory(std::optional<int64_t> limit, std::optional<int64_t> swap) {
  oci::Resources resources;
  resources.memory = oci::Memory{};
  resources.memory->limit = limit;
  resources.memory->swap = swap;
  return resources;
}

TEST(ResolveResources, NothingAskedNothingWritten) {
  EXPECT_THAT(writes_of({}), IsEmpty());
  oci::Resources zero = with_memory(0, 0);
  zero.cpu = oci::Cpu{};
  zero.cpu->shares = 0;
  zero.cpu->quota = 0;
  zero.cpu->cpus = "";
  zero.block_io = oci::BlockIo{};
  zero.block_io->weight = uint16_t{0};
  EXPECT_THAT(writes_of(zero), IsEmpty());
}

TEST(ResolveResources, Memory) {
  EXPECT_THAT(writes_of(with_memory(100, {})), ElementsAre("memory.max=100"));
  EXPECT_THAT(writes_of(with_memory(100, 300)),
              ElementsAre("memory.swap.max=200", "memory.max=100"));
  EXPECT_THAT(writes_of(with_memory(100, 100)), ElementsAre("memory.swap.max=0", "memory.max=100"));
  EXPECT_THAT(writes_of(with_memory(100, -1)),
              ElementsAre("memory.swap.max=max", "memory.max=100"));
  EXPECT_THAT(writes_of(with_memory(-1, {})), ElementsAre("memory.swap.max=max", "memory.max=max"));
  EXPECT_THAT(
      error_of(resolve_resources(with_memory(0, 300))),
      HasSubstr("linux.resources.memory.swap: unable to set swap limit without memory limit"));
  EXPECT_THAT(error_of(resolve_resources(with_memory(-2, {}))),
              HasSubstr("linux.resources.memory.limit"));
}

TEST(ResolveResources, OnlyAPositiveSwapLimitNeedsTheFile) {
  EXPECT_TRUE(resolve_resources(with_memory(100, 100))->at(0).skip_if_missing);
  EXPECT_TRUE(resolve_resources(with_memory(100, -1))->at(0).skip_if_missing);
  EXPECT_FALSE(resolve_resources(with_memory(100, 300))->at(0).skip_if_missing);
  EXPECT_FALSE(resolve_resources(with_memory(100, 300))->at(1).skip_if_missing);
}

TEST(ResolveResources, Pids) {
  for (const auto& [limit, value] : {std::pair(int64_t{7}, "7"),
                                     {int64_t{0}, "1"},
                                     {int64_t{-1}, "max"},
                                     {int64_t{-5}, "max"}}) {
    oci::Resources resources;
    resources.pids_limit = limit;
    EXPECT_THAT(writes_of(resources), ElementsAre(concat("pids.max=", value))) << limit;
  }
}

TEST(ResolveResources, Cpu) {
  oci::Resources resources;
  resources.cpu = oci::Cpu{};
  oci::Cpu& cpu = *resources.cpu;
  cpu.quota = 50000;
  EXPECT_THAT(writes_of(resources), ElementsAre("cpu.max=50000 100000"));
  cpu.quota = -1;
  cpu.period = 5000;
  EXPECT_THAT(writes_of(resources), ElementsAre("cpu.max=max 5000"));
  cpu.quota.reset();
  EXPECT_THAT(writes_of(resources), ElementsAre("cpu.max=max 5000"));
  cpu.burst = 0;
  cpu.idle = 0;
  cpu.shares = 1024;
  cpu.cpus = "0-3";
  cpu.mems = "0";
  EXPECT_THAT(writes_of(resources),
              ElementsAre("cpu.idle=0",
                          "cpu.weight=100",
                          "cpu.max=max 5000",
                          "cpu.max.burst=0",
                          "cpuset.cpus=0-3",
                          "cpuset.mems=0"));
}

TEST(ResolveResources, BlockIo) {
  oci::Resources resources;
  resources.block_io = oci::BlockIo{};
  resources.block_io->weight = uint16_t{500};
  resources.block_io->weight_device = {{8, 0, uint16_t{200}, {}}, {8, 16, {}, uint16_t{7}}};
  resources.block_io->read_bps = {{8, 0, 1000}};
  resources.block_io->write_bps = {{8, 0, 0}};
  resources.block_io->read_iops = {{8, 16, 5}};
  resources.block_io->write_iops = {{8, 16, 6}};
  EXPECT_THAT(writes_of(resources),
              ElementsAre("io.weight=4950",
                          "io.bfq.weight=8:0 200",
                          "io.max=8:0 rbps=1000",
                          "io.max=8:0 wbps=max",
                          "io.max=8:16 riops=5",
                          "io.max=8:16 wiops=6"));
  const plan::CgroupWrite weight = resolve_resources(resources)->at(0);
  EXPECT_EQ(weight.preferred_file, "io.bfq.weight");
  EXPECT_EQ(weight.preferred_value, "500");
  EXPECT_FALSE(weight.skip_if_missing);
}

TEST(ResolveResources, HugePagesAndRdma) {
  oci::Resources resources;
  resources.hugepage_limits = {{"2MB", 4194304}};
  resources.rdma["mlx5_1"] = {3, 10000};
  resources.rdma["mlx5_2"] = {std::nullopt, 5};
  resources.rdma["mlx5_3"] = {};
  EXPECT_THAT(writes_of(resources),
              ElementsAre("hugetlb.2MB.max=4194304",
                          "hugetlb.2MB.rsvd.max=4194304",
                          "rdma.max=mlx5_1 hca_handle=3 hca_object=10000",
                          "rdma.max=mlx5_2 hca_object=5"));
  resources.hugepage_limits = {{"../x", 1}};
  EXPECT_THAT(error_of(resolve_resources(resources)),
              HasSubstr("linux.resources.hugepageLimits[0].pageSize \"../x\""));
  resources.hugepage_limits.clear();
  resources.rdma["a b"] = {1, 1};
  EXPECT_THAT(error_of(resolve_resources(resources)), HasSubstr("linux.resources.rdma[\"a b\"]"));
}

TEST(ResolveResources, UnifiedHasTheLastWordInItsOrder) {
  oci::Resources resources = with_memory(100, {});
  resources.pids_limit = 5;
  resources.unified = {
      {"pids.max", "9"}, {"io.max", "8:0 rbps=1\n8:16 rbps=2\n"}, {"memory.max", "7"}};
  EXPECT_THAT(writes_of(resources),
              ElementsAre("pids.max=5",
                          "memory.max=100",
                          "pids.max=9",
                          "io.max=8:0 rbps=1",
                          "io.max=8:16 rbps=2",
                          "memory.max=7"));
}

TEST(ResolveResources, UnifiedTakesFileNamesOnly) {
  for (const char* file : {"../memory.max", "a/b", "/x", ".", "..", "", "memory", ".hidden"}) {
    oci::Resources resources;
    resources.unified = {{file, "1"}};
    EXPECT_THAT(error_of(resolve_resources(resources)), HasSubstr("unified resource")) << file;
  }
}

TEST(IgnoredResources, SaysWhatVersionTwoCannotDo) {
  oci::Resources resources;
  EXPECT_THAT(ignored_resources(resources), IsEmpty());
  resources.memory = oci::Memory{};
  resources.memory->disable_oom_killer = false;
  resources.memory->use_hierarchy = true;
  resources.cpu = oci::Cpu{};
  resources.cpu->realtime_period = 0;
  resources.network = oci::NetworkResources{};
  EXPECT_THAT(ignored_resources(resources), IsEmpty());
  resources.memory->kernel = 1;
  resources.memory->swappiness = 0;
  resources.memory->disable_oom_killer = true;
  resources.cpu->realtime_runtime = 1;
  resources.network->class_id = 7;
  resources.block_io = oci::BlockIo{};
  resources.block_io->leaf_weight = uint16_t{10};
  EXPECT_THAT(ignored_resources(resources),
              ElementsAre("Kernel memory settings are ignored and will be removed",
                          HasSubstr("swappiness"),
                          HasSubstr("disableOOMKiller"),
                          HasSubstr("realtime"),
                          HasSubstr("leaf weights"),
                          HasSubstr("network")));
}

}  // namespace
}  // namespace redoubt::policy
