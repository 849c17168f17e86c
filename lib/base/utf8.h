// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#ifndef REDOUBT_BASE_UTF8_H_
#define REDOUBT_BASE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace redoubt {

// Length (1 to 4) of the valid sequence at the start of `text`, 0 if there is none.
size_t utf8_sequence_length(std::string_view text);

// Offset of the first byte that belongs to no valid sequence, or npos.
size_t find_invalid_utf8(std::string_view text);

}  // namespace redoubt

#endif  // REDOUBT_BASE_UTF8_H_
