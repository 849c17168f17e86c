#include "base/error.h"

#include <string.h>

#include <cctype>

#include "base/str.h"

namespace redoubt {

std::string errno_text(int err) {
  const char* text = strerrordesc_np(err);
  if (text == nullptr) {
    return concat("errno ", err);
  }
  std::string lower(text);
  for (char& c : lower) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower;
}

Error Error::system(int err, std::string_view what) {
  return {ErrorKind::kSystem, concat(what, ": ", errno_text(err)), err};
}

Error& Error::add_context(std::string_view frame) & {
  message_ = concat(frame, ": ", message_);
  return *this;
}

Error&& Error::add_context(std::string_view frame) && {
  add_context(frame);
  return std::move(*this);
}

}  // namespace redoubt
