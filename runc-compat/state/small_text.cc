#include "runc-compat/state/small_text.h"

#include <fcntl.h>

#include "base/io.h"

namespace redoubt::state {
namespace {

constexpr size_t kLimit = 1024;

}  // namespace

std::string read_small_text(const ContainerDir& dir, const char* name) {
  const Result<UniqueFd> file = open_at(dir.fd(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  Result<std::string> text = file ? read_all(file->get(), kLimit, name) : Result<std::string>("");
  if (!text) {
    return "";
  }
  for (char& c : *text) {
    c = c < ' ' || c > '~' ? '?' : c;
  }
  return *std::move(text);
}

}  // namespace redoubt::state
