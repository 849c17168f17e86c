#include "sandbox/intel_rdt_stats.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

TEST(ReadIntelRdtStats, HasWhatTheCpuHasUnderRuncsKeys) {
  char pattern[] = "/tmp/redoubt-rdt-XXXXXX";
  const std::string mount = ::mkdtemp(pattern);
  const std::string group = mount + "/c1";
  std::filesystem::create_directories(mount + "/info/L3");
  std::filesystem::create_directories(group);
  std::ofstream(mount + "/info/L3/cbm_mask") << "fffff\n";
  std::ofstream(mount + "/info/L3/min_cbm_bits") << "2\n";
  std::ofstream(mount + "/info/L3/num_closids") << "16\n";
  std::ofstream(mount + "/schemata") << "    L3:0=fffff;1=fffff\n";
  std::ofstream(group + "/schemata") << "    MB:0=50\n    L3:0=f;1=f\n";
  EXPECT_EQ(json::dump(read_intel_rdt_stats(group, mount)),
            R"({"l3_cache_info":{"cbm_mask":"fffff","min_cbm_bits":2,"num_closids":16},)"
            R"("l3_cache_schema_root":"L3:0=fffff;1=fffff","l3_cache_schema":"L3:0=f;1=f"})");
  EXPECT_EQ(json::dump(read_intel_rdt_stats(mount + "/gone", mount)), "{}");
  std::filesystem::remove_all(mount);
}

}  // namespace
}  // namespace redoubt::sandbox
