// Container ids: the only part of a path in the state directory that a caller chooses, so checked
// before any use.
#ifndef REDOUBT_STATE_CONTAINER_ID_H_
#define REDOUBT_STATE_CONTAINER_ID_H_

#include <string_view>

#include "base/result.h"

namespace redoubt::state {

// Non-empty, [A-Za-z0-9_+.-] only, neither "." nor "..", at most NAME_MAX bytes.
Status validate_id(std::string_view id);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_CONTAINER_ID_H_
