#include "sandbox/cgroup_undo.h"

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

struct UndoCase {
  const char *file, *current, *written, *expected;
};

class UndoValue : public ::testing::TestWithParam<UndoCase> {};

TEST_P(UndoValue, IsWhatTheFileSaidBefore) {
  const UndoCase& c = GetParam();
  EXPECT_EQ(undo_value(c.file, c.current, c.written), c.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    UndoValue,
    ::testing::Values(
        UndoCase{"memory.max", "max\n", "4096", "max"},
        UndoCase{"cpu.max", "max 100000\n", "1000 100000", "max 100000"},
        UndoCase{"cpuset.cpus", "\n", "0-1", "\n"},
        // Keyed files: only the line of the device that was written.
        UndoCase{
            "io.max",
            "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2 wbps=max riops=max wiops=max\n",
            "8:16 rbps=9",
            "8:16 rbps=2 wbps=max riops=max wiops=max"},
        UndoCase{"io.max", "", "8:0 rbps=9 wiops=1", "8:0 rbps=max wiops=max"},
        UndoCase{"io.max", "18:0 rbps=1\n", "8:0 rbps=9", "8:0 rbps=max"},
        UndoCase{"io.weight", "default 100\n8:0 50\n", "300", "default 100"},
        UndoCase{"io.weight", "default 100\n8:0 50\n", "default 300", "default 100"},
        UndoCase{"io.weight", "default 100\n8:0 50\n", "8:0 300", "8:0 50"},
        UndoCase{"io.weight", "default 100\n", "8:0 300", "8:0 default"},
        UndoCase{"rdma.max",
                 "mlx5 hca_handle=max hca_object=2000\n",
                 "mlx5 hca_object=1",
                 "mlx5 hca_handle=max hca_object=2000"},
        UndoCase{"misc.max", "res_a max\n", "res_b 5", "res_b max"}));

}  // namespace
}  // namespace redoubt::sandbox
