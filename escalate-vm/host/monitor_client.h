// MonitorClient: a verb of the runtime on the host that has something to ask of a container's machine.
// The answer is the guest's and not trusted: bounded and typed by protocol/, and waited for no longer
// than kAnswerMs.
#ifndef REDOUBT_ESCALATE_VM_HOST_MONITOR_CLIENT_H_
#define REDOUBT_ESCALATE_VM_HOST_MONITOR_CLIENT_H_

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/protocol/message.h"
#include "escalate-vm/protocol/request.h"

namespace redoubt::vm {

class MonitorClient {
 public:
  // container_dir: the state directory of the container whose machine it is.
  static Result<MonitorClient> connect(int container_dir);

  // The guest's reply; its refusal is an error in its words.
  Result<Reply> ask(const Request& request);

  // From here on the connection says what happens; the monitor of a frozen machine begins when it runs again.
  Status watch(const std::string& container);
  // Until it has begun.
  Status await_watching();
  int fd() const { return socket_.get(); }
  // It is readable: whether the guest has killed for want of memory; nothing: the machine is gone.
  Result<std::optional<bool>> read_oom();

 private:
  explicit MonitorClient(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_HOST_MONITOR_CLIENT_H_
