// InitChannel: the parent's end of lib/init/protocol.h.
#ifndef REDOUBT_LAUNCH_INIT_CHANNEL_H_
#define REDOUBT_LAUNCH_INIT_CHANNEL_H_

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "init/protocol.h"

namespace redoubt::launch {

// One message of init, checked: the item is terminated, step and word are known values.
struct InitMessage {
  init::SyncMessage body;
  UniqueFd descriptor;  // kConsole: the pty master
};

class InitChannel {
 public:
  static Result<InitChannel> create();

  int child_fd() const { return child_end_.get(); }
  // After the clone: only the child holds its end, so that its death is an end of file here.
  void close_child_end() { child_end_.reset(); }

  // Nothing: end of file, init is gone.
  Result<std::optional<InitMessage>> receive();
  // Answers with kProceed. An init that is gone is reported by the next receive(), not here.
  void proceed(int value);
  // The same with a descriptor; -1: none.
  void hand_over(int value, int fd);

 private:
  UniqueFd parent_end_, child_end_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_INIT_CHANNEL_H_
