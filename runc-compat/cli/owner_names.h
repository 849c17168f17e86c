// User names for `list`, read from /etc/passwd directly: the C library's lookup loads modules and
// may ask the network, for a column.
#ifndef REDOUBT_CLI_OWNER_NAMES_H_
#define REDOUBT_CLI_OWNER_NAMES_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>

namespace redoubt::cli {

// First name of each uid in the text of a passwd(5) file; lines that are none are skipped.
std::map<uid_t, std::string> parse_passwd(std::string_view text);

class OwnerNames {
 public:
  // The user's name, "#uid" for one without. The file is read at the first call.
  std::string name_of(uid_t uid);

 private:
  bool loaded_ = false;
  std::map<uid_t, std::string> names_;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_OWNER_NAMES_H_
