#include "escalate-vm/monitor/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::vm {
namespace {

// Headers of Debian 12 end at ABI 2. Renames between directories are refused before it (REFER).
constexpr int kLeastAbi = 2;
constexpr int kAbiTruncate = 3;
constexpr int kAbiNet = 4;
constexpr int kAbiScopes = 6;
constexpr uint64_t kTruncate = uint64_t{1} << 14;
constexpr uint64_t kEveryTcp = 3;    // bind, connect
constexpr uint64_t kEveryScope = 3;  // abstract sockets, signals
constexpr uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kOfAbi2 = (uint64_t{1} << 14) - 1;
// What a rule for a file, not a directory, may have.
constexpr uint64_t kOfFiles =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

struct Ruleset {
  uint64_t files, net, scopes;
};

uint64_t access_of(TreeUse use) {
  switch (use) {
    case TreeUse::kRead:
      return kRead;
    case TreeUse::kWrite:
      return kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;
    case TreeUse::kAll:
      return ~uint64_t{0};
  }
  return 0;
}

size_t size_for(int abi) {
  return abi < kAbiNet ? sizeof(uint64_t) : abi < kAbiScopes ? 2 * sizeof(uint64_t) : sizeof(Ruleset);
}

Status add_tree(int ruleset, const Tree& tree, uint64_t handled) {
  const UniqueFd fd(::open(tree.path, O_PATH | O_CLOEXEC));
  struct stat st {};
  if (!fd.valid() || ::fstat(fd.get(), &st) != 0) {
    return errno == ENOENT ? Status() : Status(Error::system(errno, tree.path));
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access_of(tree.use) & handled & (S_ISDIR(st.st_mode) ? ~uint64_t{0} : kOfFiles);
  rule.parent_fd = fd.get();
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
             ? Status()
             : Status(Error::system(errno, concat("landlock_add_rule for ", tree.path)));
}

}  // namespace

Status restrict_to_trees(const std::vector<Tree>& trees) {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < kLeastAbi) {
    return {};
  }
  const Ruleset handled{kOfAbi2 | (abi >= kAbiTruncate ? kTruncate : 0), kEveryTcp, kEveryScope};
  const UniqueFd ruleset(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, size_for(static_cast<int>(abi)), 0)));
  if (!ruleset.valid()) {
    return Error::system(errno, "landlock_create_ruleset");
  }
  for (const Tree& tree : trees) {
    TRY(add_tree(ruleset.get(), tree, handled.files));
  }
  return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0
             ? Status()
             : Status(Error::system(errno, "landlock_restrict_self"));
}

}  // namespace redoubt::vm
