#include "base/trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/io.h"
#include "base/str.h"

namespace redoubt {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

// In a user namespace, the files of the host's root belong to the overflow id, as do those of all other users that it has no
// number for: whoever they are, it is nobody of this namespace, and the policy of a rootless container is its user's own
// affair.
bool is_owner_without_number(uid_t uid) {
  const Result<std::string> overflow = read_kernel_value_at(AT_FDCWD, "/proc/sys/kernel/overflowuid");
  if (!overflow || parse_number<uid_t>(trim(*overflow)) != uid) {
    return false;
  }
  const Result<std::string> map = read_kernel_value_at(AT_FDCWD, "/proc/self/uid_map");
  std::vector<std::string> words;
  for (std::string& word : split(map ? trim(*map) : std::string_view(), ' ')) {
    if (!word.empty()) {
      words.push_back(std::move(word));
    }
  }
  const std::vector<std::string> everybody = {"0", "0", "4294967295"};
  return map && words != everybody;
}

Error refusal(const struct stat& st, const std::string& path, std::string_view why, std::string_view remedy) {
  const char* const kind = S_ISDIR(st.st_mode) ? "directory" : S_ISLNK(st.st_mode) ? "link" : "file";
  return {ErrorKind::kDenied,
          concat(path, ": must be a ", kind, " that only root or the caller may write to", why, "; run: ", remedy, " ", path)};
}

Status check_owner(const struct stat& st, const std::string& path) {
  if (st.st_uid == 0 || st.st_uid == ::geteuid() || is_owner_without_number(st.st_uid)) {
    return {};
  }
  return refusal(st, path, concat(", and belongs to uid ", st.st_uid), S_ISLNK(st.st_mode) ? "chown -h root:root" : "chown root:root");
}

Result<std::string> link_at(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length <= 0) {
    return Error::system(length < 0 ? errno : ENOENT, concat("readlink ", path));
  }
  target.resize(static_cast<size_t>(length));
  return target;
}

// In front of what is left to walk, in reverse.
void push_path(const std::string& path, std::vector<std::string>& left) {
  const std::vector<std::string> parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") {
      left.push_back(*part);
    }
  }
}

// Not the same as absent: somebody meant it to be there.
Error dangling(const std::string& path, const std::string& missing) {
  return Error::invalid(concat(path, ": leads by a symbolic link to ", missing, ", which is not there; put it there, or remove the link"));
}

}  // namespace

bool is_absence(const Error& error) {
  return error.err() == ENOENT || error.err() == ENOTDIR;
}

Status TrustedPaths::check(const struct stat& st, const std::string& path) {
  TRY(check_owner(st, path));
  return (st.st_mode & kOthersWrite) == 0 ? Status() : refusal(st, path, "", "chmod go-w");
}

// Of a symbolic link its target, otherwise nothing.
Result<std::string> TrustedPaths::step(const std::string& path, bool is_last) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  if (S_ISLNK(st.st_mode)) {
    TRY(check_owner(st, path));
    return link_at(path);
  }
  if (S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0 && !is_last) {
    TRY(check_owner(st, path));
    return std::string();
  }
  TRY(check(st, path));
  if (S_ISDIR(st.st_mode)) {
    good_.insert(path);
  }
  return std::string();
}

Result<std::string> TrustedPaths::resolve(const std::string& path) {
  std::string found;
  std::vector<std::string> left;
  push_path(path, left);
  if (good_.find("/") == good_.end()) {
    TRY(step("/", left.empty()));
  }
  int links = 0;
  size_t behind_link = SIZE_MAX;  // so many parts are left when no link's target is walked any more
  while (!left.empty()) {
    const std::string part = std::move(left.back());
    left.pop_back();
    if (part == "..") {
      found.resize(found.empty() ? 0 : found.rfind('/'));
      continue;
    }
    const std::string next = concat(found, "/", part);
    if (good_.find(next) == good_.end()) {
      const Result<std::string> target = step(next, left.empty());
      if (!target) {
        return left.size() >= behind_link && is_absence(target.error()) ? dangling(path, next) : target.error();
      }
      if (!target->empty()) {
        if (++links > kMaxLinks) {
          return Error::system(ELOOP, concat("resolve ", path));
        }
        behind_link = std::min(behind_link, left.size());
        found = target->front() == '/' ? "" : found;
        push_path(*target, left);
        continue;
      }
    }
    found = next;
  }
  return found.empty() ? "/" : found;
}

}  // namespace redoubt
