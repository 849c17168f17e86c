// Lexical path work: no file system access, so that resolving stays pure.
//
// The words of config.json are tidied here; that a path stays inside the container at run time is
// sandbox/rooted_path's job.
#ifndef REDOUBT_PLAN_LEXICAL_PATH_H_
#define REDOUBT_PLAN_LEXICAL_PATH_H_

#include <string>
#include <string_view>

namespace redoubt::plan {

// An absolute path without ".", "..", empty components or a trailing slash: "a/../b//c/" -> "/b/c".
// ".." at the top stays at the top, as in a root directory.
std::string clean_absolute(std::string_view path);

// `path` when it is absolute, otherwise `directory`/`path`; cleaned.
std::string absolute_from(std::string_view directory, std::string_view path);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_LEXICAL_PATH_H_
