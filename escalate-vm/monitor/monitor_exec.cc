// The monitor's half of exec: exec.sock, a session for each connection.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/monitor.h"

namespace redoubt::vm {
namespace {

constexpr size_t kExecDescriptors = 4;  // task, 0, 1, 2
constexpr size_t kMaxExecs = 1024;

}  // namespace

Status Monitor::listen_for_exec() {
  exec_listener_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = concat("/", kExecSocket);
  ::memcpy(address.sun_path, path.data(), path.size());
  if (::bind(exec_listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(exec_listener_.get(), SOMAXCONN) != 0) {
    return Error::system(errno, "exec.sock");
  }
  return {};
}

void Monitor::accept_exec() {
  UniqueFd connection(::accept4(exec_listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection.valid() && execs_.size() < kMaxExecs) {
    execs_.push_back({std::move(connection), std::nullopt});
  }
}

void Monitor::on_exec_packet(Exec& exec) {
  Result<std::optional<ReceivedExecPacket>> received = receive_exec_packet(exec.connection.get());
  if (!received || !*received) {
    // Whoever waited for it was killed, and its process with it.
    if (exec.session && !exec.session->exited()) {
      send_signal(exec.session->name(), SIGKILL);
    }
    exec.connection.reset();
    return;
  }
  const ExecPacket& packet = (*received)->packet;
  if (packet.word == ExecWord::kExec && !exec.session) {
    const Status begun = begin_exec(exec, std::move((*received)->fds));
    if (!begun) {
      ignore(send_exec_packet(exec.connection.get(), exec_failure(begun.error().message())), "it is gone");
      exec.connection.reset();
    }
  } else if (packet.word == ExecWord::kSignal && exec.session) {
    send_signal(exec.session->name(), packet.value);
  } else if (packet.word == ExecWord::kResize && exec.session) {
    send_size(*exec.session);
  }
}

Status Monitor::begin_exec(Exec& exec, std::vector<UniqueFd> fds) {
  if (fds.size() != kExecDescriptors) {
    return Error::invalid("exec.sock: a packet of another format");
  }
  if (!created_) {
    return Error::state("cannot exec in a container that is being created");
  }
  TRY_ASSIGN(ExecTask task, read_exec_task(fds[0].get()));
  fds.erase(fds.begin());
  TRY_ASSIGN(exec.session,
             Session::open(*channel_, concat("e", next_session_++), next_stream_, std::move(fds), task.terminal));
  next_stream_ += Session::kStreams;
  Request request;
  request.op = Op::kExec;
  request.container = task_.id;
  request.session = exec.session->name();
  request.document = std::move(task.process);
  request.stdio = exec.session->stdio();
  const std::string name = exec.session->name();
  return ask(std::move(request), [this, name](const Reply& reply) {
    for (Exec& one : execs_) {
      if (one.session && one.session->name() == name) {
        if (!reply.error && (one.reported || !one.connection.valid())) {
          send_signal(name, SIGKILL);  // too late: nobody waits for it any more
        }
        if (one.reported) {
          continue;
        }
        const ExecPacket answer = reply.error ? exec_failure(*reply.error) : ExecPacket{ExecWord::kStarted};
        ignore(send_exec_packet(one.connection.get(), answer), "it is gone");
        one.reported = reply.error.has_value();
        one.session->set_made();
        if (reply.error) {
          one.session->set_exit(255, now_ms());
        }
      }
    }
    return Status();
  });
}

// The status goes to whoever waits for it; the flows stay until the last writer in the guest is gone.
void Monitor::report_exits() {
  for (Exec& exec : execs_) {
    const std::optional<int> status = exec.session ? exec.session->finished(*channel_, now_ms()) : std::nullopt;
    if (status && !exec.reported) {
      exec.reported = true;
      ignore(send_exec_packet(exec.connection.get(), {ExecWord::kExited, *status}), "it is gone");
    }
  }
  execs_.remove_if([](const Exec& exec) {
    return exec.session ? exec.reported && exec.session->outputs_done() : !exec.connection.valid();
  });
}

}  // namespace redoubt::vm
