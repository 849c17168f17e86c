#include "escalate-vm/monitor/run_clock.h"

#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

TEST(RunClock, CountsWhatPassesBetweenReadings) {
  RunClock clock;
  clock.advance(5000, 100);
  EXPECT_EQ(clock.now(), 0);
  clock.advance(5060, 100);
  clock.advance(5100, 100);
  EXPECT_EQ(clock.now(), 100);
}

TEST(RunClock, CountsAFrozenHourAsOneStep) {
  RunClock clock;
  clock.advance(1000, 100);
  clock.advance(3601000, 100);
  EXPECT_EQ(clock.now(), 100);
  clock.advance(3601010, 100);
  EXPECT_EQ(clock.now(), 110);
}

}  // namespace
}  // namespace redoubt::vm
