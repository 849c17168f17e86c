// The monitor of a pod's sandbox: the pod's other containers, each a client that lives as long as its
// container does.
#include <signal.h>

#include <algorithm>

#include "base/str.h"
#include "escalate-vm/monitor/monitor.h"

namespace redoubt::vm {

bool Monitor::knows(const std::string& container) const {
  return container == task_.id || std::any_of(clients_.begin(), clients_.end(), [&](const Client& client) {
           return client.is_member && !client.reported && client.container == container;
         });
}

Status Monitor::begin_member(Client& client, std::vector<UniqueFd> fds) {
  TRY_ASSIGN(MachineTask task, read_machine_task(fds[0].get()));
  fds.erase(fds.begin());
  if (!started_) {
    return Error::state(concat("the pod's sandbox ", quote(task_.id), " has not been started"));
  }
  if (knows(task.id)) {
    return Error::state(concat("the machine has a container ", quote(task.id), " already"));
  }
  TRY_ASSIGN(client.session, Session::open(*channel_, "", next_stream_, std::move(fds), task.terminal));
  next_stream_ += Session::kStreams;
  client.container = task.id;
  client.is_member = true;
  Request request;
  request.op = Op::kCreate;
  request.container = task.id;
  request.policy = policy_of(task);
  request.document = std::move(task.config);
  request.stdio = client.session->stdio();
  return ask(std::move(request), [this, number = client.number, container = task.id](const Reply& reply) {
    Client* one = find_client(number);
    if (one != nullptr && !one->reported) {
      answer_start(*one, reply);
      one->is_made = !reply.error;
    } else if (!reply.error) {
      given_up_.insert(container);
      send_signal(container, "", SIGKILL);
    }
    return Status();
  });
}

Status Monitor::start_member(const Client& client) {
  Request request;
  request.op = Op::kStart;
  request.container = client.container;
  return ask(std::move(request), [this, number = client.number](const Reply& reply) {
    Client* one = find_client(number);
    if (one != nullptr) {
      const MonitorPacket answer = reply.error ? monitor_failure(*reply.error) : MonitorPacket{MonitorWord::kStarted};
      ignore(send_monitor_packet(one->connection.get(), answer), "it is gone");
    }
    return Status();
  });
}

void Monitor::remove_container(const std::string& container, Continuation then) {
  Request request;
  request.op = Op::kDelete;
  request.container = container;
  ignore(ask(std::move(request), std::move(then)), "the machine is at its end");
}

// Its end is told when the guest has let go of its name and its files: both may be used again at once.
void Monitor::remove_member(const Client& client, int status) {
  remove_container(client.container, [this, number = client.number, status](const Reply&) {
    if (Client* one = find_client(number)) {
      report_exit(*one, status);
    }
    return Status();
  });
}

}  // namespace redoubt::vm
