// Landlock: the process puts allow-lists of files and TCP ports on itself, for good and for all its
// children (landlock(7)).
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>

#include "init/child/step.h"
#include "init/child/sys.h"

namespace redoubt::init {
namespace {

// struct landlock_ruleset_attr of ABI 6; the headers of Debian 12 know its first member only. Older
// kernels take the whole of it as long as the members that they do not know are zero.
struct RulesetAttr {
  uint64_t handled_access_fs, handled_access_net, scoped;
};

constexpr long kRuleNetPort = 2;                         // LANDLOCK_RULE_NET_PORT, ABI 4
constexpr uint64_t kTruncate = uint64_t{1} << 14;        // LANDLOCK_ACCESS_FS_TRUNCATE, ABI 3
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                              LANDLOCK_ACCESS_FS_READ_FILE | kTruncate;

// A path that is not there needs no rule: nothing below it is allowed then, also if it is made
// later.
long add_path(int ruleset, const LandlockPathStep& step) {
  const long fd = sys::call(SYS_openat, AT_FDCWD, sys::arg(step.path), O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES ? 0 : fd;
  }
  landlock_path_beneath_attr rule{step.access, static_cast<int>(fd)};
  long err =
      sys::call(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, sys::arg(&rule), 0);
  if (err == -EINVAL) {  // no directory, which has nothing to list either
    rule.allowed_access = step.access & kOfFiles;
    err = rule.allowed_access == 0
              ? 0
              : sys::call(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, sys::arg(&rule), 0);
  }
  sys::close(static_cast<int>(fd));
  return err;
}

StepStatus fill(const LandlockProgram& landlock, int ruleset) {
  for (const LandlockPathStep& step : landlock.paths) {
    const long err = add_path(ruleset, step);
    if (err < 0) {
      return {static_cast<int>(-err), step.path};
    }
  }
  for (const LandlockPortStep& step : landlock.ports) {
    const long err = sys::call(SYS_landlock_add_rule, ruleset, kRuleNetPort, sys::arg(&step), 0);
    if (err < 0) {
      return {static_cast<int>(-err), "Landlock rule of a port"};
    }
  }
  return kOk;
}

}  // namespace

StepStatus restrict_with_landlock(const InitProgram& program, Context& context) {
  (void)context;
  const LandlockProgram& landlock = program.process.landlock;
  if ((landlock.handled_fs | landlock.handled_net | landlock.scoped) == 0) {
    return kOk;
  }
  const RulesetAttr attr{landlock.handled_fs, landlock.handled_net, landlock.scoped};
  const long ruleset = sys::call(SYS_landlock_create_ruleset, sys::arg(&attr), sizeof attr, 0);
  if (ruleset < 0) {
    return {static_cast<int>(-ruleset), "landlock_create_ruleset"};
  }
  const StepStatus filled = fill(landlock, static_cast<int>(ruleset));
  if (filled.err != 0) {
    return filled;
  }
  const long err = sys::call(SYS_landlock_restrict_self, ruleset, 0);
  sys::close(static_cast<int>(ruleset));
  return err < 0 ? StepStatus{static_cast<int>(-err), "landlock_restrict_self"} : kOk;
}

}  // namespace redoubt::init
