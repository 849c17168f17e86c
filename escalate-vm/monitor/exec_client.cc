#include "escalate-vm/monitor/exec_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/exec_packet.h"
#include "escalate-vm/monitor/monitor.h"
#include "escalate-vm/monitor/system_calls.h"

namespace redoubt::vm {
namespace {

Result<UniqueFd> connect_to_monitor() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = concat("/", kExecSocket);
  ::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::system(errno, "connect to the monitor of the machine");
  }
  return socket;
}

void pass_signals(int signals, int socket) {
  signalfd_siginfo info{};
  while (::read(signals, &info, sizeof info) == sizeof info) {
    const auto signal = static_cast<int>(info.ssi_signo);
    const ExecPacket packet{signal == SIGWINCH ? ExecWord::kResize : ExecWord::kSignal, signal};
    if (signal != SIGCHLD) {
      ignore(send_exec_packet(socket, packet), "the end of the connection is noticed by its reader");
    }
  }
}

}  // namespace

Result<int> run_exec(UniqueFd task, RuntimeChannel& runtime) {
  TRY_ASSIGN(const UniqueFd signals, take_signals());
  TRY_ASSIGN(const UniqueFd socket, connect_to_monitor());
  TRY(send_exec_packet(socket.get(), {ExecWord::kExec}, {task.get(), 0, 1, 2}));
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
    TRY_ASSIGN(const std::optional<ReceivedExecPacket> received, receive_exec_packet(socket.get()));
    if (!received) {
      return Error(ErrorKind::kSystem, "the machine ended");
    }
    switch (received->packet.word) {
      case ExecWord::kStarted:
        runtime.done();
        break;
      case ExecWord::kExited:
        return received->packet.value;
      case ExecWord::kFailed:
        return Error(ErrorKind::kSystem, received->packet.text);
      default:
        return Error::internal("unexpected packet of the monitor");
    }
  }
}

}  // namespace redoubt::vm
