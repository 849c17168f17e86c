// BpfCache: compiled seccomp programs on disk, found by the digest of what they were compiled from.
//
// A program from here is loaded as a security boundary, so an entry counts only when everything
// about it is right: directory and file owned by the effective user and writable by nobody else, a
// regular file of exactly the announced length, our header, the key asked for, a digest over the
// content, and the same libseccomp file (path, inode, size, time) that compiled it. Anything else
// is a miss and gets rewritten. Entries are replaced by rename, so readers never see half of one;
// more than kMaxEntries are pruned, oldest first. Used by SeccompCompiler only.
#ifndef REDOUBT_SANDBOX_BPF_CACHE_H_
#define REDOUBT_SANDBOX_BPF_CACHE_H_

#include <linux/filter.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/sha256.h"

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

  // The program stored under `key`, or nothing.
  std::optional<CachedProgram> find(const Sha256Digest& key) const;
  Status store(const Sha256Digest& key, const CachedProgram& program) const;

 private:
  explicit BpfCache(UniqueFd directory) : directory_(std::move(directory)) {}
  void prune() const;

  UniqueFd directory_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_BPF_CACHE_H_
