// How the JSON reader speaks about a text: positions, quoted pieces, paths. For json.cc only.
#ifndef REDOUBT_BASE_JSON_TEXT_H_
#define REDOUBT_BASE_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include <rapidjson/error/error.h>

#include "base/error.h"

namespace redoubt::json {

// "NAME:LINE:COLUMN: what" for the byte at `offset`.
Error error_at(std::string_view name, std::string_view text, size_t offset, std::string_view what);

inline constexpr std::string_view kLoneSurrogate = "not valid UTF-8: lone surrogate in an escape";

// Quoted and cut: an error line stays a line, whatever the document holds.
std::string shown(std::string_view text);

// Adds a member to a path: ".args", or ["a.b"] for a key that is no plain word.
void append_step(std::string& path, std::string_view key);

// What is wrong inside a token, of which `c` is the character that does not fit; empty when the
// token as a whole is not what should come there.
std::string_view lexical_reason(rapidjson::ParseErrorCode code, char c);

// Whether all that is wrong at `offset` is that the text ends too early.
bool is_cut_at(std::string_view text, size_t offset);

// The word or the character at `offset`. Preconditions: offset < text.size().
std::string_view token_around(std::string_view text, size_t offset);

}  // namespace redoubt::json

#endif  // REDOUBT_BASE_JSON_TEXT_H_
