#include "policy/authoring/trees.h"

#include <algorithm>
#include <iterator>

#include "base/str.h"
#include "policy/dangers.h"

namespace redoubt::policy {
namespace {

// A rule for one of these would open much more than what was seen in it.
constexpr std::string_view kNeverWhole[] = {
    "/", "/dev", "/etc", "/home", "/proc", "/root", "/run", "/srv", "/sys", "/var", "/var/lib"};

constexpr std::string_view kPackageRoots[] = {"/bin", "/lib", "/lib64", "/sbin"};
constexpr std::string_view kPackageParents[] = {"/opt", "/usr"};

constexpr size_t kDigitsOfName = 5;
constexpr size_t kHexOfName = 12;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The longest run of characters of which `belongs` is true, with a digit among them.
size_t longest_run(std::string_view text, bool (*belongs)(char)) {
  size_t best = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    bool has_digit = false;
    while (i < text.size() && belongs(text[i])) {
      has_digit |= is_digit(text[i]);
      ++i;
    }
    best = has_digit ? std::max(best, i - start) : best;
    i += i == start ? 1 : 0;
  }
  return best;
}

bool looks_made_up(std::string_view name) {
  return longest_run(name, is_digit) >= kDigitsOfName ||
         longest_run(name, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }) >= kHexOfName;
}

// The first `count` components: ("/usr/lib/x", 2) -> "/usr/lib"; empty: there are no more than that.
std::string first_components(const std::string& path, size_t count) {
  size_t end = 0;
  while (count-- > 0) {
    end = path.find('/', end + 1);
    if (end == std::string::npos) {
      return "";
    }
  }
  return path.substr(0, end);
}

}  // namespace

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string process_directory(const std::string& path) {
  const bool of_process = path.starts_with("/proc/") && path.size() > 6 && is_digit(path[6]);
  if (of_process) {
    return "/proc";
  }
  return path.starts_with("/dev/pts/") ? "/dev/pts" : "";
}

std::string temporary_directory(const std::string& path) {
  if (!package_directory(path).empty() || path.starts_with("/sys/") || path.starts_with("/proc/")) {
    return "";
  }
  size_t start = 1;
  while (start < path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (looks_made_up(std::string_view(path).substr(start, end - start))) {
      return start == 1 ? "" : path.substr(0, start - 1);
    }
    start = end + 1;
  }
  return "";
}

std::string package_directory(const std::string& path) {
  for (const std::string_view root : kPackageRoots) {
    if (path.size() > root.size() && lies_in(root, path)) {
      return std::string(root);
    }
  }
  for (const std::string_view parent : kPackageParents) {
    if (path.size() > parent.size() && lies_in(parent, path)) {
      return first_components(path, 2);
    }
  }
  return "";
}

void Trees::replace(std::string_view step,
                    const std::function<std::string(const std::string&)>& directory_of) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& [path, origin] : paths_) {
    const std::string directory = directory_of(path);
    if (!directory.empty() && directory != path) {
      groups[directory].push_back(path);
    }
  }
  for (auto& [directory, from] : groups) {
    for (const std::string& path : from) {
      paths_.erase(path);
    }
    paths_.insert_or_assign(directory, step);
    steps_.push_back({step, field_, std::move(from), directory});
  }
}

void Trees::gather_siblings(std::string_view step, size_t limit) {
  for (bool more = true; more;) {
    std::map<std::string, size_t> counts;
    for (const auto& [path, origin] : paths_) {
      ++counts[parent_of(path)];
    }
    const size_t before = paths_.size();
    replace(step, [&](const std::string& path) {
      const std::string parent = parent_of(path);
      const bool is_whole =
          std::find(std::begin(kNeverWhole), std::end(kNeverWhole), parent) != std::end(kNeverWhole);
      return counts[parent] > limit && !is_whole ? parent : "";
    });
    more = paths_.size() != before;
  }
}

void Trees::drop_covered() {
  for (auto it = paths_.begin(); it != paths_.end();) {
    std::string above = it->first;
    bool covered = false;
    while (above != "/" && !covered) {
      above = parent_of(above);
      covered = paths_.find(above) != paths_.end();
    }
    it = covered ? paths_.erase(it) : std::next(it);
  }
}

void Trees::drop_covered_by(const Trees& others) {
  std::erase_if(paths_, [&](const auto& mine) {
    return std::any_of(others.paths_.begin(), others.paths_.end(), [&](const auto& other) {
      return lies_in(other.first, mine.first);
    });
  });
}

}  // namespace redoubt::policy
