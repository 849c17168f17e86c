// Agent: serves the host's requests with the inner redoubt, reaps every process of the guest, tells
// exits and lack of memory.
//
// One loop, no threads: a request that takes long is a Command that runs beside it, and its reply
// follows when it is reaped.
#ifndef REDOUBT_ESCALATE_VM_GUEST_AGENT_AGENT_H_
#define REDOUBT_ESCALATE_VM_GUEST_AGENT_AGENT_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "escalate-vm/guest/agent/command.h"
#include "escalate-vm/guest/agent/container.h"
#include "escalate-vm/protocol/channel.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::agent {

class Agent : private vm::ChannelHandler {
 public:
  // `signals`: a signalfd(2) of SIGCHLD, which is blocked.
  Agent(UniqueFd port, UniqueFd signals)
      : channel_(std::move(port), *this), signals_(std::move(signals)) {}

  // Returns when the host hangs up; an error is a violation of the protocol.
  Status serve(const std::string& nonce);

 private:
  // What follows a command: a reply, without its id.
  using Finish = std::function<Result<vm::Reply>(const Command&)>;
  struct Pending {
    Command command;
    uint64_t id;
    Finish finish;
    std::function<void()> undo;  // after a failure; may be empty
  };

  Status on_message(std::string_view text) override;
  void on_stream(uint32_t /*stream*/) override {}  // the loop moves every relay anyway

  Status dispatch(const vm::Request& request);
  Status create(const vm::Request& request);
  Status exec(const vm::Request& request);
  Status start_process(const vm::Request& request,
                       std::vector<std::string> words,
                       std::function<void()> undo);
  Status signal(const vm::Request& request);
  Status update(const vm::Request& request);
  Status remove(const vm::Request& request);
  Status run(const vm::Request& request, const std::vector<std::string>& words, Finish finish);

  Result<vm::Reply> adopt(const std::string& container,
                          const std::string& session,
                          vm::WindowSize size,
                          const std::string& pid_file);
  Status reply(uint64_t id, Result<vm::Reply> result);
  Status send(const vm::Message& message);

  Status wait_for_events();
  Status reap();
  Status finish(Pending pending, int wait_status);
  Status tell_exit(pid_t pid, int wait_status);
  Status tell_oom();
  void sweep();

  vm::Channel channel_;
  UniqueFd signals_;
  std::map<pid_t, Pending> commands_;
  std::map<std::string, Container> containers_;
  // Reaped before the command that started them told their pid.
  std::map<pid_t, int> early_exits_;
  bool hung_up_ = false;
};

}  // namespace redoubt::agent

#endif  // REDOUBT_ESCALATE_VM_GUEST_AGENT_AGENT_H_
