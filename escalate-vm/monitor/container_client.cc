#include "escalate-vm/monitor/container_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "escalate-vm/host/monitor_packet.h"
#include "escalate-vm/monitor/monitor.h"
#include "escalate-vm/monitor/oom_echo.h"
#include "escalate-vm/monitor/proxy.h"
#include "escalate-vm/monitor/system_calls.h"

namespace redoubt::vm {
namespace {

constexpr int kKilledStatus = 128 + SIGKILL;

class ContainerClient {
 public:
  ContainerClient(UniqueFd socket, UniqueFd signals, UniqueFd fifo, RuntimeChannel& runtime, OomEcho oom_echo)
      : socket_(std::move(socket)),
        signals_(std::move(signals)),
        fifo_(std::move(fifo)),
        runtime_(runtime),
        oom_echo_(std::move(oom_echo)) {}

  // Nothing: it goes on.
  Result<std::optional<int>> turn() {
    const bool waits = created_ && !asked_;
    pollfd polls[] = {{socket_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}, {waits ? fifo_.get() : -1, POLLIN, 0}};
    if (::poll(polls, 3, -1) < 0 && errno != EINTR) {
      return Error::system(errno, "poll");
    }
    if (polls[1].revents != 0) {
      pass_signals(signals_.get(), socket_.get());
    }
    char byte = 0;
    if (polls[2].revents != 0 && ::read(fifo_.get(), &byte, 1) == 1) {
      TRY(ask_to_start());
    }
    return polls[0].revents != 0 ? on_packet() : std::optional<int>();
  }

 private:
  Status ask_to_start() {
    asked_ = true;
    return send_monitor_packet(socket_.get(), {MonitorWord::kStart});
  }

  Result<std::optional<int>> on_packet() {
    TRY_ASSIGN(const std::optional<ReceivedMonitorPacket> received, receive_monitor_packet(socket_.get()));
    if (!received && created_ && !runtime_.is_open()) {
      return std::optional<int>(kKilledStatus);  // with its machine
    }
    if (!received) {
      return Error(ErrorKind::kSystem, "the machine of the pod ended");
    }
    switch (received->packet.word) {
      case MonitorWord::kStarted:
        TRY(on_step());
        return std::optional<int>();
      case MonitorWord::kOom:
        oom_ = true;
        return std::optional<int>();
      case MonitorWord::kExited:
        if (oom_) {
          oom_echo_.repeat();
        }
        return std::optional<int>(received->packet.value);
      case MonitorWord::kFailed:
        return Error(ErrorKind::kSystem, received->packet.text);
      default:
        return Error::internal("unexpected packet of the monitor");
    }
  }

  // The container was created, then started.
  Status on_step() {
    const bool was_created = created_;
    created_ = true;
    if (!was_created && !fifo_.valid()) {
      return ask_to_start();
    }
    if (runtime_.is_open()) {
      runtime_.done();
    }
    if (was_created) {
      fifo_.reset();  // `start` waits for its end when poststart hooks are to follow
    }
    return {};
  }

  UniqueFd socket_, signals_, fifo_;
  RuntimeChannel& runtime_;
  OomEcho oom_echo_;
  bool oom_ = false;
  bool created_ = false;
  bool asked_ = false;
};

}  // namespace

Result<int> run_container(UniqueFd task, UniqueFd fifo, RuntimeChannel& runtime) {
  TRY_ASSIGN(OomEcho oom_echo, OomEcho::prepare(runtime.take_memory_limit(), OomEcho::Victim::kSelf));
  TRY_ASSIGN(UniqueFd signals, take_signals());
  TRY_ASSIGN(UniqueFd socket, connect_to_monitor());
  TRY(send_monitor_packet(socket.get(), {MonitorWord::kContainer}, {task.get(), 0, 1, 2}));
  task.reset();
  TRY(restrict_monitor());
  ContainerClient client(std::move(socket), std::move(signals), std::move(fifo), runtime, std::move(oom_echo));
  for (;;) {
    TRY_ASSIGN(const std::optional<int> status, client.turn());
    if (status) {
      return *status;
    }
  }
}

}  // namespace redoubt::vm
