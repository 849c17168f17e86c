#include "escalate-vm/monitor/exec_client.h"

#include <errno.h>
#include <poll.h>

#include "escalate-vm/host/monitor_packet.h"
#include "escalate-vm/monitor/monitor.h"
#include "escalate-vm/monitor/proxy.h"
#include "escalate-vm/monitor/system_calls.h"

namespace redoubt::vm {
Result<int> run_exec(UniqueFd task, RuntimeChannel& runtime) {
  TRY_ASSIGN(const UniqueFd signals, take_signals());
  TRY_ASSIGN(const UniqueFd socket, connect_to_monitor());
  TRY(send_monitor_packet(socket.get(), {MonitorWord::kExec}, {task.get(), 0, 1, 2}));
  task.reset();
  TRY(restrict_monitor());
  for (;;) {
    pollfd polls[] = {{socket.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    if (::poll(polls, 2, -1) < 0 && errno != EINTR) {
      return Error::system(errno, "poll");
    }
    if (polls[1].revents != 0) {
      pass_signals(signals.get(), socket.get());
    }
    if (polls[0].revents == 0) {
      continue;
    }
    TRY_ASSIGN(const std::optional<ReceivedMonitorPacket> received, receive_monitor_packet(socket.get()));
    if (!received) {
      return Error(ErrorKind::kSystem, "the machine ended");
    }
    switch (received->packet.word) {
      case MonitorWord::kStarted:
        runtime.done();
        break;
      case MonitorWord::kExited:
        return received->packet.value;
      case MonitorWord::kFailed:
        return Error(ErrorKind::kSystem, received->packet.text);
      default:
        return Error::internal("unexpected packet of the monitor");
    }
  }
}

}  // namespace redoubt::vm
