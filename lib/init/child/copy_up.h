// tmpcopyup: the content of the directory that a tmpfs covers is copied into it, with modes and
// owners, links and device nodes.
#ifndef REDOUBT_INIT_CHILD_COPY_UP_H_
#define REDOUBT_INIT_CHILD_COPY_UP_H_

namespace redoubt::init {

// Copies everything below `source_fd` (O_PATH directory) into `target_fd` (root of the detached
// tmpfs). 0 or -errno.
long copy_up(int source_fd, int target_fd);

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_CHILD_COPY_UP_H_
