// How the JSON reader speaks about a text: positions, quoted pieces, paths. For json.cc only.
#ifndef REDOUBT_BASE_JSON_TEXT_H_
#define REDOUBT_BASE_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace redoubt::json {

// "NAME:LINE:COLUMN: what" for the byte at `offset`.
Error error_at(std::string_view name, std::string_view text, size_t offset, std::string_view what);

// Quoted and cut: an error line stays a line, whatever the document holds.
std::string shown(std::string_view text);

// Adds a member to a path: ".args", or ["a.b"] for a key that is no plain word.
void append_step(std::string& path, std::string_view key);

// Our words for a sentence of the parser's lexer, which is recognised by one word; empty for
// others.
std::string lexical_reason(std::string_view detail);

// Where the token that ends `read` starts. Preconditions: `read` is not empty.
size_t last_token(std::string_view read);

}  // namespace redoubt::json

#endif  // REDOUBT_BASE_JSON_TEXT_H_
