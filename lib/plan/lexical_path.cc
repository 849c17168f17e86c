#include "plan/lexical_path.h"

#include <vector>

#include "base/str.h"

namespace redoubt::plan {

std::string clean_absolute(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return "/" + join(kept, "/");
}

std::string absolute_from(std::string_view directory, std::string_view path) {
  if (!path.empty() && path.front() == '/') {
    return clean_absolute(path);
  }
  return clean_absolute(concat(directory, "/", path));
}

}  // namespace redoubt::plan
