// Monitor: the first process of a container on the host, when the container is in a machine. It starts
// the machine, has the guest create and start the container, moves the stdio of its processes, serves
// exec, and ends as the container's first process ended.
//
// It is process 1 of the pid namespace of VMM and virtiofsd: SIGKILL to it, from whomever, ends all. The
// guest is not trusted: what it says is bounded and typed (protocol/), and can do no more than end its
// own machine. Nor can it do so by silence: the time that it may take for an answer is limited.
#ifndef REDOUBT_ESCALATE_VM_MONITOR_MONITOR_H_
#define REDOUBT_ESCALATE_VM_MONITOR_MONITOR_H_

#include <sys/signalfd.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "escalate-vm/host/monitor_packet.h"
#include "escalate-vm/host/task.h"
#include "escalate-vm/monitor/network.h"
#include "escalate-vm/monitor/oom_echo.h"
#include "escalate-vm/monitor/run_clock.h"
#include "escalate-vm/monitor/runtime_channel.h"
#include "escalate-vm/monitor/session.h"
#include "escalate-vm/monitor/vmm.h"
#include "escalate-vm/protocol/channel.h"
#include "escalate-vm/protocol/message.h"

namespace redoubt::vm {

class Monitor : public ChannelHandler {
 public:
  // fifo: exec.fifo, on which `start` writes; invalid: the container is started at once (run).
  Monitor(MachineTask task, RuntimeChannel runtime, UniqueFd fifo);

  // Until the container's first process has ended: its status, or kFailedStatus when the runtime was told
  // why there is no container. An error: there is none any more, and nobody else was told.
  Result<int> run();

  Status on_message(std::string_view text) override;
  void on_stream(uint32_t stream) override;

 private:
  using Continuation = std::function<Status(const Reply&)>;

  // A request that the guest has not answered. After the deadline it is answered for it, by an error; its
  // own answer may still come.
  struct Pending {
    Continuation then;
    int64_t deadline = 0;  // of clock_
    bool late = false;
  };

  // Whoever is connected to exec.sock. One of exec has a process, a member is a container of the pod whose
  // sandbox we are; the connection may be gone before the process is, and the other way round.
  struct Client {
    uint64_t number = 0;
    UniqueFd connection;
    std::optional<Session> session;
    bool reported = false;
    std::string container;  // of the session, or the one that is watched
    bool is_member = false;
    bool is_made = false;   // a member that the guest has and is not asked to remove
    bool watches = false;
  };

  // ---- the container's life, in order -------------------------------------------------------------
  Status boot();
  Status on_hello(const Hello& hello);
  Status on_set_up();
  Status create();
  Status on_created();
  Status start();
  Status start_process();

  // ---- the loop --------------------------------------------------------------------------------------
  Result<std::optional<int>> turn();
  std::vector<pollfd> wishes() const;
  Status serve(const std::vector<pollfd>& ready);
  std::optional<int> result();
  Status on_signal();
  Status check_children();
  void read_output();
  Error ended(std::string_view what) const;
  Error ended_by(std::string_view who, int wait_status);

  // ---- whether the guest answers (watchdog.cc) ---------------------------------------------------------
  int tick_ms() const;
  Status watch();
  Status answer_late_ones();

  Status ask(Request request, Continuation then);
  Status require(Request request, std::function<Status()> then);
  Status on_reply(const Reply& reply);
  Status on_exit(const ExitEvent& event);
  void send_signal(const std::string& container, const std::string& session, int signal);
  void send_size(const std::string& container, const Session& session);

  // ---- exec.sock (monitor_clients.cc) ----------------------------------------------------------------
  Status listen_for_clients();
  void accept_client();
  void on_packet(Client& client);
  Status begin(Client& client, ReceivedMonitorPacket received);
  Status begin_exec(Client& client, std::vector<UniqueFd> fds);
  Status pass_on(Client& client, const std::vector<UniqueFd>& fds);
  void tell_oom(const OomEvent& event);
  void report_exits();
  void report_exit(Client& client, int status);
  Client* find_client(uint64_t number);

  void answer_start(Client& client, const Reply& reply);

  // ---- a pod (monitor_members.cc) --------------------------------------------------------------------
  bool knows(const std::string& container) const;
  Status begin_member(Client& client, std::vector<UniqueFd> fds);
  Status start_member(const Client& client);
  void remove_container(const std::string& container, Continuation then);
  void remove_member(const Client& client, int status);

  Session* find_session(const std::string& container, const std::string& name);

  MachineTask task_;
  RuntimeChannel runtime_;
  UniqueFd fifo_, signals_, listener_;
  std::string nonce_;
  std::string host_name_;
  MachineNetwork network_;
  Machine machine_;
  std::unique_ptr<Channel> channel_;
  std::string output_;  // the end of what VMM and virtiofsd said
  RunClock clock_;
  int64_t next_ping_ = 0;  // of clock_
  bool up_ = false;       // the guest said hello
  bool created_ = false;
  bool started_ = false;
  bool oom_ = false;  // the guest's kernel killed in the container for want of memory
  OomEcho oom_echo_;
  uint64_t next_id_ = 1;
  uint32_t next_stream_ = 1;
  uint64_t next_client_ = 1;
  std::map<uint64_t, Pending> pending_;
  std::optional<Session> first_;
  std::list<Client> clients_;
  // Members that the guest made when nobody waited for them any more, until they have ended.
  std::set<std::string> given_up_;
};

// The policy that the guest's redoubt is to read as its node's, for the container of the task.
std::optional<Policy> policy_of(const MachineTask& task);

// Blocks all signals; a descriptor that they are read from (signalfd(2)).
Result<UniqueFd> take_signals();

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_MONITOR_MONITOR_H_
