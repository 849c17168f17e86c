// The flags that create, run and restore have in common, and the options that they fill.
#ifndef REDOUBT_CLI_CREATE_FLAGS_H_
#define REDOUBT_CLI_CREATE_FLAGS_H_

#include <string>

#include "base/result.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verb.h"
#include "runc-compat/launch/launch.h"

namespace redoubt::cli {

inline constexpr Flag kBundleFlag = {
    .name = "bundle",
    .short_name = "b",
    .placeholder = "DIR",
    .help = "the bundle: the directory with config.json (default: the current directory)"};
inline constexpr Flag kConsoleSocketFlag = {
    .name = "console-socket",
    .placeholder = "SOCKET",
    .help = "unix socket that is sent the master end of the container's terminal"};
inline constexpr Flag kPidfdSocketFlag = {
    .name = "pidfd-socket",
    .placeholder = "SOCKET",
    .help = "unix socket that is sent a pidfd of the new process"};
inline constexpr Flag kPidFileFlag = {.name = "pid-file",
                                      .placeholder = "FILE",
                                      .help = "write the process id to FILE, without a newline"};
inline constexpr Flag kNoPivotFlag = {
    .name = "no-pivot",
    .kind = FlagKind::kBool,
    .help = "use chroot in place of pivot_root: weaker, only for a rootfs on the initial ramdisk"};
inline constexpr Flag kNoNewKeyringFlag = {
    .name = "no-new-keyring",
    .kind = FlagKind::kBool,
    .help = "keep the caller's session keyring instead of making one for the container"};
inline constexpr Flag kPreserveFdsFlag = {
    .name = "preserve-fds",
    .kind = FlagKind::kUint,
    .placeholder = "N",
    .default_text = "0",
    .help = "pass N more descriptors on, after 0 to 2 and those of $LISTEN_FDS"};
inline constexpr Flag kDetachFlag = {.name = "detach",
                                     .short_name = "d",
                                     .kind = FlagKind::kBool,
                                     .help = "return once the process has started"};
inline constexpr Flag kNoSubreaperFlag = {
    .name = "no-subreaper",
    .kind = FlagKind::kBool,
    .help = "do not adopt the container's orphaned processes"};

// "FILE" of the caller's working directory as an absolute path, before anybody changes it. Empty
// stays empty.
Result<std::string> absolute_argument(const std::string& path);

// --preserve-fds as an int; more than a process can have is an error.
Result<int> preserved_descriptors(const Arguments& arguments);

// The options that create and run share.
Result<launch::CreateOptions> create_options(const Globals& globals, const Arguments& arguments);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_CREATE_FLAGS_H_
