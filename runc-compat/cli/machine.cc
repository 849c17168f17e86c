#include "runc-compat/cli/machine.h"

#include <utility>

#include "base/str.h"
#include "runc-compat/launch/pod.h"
#include "runc-compat/state/signal.h"

namespace redoubt::cli {

namespace {

Result<state::ContainerDir> open_sandbox(const Container& container, const std::string& sandbox) {
  return state::ContainerDir::open(container.dir.root(), sandbox).context("the pod's sandbox");
}

}  // namespace

bool is_in_pod(const state::Record& record) {
  return !launch::sandbox_of(record).empty();
}

Result<vm::MonitorClient> connect_to_machine(const Container& container) {
  const std::string sandbox = launch::sandbox_of(container.record);
  if (sandbox.empty()) {
    return vm::MonitorClient::connect(container.dir.fd());
  }
  TRY_ASSIGN(const state::ContainerDir dir, open_sandbox(container, sandbox));
  return vm::MonitorClient::connect(dir.fd());
}

Result<bool> is_machine_paused(const Container& container) {
  const std::string sandbox = launch::sandbox_of(container.record);
  if (sandbox.empty()) {
    TRY_ASSIGN(const state::ContainerStatus status, state::status_of(container.dir, container.record));
    return status == state::ContainerStatus::kPaused;
  }
  TRY_ASSIGN(const state::ContainerDir dir, open_sandbox(container, sandbox));
  TRY_ASSIGN(const state::Record record, dir.load());
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(dir, record));
  return status == state::ContainerStatus::kPaused;
}

namespace {

// A frozen machine answers nobody. A container of a pod is frozen in the machine, which is its sandbox's.
Result<vm::MonitorClient> connect_to_running(const Container& container) {
  TRY_ASSIGN(const state::ContainerStatus status, state::status_of(container.dir, container.record));
  if (status == state::ContainerStatus::kStopped) {
    return state::not_running();
  }
  TRY_ASSIGN(const bool frozen, is_machine_paused(container));
  if (!frozen) {
    return connect_to_machine(container);
  }
  const std::string sandbox = launch::sandbox_of(container.record);
  return Error::state(concat(sandbox.empty() ? std::string("the container") : concat("the pod's sandbox ", quote(sandbox)),
                             " is paused, and its virtual machine with it (isolation \"vm\"); resume it first"));
}

}  // namespace

Result<vm::Reply> ask_machine(const Container& container, vm::Op op, json::Value document) {
  vm::Request request;
  request.op = op;
  request.container = container.record.id;
  request.document = std::move(document);
  TRY_ASSIGN(vm::MonitorClient monitor, connect_to_running(container));
  return monitor.ask(request);
}

Result<std::vector<vm::ProcessRow>> guest_processes(const Container& container) {
  constexpr size_t kMost = 65536;  // a guest that goes on for ever
  vm::Request request;
  request.op = vm::Op::kProcesses;
  request.container = container.record.id;
  std::vector<vm::ProcessRow> all;
  for (bool more = true; more;) {
    TRY_ASSIGN(vm::MonitorClient monitor, connect_to_running(container));
    TRY_ASSIGN(const vm::Reply reply, monitor.ask(request));
    for (const vm::ProcessRow& row : reply.processes.value_or(std::vector<vm::ProcessRow>())) {
      if (row.pid <= request.after || all.size() == kMost) {
        return Error::invalid("the virtual machine names no sensible processes");
      }
      request.after = row.pid;
      all.push_back(row);
    }
    more = reply.more;
    if (more && (!reply.processes || reply.processes->empty())) {
      return Error::invalid("the virtual machine names no sensible processes");
    }
  }
  return all;
}

}  // namespace redoubt::cli
