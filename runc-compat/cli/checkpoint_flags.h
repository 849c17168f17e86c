// The flags that checkpoint and restore have in common.
#ifndef REDOUBT_CLI_CHECKPOINT_FLAGS_H_
#define REDOUBT_CLI_CHECKPOINT_FLAGS_H_

#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

inline constexpr Flag kWorkPathFlag = {
    .name = "work-path", .placeholder = "DIR", .help = "directory for work files and logs"};
inline constexpr Flag kTcpEstablishedFlag = {
    .name = "tcp-established", .kind = FlagKind::kBool, .help = "allow open TCP connections"};
inline constexpr Flag kExtUnixSkFlag = {
    .name = "ext-unix-sk", .kind = FlagKind::kBool, .help = "allow unix sockets that lead outside"};
inline constexpr Flag kShellJobFlag = {
    .name = "shell-job", .kind = FlagKind::kBool, .help = "allow processes of a shell job"};
inline constexpr Flag kFileLocksFlag = {
    .name = "file-locks", .kind = FlagKind::kBool, .help = "allow file locks"};
inline constexpr Flag kManageCgroupsModeFlag = {.name = "manage-cgroups-mode",
                                                .placeholder = "MODE",
                                                .default_text = "soft",
                                                .help = "cgroups: soft, full, strict or ignore"};
inline constexpr Flag kEmptyNsFlag = {.name = "empty-ns",
                                      .kind = FlagKind::kStringList,
                                      .placeholder = "TYPE",
                                      .help =
                                          "restore a namespace of TYPE (network) without its "
                                          "properties; may be repeated"};
inline constexpr Flag kAutoDedupFlag = {.name = "auto-dedup",
                                        .kind = FlagKind::kBool,
                                        .help = "drop duplicate memory pages from the images"};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_CHECKPOINT_FLAGS_H_
