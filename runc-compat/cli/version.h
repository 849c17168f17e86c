// What this program is: for --version, the help and `features`. Works without /proc, privilege or
// cgroups.
#ifndef REDOUBT_CLI_VERSION_H_
#define REDOUBT_CLI_VERSION_H_

#include <string>
#include <string_view>

namespace redoubt::cli {

std::string_view version_number();  // "0.1.0"
std::string_view commit_id();       // empty when it was not known at build time

// runc's lines: "<program> version X", "commit: C", "spec: 1.3.0", "libseccomp: a.b.c". go-runc
// looks for "runc version " at the start and docker for "version" and "commit:", so `program` is
// the name that we were called by.
std::string version_text(std::string_view program);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_VERSION_H_
