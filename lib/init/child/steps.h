// The step table as data, for the loop (main.cc) and for the order tests.
#ifndef REDOUBT_INIT_CHILD_STEPS_H_
#define REDOUBT_INIT_CHILD_STEPS_H_

#include "init/child/step.h"

namespace redoubt::init {

inline constexpr uint32_t kJoiner = 1;  // only when InitProgram::needs_joiner
inline constexpr uint32_t kNew = 2;     // create and run
inline constexpr uint32_t kJoined = 4;  // exec
inline constexpr uint32_t kAll = kNew | kJoined;

struct StepEntry {
  InitStep step;
  StepFunction function;
  uint32_t sessions;
};

extern const StepEntry kSteps[];
extern const unsigned kStepCount;

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_CHILD_STEPS_H_
