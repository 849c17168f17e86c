#include "sandbox/cgroup_oom.h"

#include <poll.h>

#include <gtest/gtest.h>

#include "temporary_cgroup.h"

namespace redoubt::sandbox {
namespace {

bool is_readable(int fd) {
  pollfd waiting = {fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

TEST(OomKills, AreNotTheOtherEvents) {
  EXPECT_EQ(parse_oom_kills("low 0\nhigh 5\nmax 7\noom 3\noom_kill 2\noom_group_kill 9\n"), 2U);
  EXPECT_EQ(parse_oom_kills("low 0\n"), 0U);
}

TEST(OomKillCount, IsZeroWithoutTheController) {
  EXPECT_EQ(oom_kill_count("/nonexistent"), 0U);
}

TEST(OomWatch, ReportsEachKillOnceAndNoneFromBefore) {
  const TemporaryCgroup cgroup;
  cgroup.put("cgroup.events", "populated 1\n");
  cgroup.put("memory.events", "oom 4\noom_kill 4\n");
  auto watch = OomWatch::open(cgroup.path());
  ASSERT_TRUE(watch) << watch.error().message();
  EXPECT_FALSE(is_readable(watch->fd()));

  cgroup.put("memory.events", "oom 6\noom_kill 6\n");
  EXPECT_TRUE(is_readable(watch->fd()));
  auto update = watch->update();
  ASSERT_TRUE(update);
  EXPECT_EQ(update->kills, 2U);
  EXPECT_FALSE(update->ended);
  EXPECT_FALSE(is_readable(watch->fd()));

  // A limit that was hit without a kill.
  cgroup.put("memory.events", "oom 9\noom_kill 6\n");
  EXPECT_EQ(watch->update()->kills, 0U);
}

TEST(OomWatch, EndsWithTheLastProcess) {
  const TemporaryCgroup cgroup;  // without the memory controller
  cgroup.put("cgroup.events", "populated 1\n");
  auto watch = OomWatch::open(cgroup.path());
  ASSERT_TRUE(watch) << watch.error().message();
  cgroup.put("cgroup.events", "populated 0\n");
  EXPECT_TRUE(is_readable(watch->fd()));
  EXPECT_TRUE(watch->update()->ended);
}

TEST(OomWatch, EndsWithTheCgroup) {
  auto cgroup = std::make_unique<TemporaryCgroup>();
  cgroup->put("cgroup.events", "populated 1\n");
  auto watch = OomWatch::open(cgroup->path());
  ASSERT_TRUE(watch);
  cgroup.reset();
  EXPECT_TRUE(is_readable(watch->fd()));
  EXPECT_TRUE(watch->update()->ended);
}

}  // namespace
}  // namespace redoubt::sandbox
