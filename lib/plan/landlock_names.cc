#include "plan/landlock_names.h"

#include <iterator>

namespace redoubt::plan {
namespace {

// By bit; the headers of Debian 12 end before the last ones.
constexpr std::string_view kFiles[] = {
    "execute",   "write_file", "read_file", "read_dir",  "remove_dir", "remove_file",
    "make_char", "make_dir",   "make_reg",  "make_sock", "make_fifo",  "make_block",
    "make_sym",  "refer",      "truncate",  "ioctl_dev"};

}  // namespace

std::vector<std::string_view> landlock_file_access_names(uint64_t access) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < std::size(kFiles); ++i) {
    if ((access >> i & 1U) != 0) {
      names.push_back(kFiles[i]);
    }
  }
  return names;
}

}  // namespace redoubt::plan
