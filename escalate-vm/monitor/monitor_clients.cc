// The monitor's half of exec.sock: a session for each process of exec, requests that are passed on to the
// guest, and who is told what happens in it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/monitor.h"

namespace redoubt::vm {
namespace {

constexpr size_t kProcessDescriptors = 4;  // task, 0, 1, 2
constexpr size_t kMaxClients = 1024;

bool may_be_passed_on(Op op) {
  return op == Op::kUpdate || op == Op::kProcesses || op == Op::kStats || op == Op::kPause || op == Op::kResume;
}

}  // namespace

Status Monitor::listen_for_clients() {
  listener_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = concat("/", kExecSocket);
  ::memcpy(address.sun_path, path.data(), path.size());
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), SOMAXCONN) != 0) {
    return Error::system(errno, "exec.sock");
  }
  return {};
}

void Monitor::accept_client() {
  UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection.valid() && clients_.size() < kMaxClients) {
    Client& client = clients_.emplace_back();
    client.number = next_client_++;
    client.connection = std::move(connection);
  }
}

void Monitor::on_packet(Client& client) {
  Result<std::optional<ReceivedMonitorPacket>> received = receive_monitor_packet(client.connection.get());
  if (!received || !*received) {
    // Whoever waited for it was killed, and its process with it.
    if (client.session && !client.session->exited()) {
      send_signal(client.container, client.session->name(), SIGKILL);
    }
    client.connection.reset();
    return;
  }
  const MonitorPacket packet = (*received)->packet;
  if (packet.word == MonitorWord::kSignal && client.session) {
    send_signal(client.container, client.session->name(), packet.value);
  } else if (packet.word == MonitorWord::kResize && client.session) {
    send_size(client.container, *client.session);
  } else if (packet.word == MonitorWord::kStart && client.is_made) {
    ignore(start_member(client), "the machine is at its end");
  } else if (!client.session) {
    const Status begun = begin(client, **std::move(received));
    if (!begun) {
      ignore(send_monitor_packet(client.connection.get(), monitor_failure(begun.error().message())), "it is gone");
      client.connection.reset();
    }
  }
}

Status Monitor::begin(Client& client, ReceivedMonitorPacket received) {
  if (!created_) {
    return Error::state("the container is being created");
  }
  const MonitorWord word = received.packet.word;
  const bool has_process = word == MonitorWord::kExec || word == MonitorWord::kContainer;
  if (has_process && received.fds.size() != kProcessDescriptors) {
    return Error::invalid("exec.sock: a packet of another format");
  }
  switch (word) {
    case MonitorWord::kExec:
      return begin_exec(client, std::move(received.fds));
    case MonitorWord::kContainer:
      return begin_member(client, std::move(received.fds));
    case MonitorWord::kAsk:
      return pass_on(client, received.fds);
    case MonitorWord::kWatch:
      client.watches = true;
      client.container = received.packet.text;
      return send_monitor_packet(client.connection.get(), {MonitorWord::kWatching});
    default:
      return Error::invalid("exec.sock: a packet of another format");
  }
}

Status Monitor::begin_exec(Client& client, std::vector<UniqueFd> fds) {
  TRY_ASSIGN(ExecTask task, read_exec_task(fds[0].get()));
  fds.erase(fds.begin());
  if (!knows(task.id)) {
    return Error::state(concat("the machine has no container ", quote(task.id)));
  }
  TRY_ASSIGN(client.session,
             Session::open(*channel_, concat("e", client.number), next_stream_, std::move(fds), task.terminal));
  next_stream_ += Session::kStreams;
  Request request;
  client.container = task.id;
  request.op = Op::kExec;
  request.container = task.id;
  request.session = client.session->name();
  request.document = std::move(task.process);
  request.stdio = client.session->stdio();
  const std::string name = request.session;
  return ask(std::move(request), [this, number = client.number, container = task.id, name](const Reply& reply) {
    Client* one = find_client(number);
    if (one != nullptr && !one->reported) {
      answer_start(*one, reply);
    } else if (!reply.error) {
      send_signal(container, name, SIGKILL);  // too late: it was given up
    }
    return Status();
  });
}

void Monitor::answer_start(Client& client, const Reply& reply) {
  if (!reply.error && !client.connection.valid()) {
    send_signal(client.container, client.session->name(), SIGKILL);  // whoever waited for it was killed
  }
  const MonitorPacket answer = reply.error ? monitor_failure(*reply.error) : MonitorPacket{MonitorWord::kStarted};
  ignore(send_monitor_packet(client.connection.get(), answer), "it is gone");
  client.reported = reply.error.has_value();
  client.session->set_made();
  if (reply.error) {
    client.session->set_exit(255, now_ms());
  }
}

// The reply goes back as the guest gave it: whoever asked judges it again.
Status Monitor::pass_on(Client& client, const std::vector<UniqueFd>& fds) {
  if (fds.size() != 1) {
    return Error::invalid("exec.sock: a packet of another format");
  }
  TRY_ASSIGN(const std::string text, read_document_fd(fds[0].get()));
  TRY_ASSIGN(Request request, parse_request(text));
  if (!may_be_passed_on(request.op) || !knows(request.container)) {
    return Error::invalid("exec.sock: a request that is not passed on");
  }
  return ask(std::move(request), [this, number = client.number](const Reply& reply) {
    const Client* one = find_client(number);
    const Result<UniqueFd> document = document_fd(format_message(reply));
    if (one != nullptr && document) {
      ignore(send_monitor_packet(one->connection.get(), {MonitorWord::kAnswer}, {document->get()}), "it is gone");
    } else if (one != nullptr) {
      ignore(send_monitor_packet(one->connection.get(), monitor_failure(document.error().message())), "it is gone");
    }
    return Status();
  });
}

void Monitor::tell_oom(const OomEvent& event) {
  oom_ = oom_ || event.container == task_.id;
  for (const Client& client : clients_) {
    if ((client.watches || client.is_member) && event.container == client.container) {
      ignore(send_monitor_packet(client.connection.get(), {MonitorWord::kOom}), "it is gone, or reads nothing");
    }
  }
}

// The status goes to whoever waits for it; the flows stay until the last writer in the guest is gone.
void Monitor::report_exits() {
  for (Client& client : clients_) {
    const std::optional<int> status = client.session ? client.session->finished(*channel_, now_ms()) : std::nullopt;
    if (status && client.is_made) {
      client.is_made = false;
      remove_member(client, *status);
    } else if (status && !client.reported && !client.is_member) {
      report_exit(client, *status);
    }
  }
  clients_.remove_if([](const Client& client) {
    return client.session ? client.reported && client.session->outputs_done() : !client.connection.valid();
  });
}

void Monitor::report_exit(Client& client, int status) {
  client.reported = true;
  ignore(send_monitor_packet(client.connection.get(), {MonitorWord::kExited, status}), "it is gone");
}

Monitor::Client* Monitor::find_client(uint64_t number) {
  const auto found =
      std::find_if(clients_.begin(), clients_.end(), [&](const Client& client) { return client.number == number; });
  return found == clients_.end() ? nullptr : &*found;
}

}  // namespace redoubt::vm
