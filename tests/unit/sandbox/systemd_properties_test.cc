#include "sandbox/systemd_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kNew = 255;

struct Shown {
  std::string operator()(const std::string& text) const { return "'" + text + "'"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  template <typename T>
  std::string operator()(T value) const {
    return std::to_string(value);
  }
};

// "MemoryMax t 1024".
std::string show(const UnitProperty& property) {
  std::string text = property.name + " " + signature_of(property.value);
  for (const UnitScalar& item : property.value.items) {
    text += " " + std::visit(Shown(), item);
  }
  for (const auto& [first, second] : property.value.pairs) {
    text += " " + first + "=" + second;
  }
  return text;
}

std::vector<std::string> show(const std::vector<UnitProperty>& properties) {
  std::vector<std::string> out;
  for (const UnitProperty& property : properties) {
    out.push_back(show(property));
  }
  return out;
}

std::vector<std::string> limits(const std::vector<plan::CgroupWrite>& writes, int version = kNew) {
  auto properties = limit_properties(writes, version);
  EXPECT_TRUE(properties) << properties.error().message();
  return properties ? show(*properties) : std::vector<std::string>();
}

TEST(LimitProperties, NumbersAndNoLimit) {
  EXPECT_THAT(limits({{"memory.max", "1024", "f"},
                      {"memory.swap.max", "max", "f"},
                      {"pids.max", "5\n", "f"},
                      {"cpu.weight", "50", "f"}}),
              ElementsAre("MemoryMax t 1024",
                          "MemorySwapMax t 18446744073709551615",
                          "TasksMax t 5",
                          "CPUWeight t 50"));
  EXPECT_THAT(limits({{"memory.low", "1", "f"},
                      {"memory.high", "2", "f"},
                      {"memory.min", "3", "f"},
                      {"io.weight", "default 7", "f"}}),
              ElementsAre("MemoryLow t 1", "MemoryHigh t 2", "MemoryMin t 3", "IOWeight t 7"));
}

TEST(LimitProperties, CpuQuotaIsRoundedUpToWholePercents) {
  EXPECT_THAT(limits({{"cpu.max", "12345 50000", "f"}}),
              ElementsAre("CPUQuotaPeriodUSec t 50000", "CPUQuotaPerSecUSec t 250000"));
  EXPECT_THAT(limits({{"cpu.max", "20000 100000", "f"}}),
              ElementsAre("CPUQuotaPeriodUSec t 100000", "CPUQuotaPerSecUSec t 200000"));
  EXPECT_THAT(limits({{"cpu.max", "20000", "f"}}),
              ElementsAre("CPUQuotaPeriodUSec t 100000", "CPUQuotaPerSecUSec t 200000"));
  EXPECT_THAT(
      limits({{"cpu.max", "max 100000", "f"}}),
      ElementsAre("CPUQuotaPeriodUSec t 100000", "CPUQuotaPerSecUSec t 18446744073709551615"));
  EXPECT_THAT(limits({{"cpu.max", "1000 2000", "f"}}, 241),
              ElementsAre("CPUQuotaPerSecUSec t 500000"));
}

TEST(LimitProperties, CpusetsAreMasksWhereSystemdKnowsThem) {
  EXPECT_THAT(limits({{"cpuset.cpus", "0-2,8", "f"}, {"cpuset.mems", "0", "f"}}),
              ElementsAre("AllowedCPUs ay 7 1", "AllowedMemoryNodes ay 1"));
  EXPECT_THAT(limits({{"cpuset.cpus", "0-2,8", "f"}}, 243), IsEmpty());
  EXPECT_THAT(limits({{"cpuset.cpus", "", "f"}}), IsEmpty());
}

TEST(LimitProperties, IdleIsAWeightOfZero) {
  EXPECT_THAT(limits({{"cpu.idle", "1", "f"}, {"cpu.weight", "50", "f"}}),
              ElementsAre("CPUWeight t 0"));
  EXPECT_THAT(limits({{"cpu.idle", "0", "f"}, {"cpu.weight", "50", "f"}}),
              ElementsAre("CPUWeight t 50"));
  EXPECT_THAT(limits({{"cpu.idle", "1", "f"}, {"cpu.weight", "50", "f"}}, 251),
              ElementsAre("CPUWeight t 50"));
}

TEST(LimitProperties, TheLaterWriteWins) {
  EXPECT_THAT(limits({{"memory.max", "1", "f"}, {"pids.max", "5", "f"}, {"memory.max", "2", "f"}}),
              ElementsAre("TasksMax t 5", "MemoryMax t 2"));
}

TEST(LimitProperties, LeavesOutWhatSystemdHasNoWordFor) {
  EXPECT_THAT(limits({{"hugetlb.2MB.max", "1", "f"},
                      {"io.max", "8:0 rbps=1", "f"},
                      {"io.weight", "8:0 50", "f"},
                      {"rdma.max", "x hca_handle=1", "f"}}),
              IsEmpty());
}

TEST(LimitProperties, NamesTheFieldOfABadValue) {
  for (const plan::CgroupWrite& write :
       std::vector<plan::CgroupWrite>{{"memory.max", "lots", "FIELD"},
                                      {"cpu.max", "1 0", "FIELD"},
                                      {"cpu.max", "", "FIELD"},
                                      {"cpu.max", "1 2 3", "FIELD"},
                                      {"cpu.max", "18446744073709551614 1", "FIELD"},
                                      {"cpuset.cpus", "3-1", "FIELD"},
                                      {"pids.max", "-1", "FIELD"}}) {
    auto properties = limit_properties({write}, kNew);
    ASSERT_FALSE(properties) << write.file << "=" << write.value;
    EXPECT_THAT(properties.error().message(), HasSubstr("FIELD"));
  }
}

TEST(CpuListMask, RefusesWhatIsNoList) {
  for (const char* list : {"", ",", "a", "1-", "-1", "2-1", "99999999"}) {
    EXPECT_FALSE(cpu_list_mask(list)) << list;
  }
  EXPECT_THAT(*cpu_list_mask("15"), ElementsAre(0, 128));
  EXPECT_THAT(*cpu_list_mask(" 0 , 2-3,"), ElementsAre(13));
}

TEST(StartProperties, OfAScope) {
  plan::Cgroup plan;
  plan.systemd_properties = {{"TimeoutStopSec", "7"}};
  plan.writes = {{"memory.oom.group", "1", "f"}};
  auto properties = start_properties({plan, "box", "runc-box.scope", "system.slice", 42, kNew});
  ASSERT_TRUE(properties) << properties.error().message();
  EXPECT_THAT(show(*properties),
              ElementsAre("Description s 'libcontainer container box'",
                          "Slice s 'system.slice'",
                          "Delegate b true",
                          "PIDs au 42",
                          "MemoryAccounting b true",
                          "CPUAccounting b true",
                          "IOAccounting b true",
                          "TasksAccounting b true",
                          "DefaultDependencies b false",
                          "TimeoutStopUSec t 7000000",
                          "OOMPolicy s 'kill'"));
}

TEST(StartProperties, OfASliceHaveNoProcess) {
  const plan::Cgroup plan;
  auto properties = start_properties({plan, "x.slice", "x.slice", "system.slice", 42, 252});
  ASSERT_TRUE(properties);
  EXPECT_THAT(show(*properties),
              ElementsAre("Description s 'libcontainer container x.slice'",
                          "Wants as 'system.slice'",
                          "MemoryAccounting b true",
                          "CPUAccounting b true",
                          "IOAccounting b true",
                          "TasksAccounting b true",
                          "DefaultDependencies b false"));
}

TEST(StartProperties, RefuseABadAnnotation) {
  plan::Cgroup plan;
  plan.systemd_properties = {{"Foo", "{"}};
  EXPECT_FALSE(start_properties({plan, "box", "runc-box.scope", "system.slice", 42, kNew}));
}

plan::DeviceRule device(bool allow,
                        char type,
                        std::optional<uint32_t> major,
                        std::optional<uint32_t> minor) {
  plan::DeviceRule rule;
  rule.allow = allow;
  rule.type = type;
  rule.major = major;
  rule.minor = minor;
  rule.read = rule.write = true;
  rule.mknod = type == 'a';
  return rule;
}

bool only_null_exists(const std::string& path) {
  return path == "/dev/char/1:3";
}

TEST(DeviceProperties, NameDevicesAsSystemdDoes) {
  const std::vector<plan::DeviceRule> rules = {device(false, 'a', {}, {}),
                                               device(true, 'c', 1, 3),
                                               device(true, 'c', 1, 5),
                                               device(true, 'c', 136, {}),
                                               device(true, 'b', {}, {}),
                                               device(true, 'c', {}, 9)};
  EXPECT_THAT(show(device_properties(rules, kNew, only_null_exists)),
              ElementsAre("DevicePolicy s 'strict'",
                          "DeviceAllow a(ss)",
                          "DeviceAllow a(ss) /dev/char/1:3=rw char-136=rw block-*=rw"));
  EXPECT_THAT(show(device_properties(rules, 239, only_null_exists)),
              ElementsAre("DevicePolicy s 'strict'",
                          "DeviceAllow a(ss)",
                          "DeviceAllow a(ss) /dev/char/1:3=rw block-*=rw"));
}

TEST(DeviceProperties, AllowAllIsNoPolicy) {
  EXPECT_THAT(show(device_properties({device(true, 'a', {}, {})}, kNew, only_null_exists)),
              ElementsAre("DevicePolicy s 'auto'", "DeviceAllow a(ss)"));
}

TEST(DeviceProperties, ExceptionsNeverAllowMore) {
  EXPECT_THAT(show(device_properties(
                  {device(true, 'a', {}, {}), device(false, 'c', 1, 11)}, kNew, only_null_exists)),
              ElementsAre("DevicePolicy s 'strict'", "DeviceAllow a(ss)"));
}

}  // namespace
}  // namespace redoubt::sandbox
