// Unix sockets given by the user (--console-socket, --pidfd-socket, seccomp listenerPath): connect
// to them and hand a descriptor over by SCM_RIGHTS. Paths beyond the 108 bytes of sockaddr_un work;
// a leading '@' names an abstract socket, as in Go. Neither call waits longer than ten seconds for
// a peer that does not answer. Used by create, run, exec and restore.
#ifndef REDOUBT_LAUNCH_CONSOLE_SOCKET_H_
#define REDOUBT_LAUNCH_CONSOLE_SOCKET_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::launch {

// `what` starts the error: "--console-socket".
Result<UniqueFd> connect_unix(const std::string& path, std::string_view what);

// One message: the payload (never empty) with one descriptor.
Status send_descriptor(int socket_fd, int fd, std::string_view payload, std::string_view what);

// The pty master, payload = the pty's name, over a connected console socket.
Status send_console(int socket_fd, int master_fd);

// Which process a pidfd belongs to.
enum class PidfdKind { kInit, kExec };  // payload "standard", "setns"

// Connects to --pidfd-socket and hands the pidfd over.
Status send_pidfd(const std::string& path, int pidfd, PidfdKind kind);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_CONSOLE_SOCKET_H_
