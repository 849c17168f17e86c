// The steps of redoubt-init by name, for --debug.
#ifndef REDOUBT_LAUNCH_STEP_NAMES_H_
#define REDOUBT_LAUNCH_STEP_NAMES_H_

#include <string_view>

#include "init/protocol.h"

namespace redoubt::launch {

std::string_view step_name(init::InitStep step);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_STEP_NAMES_H_
