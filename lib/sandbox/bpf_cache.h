// BpfCache: compiled seccomp programs on disk, found by what they were compiled from.
//
// A program from here is loaded as a security boundary, so an entry counts only when everything
// about it is right: directory and file owned by the effective user and writable by nobody else, a
// regular file of exactly the announced length, our header, the same source byte by byte, a
// checksum over all of it, and the same libseccomp file (path, inode, size, time) that compiled it.
// Anything else is a miss and gets rewritten. The hash in a file's name only finds it: two sources
// that share one take each other's place and are never taken for each other. Entries are replaced
// by rename, so readers never see half of one; more than kMaxEntries are pruned, oldest first. Used
// by SeccompCompiler only.
#ifndef REDOUBT_SANDBOX_BPF_CACHE_H_
#define REDOUBT_SANDBOX_BPF_CACHE_H_

#include <linux/filter.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

struct CachedProgram {
  std::vector<sock_filter> filter;
  std::vector<std::string> unknown_syscalls;
  std::string library;  // path of the libseccomp that compiled it
};

class BpfCache {
 public:
  static constexpr size_t kMaxEntries = 128;

  // Opens `directory`, making it (0700) when missing; its parent must exist.
  static Result<BpfCache> open(const std::string& directory);

  // The program that was compiled from `source`, or nothing. `source` is any text, of at most 1 MiB.
  std::optional<CachedProgram> find(std::string_view source) const;
  Status store(std::string_view source, const CachedProgram& program) const;

  // Its file in the directory.
  static std::string file_name(std::string_view source);

 private:
  explicit BpfCache(UniqueFd directory) : directory_(std::move(directory)) {}
  void prune() const;

  UniqueFd directory_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_BPF_CACHE_H_
