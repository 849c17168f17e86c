// NotifySocket: the sd_notify(3) proxy between a container and the service manager of its runtime.
//
// When NOTIFY_SOCKET is set, the container gets <root>/<id>/notify at /run/notify and its own
// NOTIFY_SOCKET in it. Of what arrives there only a READY= line is believed; the proxy then sends
// READY=, MAINPID= and a barrier to the manager. Everything else (STATUS=, FDSTORE=, MAINPID= of
// the container's choice) ends here. `create` makes the directory, `start` and `run` bind and wait.
#ifndef REDOUBT_LAUNCH_NOTIFY_SOCKET_H_
#define REDOUBT_LAUNCH_NOTIFY_SOCKET_H_

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::launch {

inline constexpr const char* kNotifyDirectory = "notify";        // below <root>/<id>
inline constexpr const char* kNotifyMountPoint = "/run/notify";  // in the container
inline constexpr const char* kNotifyEnvironment = "NOTIFY_SOCKET=/run/notify/notify.sock";

// <root>/<id>/notify, 0755; the container's root must be able to pass through it.
Status make_notify_directory(int container_dir_fd);

class NotifySocket {
 public:
  // Binds notify/notify.sock (0777) below the container's state directory. `host_address`: the
  // value of NOTIFY_SOCKET, a path or "@name".
  static Result<NotifySocket> bind(int container_dir_fd, std::string host_address);

  int fd() const { return socket_.get(); }

  // Reads what is there, without blocking. True once READY= has been passed on (with MAINPID= when
  // main_pid > 0); no more need be read then.
  Result<bool> forward(pid_t main_pid) const;

  // forward() until READY= or the process behind `pidfd` has gone, then the barrier: returns when
  // the manager has read everything, at most 30 s later, so that the caller may exit.
  Status wait_ready(int pidfd, pid_t main_pid) const;

 private:
  NotifySocket(UniqueFd socket, std::string host_address)
      : socket_(std::move(socket)), host_address_(std::move(host_address)) {}

  UniqueFd socket_;
  std::string host_address_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_NOTIFY_SOCKET_H_
