// The help texts, made from the tables of flags and verbs: `redoubt --help`, `redoubt kill --help`.
//
// The heads are runc's (`NAME:`, `   <program> <verb> - ...`), since tools look for them. Every
// option stands on a line of its own that starts with three blanks and two dashes;
// tests/style/man_matches_help reads them.
#ifndef REDOUBT_CLI_HELP_H_
#define REDOUBT_CLI_HELP_H_

#include <string>
#include <string_view>

#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

std::string root_help(std::string_view program);
std::string verb_help(std::string_view program, const Verb& verb);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_HELP_H_
