#include "runc-compat/state/lock_holder.h"

#include <sys/sysmacros.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/str.h"

namespace redoubt::state {
namespace {

// "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF" without the empty parts. Waiters have "->" as
// second field.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::string& word : split(line, ' ')) {
    if (!word.empty()) {
      words.push_back(std::move(word));
    }
  }
  return words;
}

bool names_file(std::string_view text, dev_t device, ino_t inode) {
  const std::vector<std::string> parts = split(text, ':');
  return parts.size() == 3 && parse_number<unsigned>(parts[0], 16) == ::major(device) &&
         parse_number<unsigned>(parts[1], 16) == ::minor(device) &&
         parse_number<uint64_t>(parts[2]) == uint64_t{inode};
}

}  // namespace

pid_t find_flock_holder(std::string_view locks, dev_t device, ino_t inode) {
  for (const std::string& line : split(locks, '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() >= 6 && words[1] == "FLOCK" && names_file(words[5], device, inode)) {
      const std::optional<pid_t> pid = parse_number<pid_t>(words[4]);
      return pid && *pid > 0 ? *pid : 0;
    }
  }
  return 0;
}

}  // namespace redoubt::state
