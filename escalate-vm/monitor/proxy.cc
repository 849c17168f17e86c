#include "escalate-vm/monitor/proxy.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/host/monitor_packet.h"

namespace redoubt::vm {

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
    const MonitorPacket packet{signal == SIGWINCH ? MonitorWord::kResize : MonitorWord::kSignal, signal};
    if (signal != SIGCHLD) {
      ignore(send_monitor_packet(socket, packet), "the end of the connection is noticed by its reader");
    }
  }
}

}  // namespace redoubt::vm
