// Lines of a parsed JSON document: which line each value starts on. The reader itself keeps no
// places, because config.json needs none and is on the path of every start; profiles and node
// policy do, so that a denial can name file and line of the rule that decided.
#ifndef REDOUBT_BASE_JSON_LINES_H_
#define REDOUBT_BASE_JSON_LINES_H_

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/json.h"

namespace redoubt::json {

class Lines {
 public:
  // Preconditions: `root` was parsed from `text`, and is neither moved nor changed while this
  // object is used: values are known by their address.
  Lines(std::string_view text, const Value& root);

  // 1 for a value that is not part of the document.
  uint32_t of(const Value& value) const;

 private:
  std::unordered_map<const Value*, uint32_t> lines_;
};

}  // namespace redoubt::json

#endif  // REDOUBT_BASE_JSON_LINES_H_
