#include "runc-compat/state/container_id.h"

#include <limits.h>

namespace redoubt::state {

Status validate_id(std::string_view id) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";
  if (id.empty()) {
    return Error::invalid("container id cannot be empty");
  }
  if (id.find_first_not_of(kAllowed) != std::string_view::npos || id == "." || id == ".." ||
      id.size() > NAME_MAX) {
    return Error::invalid("invalid container ID format");
  }
  return {};
}

}  // namespace redoubt::state
