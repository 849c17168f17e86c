// Who holds a flock(2), from the text of /proc/locks: for the message when a lock is not to be had.
#ifndef REDOUBT_STATE_LOCK_HOLDER_H_
#define REDOUBT_STATE_LOCK_HOLDER_H_

#include <sys/types.h>

#include <string_view>

namespace redoubt::state {

// 0 when no such lock is listed, or its holder is not visible in this pid namespace.
pid_t find_flock_holder(std::string_view locks, dev_t device, ino_t inode);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_LOCK_HOLDER_H_
