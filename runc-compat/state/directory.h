// Directories of the state store: made, opened and removed by descriptor, never through somebody
// else's symbolic link or mount. ContainerDir and StateRoot are the only users.
#ifndef REDOUBT_STATE_DIRECTORY_H_
#define REDOUBT_STATE_DIRECTORY_H_

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::state {

// Ours or root's; otherwise "owned by uid N, refusing".
Status check_owner(const struct stat& st);

// mkdir -p with mode 0700. An existing root is left as it is.
Status make_root(const std::string& root);

struct OpenRoot {
  UniqueFd fd;
  bool others_may_write = false;
};

// Opens the state root. It must be a directory of ours that nobody else may write (unless sticky,
// as /tmp).
Result<OpenRoot> open_root(const std::string& root);

// Opens the directory `name` of the open state root, which must be no symbolic link. In a root that
// others may write to (sticky) it must be ours, because anybody could have put it there. `path` is
// for messages.
Result<UniqueFd> open_container_directory(const OpenRoot& root,
                                          const std::string& name,
                                          const std::string& path);

// Names of the directories in a directory, in no order.
Result<std::vector<std::string>> list_directories(int dir_fd, const std::string& path);

// Removes `name` of dir_fd, whatever it is, with everything below; `last` is removed last, so that
// an interrupted removal can be recognised and repeated. Mounts are detached and never entered.
// What does not exist is no error.
Status remove_tree(int dir_fd,
                   const std::string& name,
                   const std::string& path,
                   std::string_view last);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_DIRECTORY_H_
