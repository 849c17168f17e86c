#include "escalate-vm/guest/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/guest/agent/boot.h"
#include "escalate-vm/guest/agent/bundle.h"
#include "escalate-vm/guest/agent/network.h"
#include "escalate-vm/guest/agent/process_row.h"

namespace redoubt::agent {
namespace {

constexpr size_t kPidFileLimit = 32;

// What passes between the agent and a command that starts a process; gone with the command, for
// there may be many in a container's life.
struct StartFiles {
  explicit StartFiles(const vm::Request& request)
      : process(concat(bundle_path(request.container), "/process.", request.session)),
        pid(concat(bundle_path(request.container), "/pid.", request.session)),
        console(concat("/run/console.", request.stdio.terminal.value_or(0))) {
  }  // two ids do not fit into a socket's address

  void remove() const {
    for (const std::string* each : {&process, &pid, &console}) {
      ::unlink(each->c_str());
    }
  }

  std::string process, pid, console;
};

Error unknown_container(const std::string& name) {
  return Error::state(concat("container ", quote(name), " does not exist"));
}

Result<vm::Reply> nothing(const Command& /*command*/) {
  return vm::Reply();
}

// The host takes a deleted container's files away, and can do so when we hold none of them.
void forget_files() {
  ignore(write_kernel_file_at(AT_FDCWD, "/proc/sys/vm/drop_caches", "2"), "they go later");
}

Result<json::Value> printed(const Command& command, std::string_view what) {
  TRY_ASSIGN(const std::string text, command.output());
  return json::parse(trim(text), what);
}

Result<vm::Reply> stats(const Command& command) {
  vm::Reply out;
  TRY_ASSIGN(out.stats, printed(command, "stats"));
  return out;
}

// As many as one message holds, whatever their commands look like in JSON.
Result<vm::Reply> processes(const Command& command, int32_t after) {
  constexpr size_t kRowBytes = 100;
  constexpr size_t kMostPerByte = 6;  // \u001b
  TRY_ASSIGN(const json::Value printed_pids, printed(command, "ps"));
  std::vector<pid_t> pids;
  for (const json::Value& pid : printed_pids.is_array() ? printed_pids.as_array() : json::Array{}) {
    if (pid.is_integer() && pid.as_int() > after) {
      pids.push_back(static_cast<pid_t>(pid.as_int()));
    }
  }
  std::sort(pids.begin(), pids.end());
  vm::Reply out;
  out.processes.emplace();
  size_t left = vm::kGuestMessageLimits.max_bytes;
  for (const pid_t pid : pids) {
    std::optional<vm::ProcessRow> row = read_process(pid);
    const size_t size = row ? kRowBytes + kMostPerByte * row->command.size() : 0;
    if (size >= left || out.processes->size() == vm::kMaxProcesses) {
      out.more = true;
      break;
    }
    if (row) {
      left -= size;
      out.processes->push_back(*std::move(row));
    }
  }
  return out;
}

}  // namespace

Status Agent::serve(const std::string& nonce) {
  TRY(send(vm::Hello{.nonce = nonce}));
  while (!hung_up_) {
    TRY(channel_.flush());
    TRY(wait_for_events());
    sweep();
  }
  return {};
}

Status Agent::on_message(std::string_view text) {
  const Result<vm::Request> request = vm::parse_request(text);
  if (request) {
    Status status = dispatch(*request);
    if (status) {
      return status;
    }
    for (const uint32_t stream : request->stdio.streams()) {
      channel_.refuse(stream);
    }
    return reply(request->id, std::move(status).error());
  }
  const std::optional<uint64_t> id = vm::request_id(text);
  return id ? reply(*id, request.error()) : Status(request.error());
}

// An error here is the reply.
Status Agent::dispatch(const vm::Request& request) {
  const std::string& container = request.container;
  if (!container.empty() && request.op != vm::Op::kCreate && !containers_.contains(container)) {
    return unknown_container(container);
  }
  switch (request.op) {
    case vm::Op::kSetup:
      TRY(apply_setup(request.setup));
      return reply(request.id, vm::Reply());
    case vm::Op::kNetwork:
      TRY(apply_network(request.network));
      return reply(request.id, vm::Reply());
    case vm::Op::kCreate:
      return create(request);
    case vm::Op::kStart:
      return run(request, {"start", container}, nothing);
    case vm::Op::kExec:
      return exec(request);
    case vm::Op::kSignal:
      return signal(request);
    case vm::Op::kResize: {
      const auto found = containers_[container].sessions.find(request.session);
      if (found == containers_[container].sessions.end()) {
        return Error::state("the process has ended");
      }
      TRY(found->second.relay.resize(request.size));
      return reply(request.id, vm::Reply());
    }
    case vm::Op::kPause:
      return run(request, {"pause", container}, nothing);
    case vm::Op::kResume:
      return run(request, {"resume", container}, nothing);
    case vm::Op::kUpdate:
      return update(request);
    case vm::Op::kStats:
      return run(request, {"events", "--stats", container}, stats);
    case vm::Op::kProcesses:
      return run(request, {"ps", "--format", "json", container},
                 [after = request.after](const Command& command) { return processes(command, after); });
    case vm::Op::kDelete:
      return remove(request);
    case vm::Op::kPing:
      return reply(request.id, vm::Reply());
  }
  return Error::internal("op without code");
}

Status Agent::create(const vm::Request& request) {
  const std::string& name = request.container;
  if (containers_.contains(name)) {
    return Error::state(concat("container ", quote(name), " exists already"));
  }
  if (request.policy) {
    TRY(write_policy(*request.policy));
  }
  vm::Request own = request;
  TRY(join_containers(own.document, [this](const std::string& other) {
    const auto found = containers_.find(other);
    return found == containers_.end() || !found->second.sessions.contains("") ? 0 : found->second.sessions[""].pid;
  }));
  TRY(make_bundle(own));
  containers_[name];
  const auto undo = [this, name, files = StartFiles(request)] {
    files.remove();
    for (auto& [session_name, session] : containers_[name].sessions) {
      session.relay.close(channel_);
    }
    containers_.erase(name);
    remove_bundle(name);
  };
  Status status = start_process(request, {"create", "--bundle", bundle_path(name)}, undo);
  if (!status) {
    undo();
  }
  return status;
}

Status Agent::exec(const vm::Request& request) {
  std::map<std::string, Session>& sessions = containers_[request.container].sessions;
  if (sessions.contains(request.session)) {
    return Error::state(concat("session ", quote(request.session), " exists already"));
  }
  const StartFiles files(request);
  TRY(write_document(files.process, adapt_process(request.document, request.stdio)));
  const auto undo = [this, files, container = request.container, name = request.session] {
    files.remove();
    const auto found = containers_.find(container);
    if (found != containers_.end() && found->second.sessions.contains(name)) {
      found->second.sessions[name].relay.close(channel_);
      found->second.sessions.erase(name);
    }
  };
  Status status = start_process(request, {"exec", "--detach", "--process", files.process}, undo);
  if (!status) {
    undo();
  }
  return status;
}

// Common to create and exec: streams, pid file, console.
Status Agent::start_process(const vm::Request& request,
                            std::vector<std::string> words,
                            std::function<void()> undo) {
  const std::string& container = request.container;
  Session& session = containers_[container].sessions[request.session];
  const StartFiles files(request);
  words.insert(words.end(), {"--pid-file", files.pid});
  ChildStdio child;
  TRY_ASSIGN(session.relay, Relay::open(channel_, request.stdio, child));
  if (request.stdio.terminal) {
    TRY_ASSIGN(session.console, listen_for_terminal(files.console));
    words.insert(words.end(), {"--console-socket", files.console});
  }
  words.push_back(container);
  TRY_ASSIGN(Command command, Command::start(words, std::move(child)));
  const Finish finish =
      [this, files, container, name = request.session, size = request.stdio.size](const Command&) {
        Result<vm::Reply> adopted = adopt(container, name, size, files.pid);
        files.remove();
        return adopted;
      };
  const pid_t pid = command.pid();
  commands_.emplace(pid, Pending{std::move(command), request.id, finish, std::move(undo)});
  return {};
}

Result<vm::Reply> Agent::adopt(const std::string& container,
                               const std::string& name,
                               vm::WindowSize size,
                               const std::string& pid_file) {
  const auto owner = containers_.find(container);
  if (owner == containers_.end() || !owner->second.sessions.contains(name)) {
    return unknown_container(container);
  }
  Session& session = owner->second.sessions[name];
  if (session.console.valid()) {
    TRY_ASSIGN(UniqueFd master, receive_terminal(session.console));
    session.console.reset();
    TRY(session.relay.set_terminal(std::move(master), size));
  }
  TRY_ASSIGN(const std::string text, read_file(pid_file, kPidFileLimit));
  const std::optional<pid_t> pid = parse_number<pid_t>(trim(text));
  if (!pid) {
    return Error::internal("the inner redoubt wrote no pid");
  }
  session.pid = *pid;
  if (name.empty()) {
    Result<UniqueFd> events = open_memory_events(container);
    if (events) {
      owner->second.memory_events = *std::move(events);
      owner->second.oom_kills = read_oom_kills(owner->second.memory_events);
    }
  }
  vm::Reply out;
  out.pid = *pid;
  return out;
}

// A process of exec is signalled by its pid, which is ours to reap and thus not anybody else's yet.
Status Agent::signal(const vm::Request& request) {
  if (request.session.empty()) {
    std::vector<std::string> words = {"kill", request.container, concat(request.signal)};
    if (request.all) {
      words.insert(words.begin() + 1, "--all");
    }
    return run(request, words, nothing);
  }
  std::map<std::string, Session>& sessions = containers_[request.container].sessions;
  const auto found = sessions.find(request.session);
  if (found == sessions.end() || found->second.exited || found->second.pid == 0) {
    return Error::state("process not running");
  }
  if (::kill(found->second.pid, request.signal) != 0) {
    return Error::system(errno, "kill");
  }
  return reply(request.id, vm::Reply());
}

Status Agent::update(const vm::Request& request) {
  const std::string file = bundle_path(request.container) + "/resources.json";
  TRY(write_document(file, request.document));
  return run(request, {"update", "--resources", file, request.container}, nothing);
}

Status Agent::remove(const vm::Request& request) {
  const std::string name = request.container;
  return run(request, {"delete", name}, [this, name](const Command&) -> Result<vm::Reply> {
    for (auto& [session_name, session] : containers_[name].sessions) {
      session.relay.close(channel_);
    }
    containers_.erase(name);
    remove_bundle(name);
    forget_files();
    return vm::Reply();
  });
}

Status Agent::run(const vm::Request& request,
                  const std::vector<std::string>& words,
                  Finish finish) {
  TRY_ASSIGN(Command command, Command::start_captured(words));
  const pid_t pid = command.pid();
  commands_.emplace(pid, Pending{std::move(command), request.id, std::move(finish), nullptr});
  return {};
}

Status Agent::reply(uint64_t id, Result<vm::Reply> result) {
  vm::Reply out;
  if (result) {
    out = *std::move(result);
  } else {
    out.error = result.error().message();
  }
  out.id = id;
  // What the host would refuse ends the machine; of what it asked for it can be told that it is too much.
  const std::string text = vm::format_message(out);
  if (text.size() > vm::kGuestMessageLimits.max_bytes) {
    vm::Reply refusal;
    refusal.id = id;
    refusal.error = "the answer is too long";
    return send(std::move(refusal));
  }
  return channel_.send_message(text);
}

Status Agent::send(const vm::Message& message) {
  return channel_.send_message(vm::format_message(message));
}

Status Agent::wait_for_events() {
  std::vector<pollfd> fds = {{channel_.fd(), channel_.events(), 0}, {signals_.get(), POLLIN, 0}};
  for (const auto& [name, container] : containers_) {
    if (container.memory_events.valid()) {
      fds.push_back({container.memory_events.get(), POLLPRI, 0});
    }
    for (const auto& [session_name, session] : container.sessions) {
      if (session.pid != 0) {
        session.relay.add_interest(channel_, fds);
      }
    }
  }
  if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
    return Error::system(errno, "poll");
  }
  if (fds[0].revents != 0) {
    TRY_ASSIGN(const bool alive, channel_.receive());
    hung_up_ = !alive || (fds[0].revents & POLLHUP) != 0;
  }
  TRY(tell_oom());
  return fds[1].revents != 0 ? reap() : Status();
}

Status Agent::reap() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
  }
  int wait_status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
    const auto found = commands_.find(pid);
    if (found == commands_.end()) {
      TRY(tell_exit(pid, wait_status));
      continue;
    }
    Pending pending = std::move(found->second);
    commands_.erase(found);
    TRY(finish(std::move(pending), wait_status));
  }
  if (commands_.empty()) {
    early_exits_.clear();
  }
  return {};
}

Status Agent::finish(Pending pending, int wait_status) {
  Status outcome = pending.command.outcome(wait_status);
  Result<vm::Reply> result =
      outcome ? pending.finish(pending.command) : Result<vm::Reply>(std::move(outcome).error());
  const std::optional<pid_t> pid = result ? result->pid : std::nullopt;
  if (!result && pending.undo) {
    pending.undo();
  }
  TRY(reply(pending.id, std::move(result)));
  if (pid && early_exits_.contains(*pid)) {
    return tell_exit(*pid, early_exits_[*pid]);
  }
  return {};
}

// Bytes that the process left in its pipes follow by themselves.
Status Agent::tell_exit(pid_t pid, int wait_status) {
  for (auto& [name, container] : containers_) {
    for (auto& [session_name, session] : container.sessions) {
      if (session.pid != pid || session.exited) {
        continue;
      }
      session.exited = true;
      TRY(tell_oom());
      vm::ExitEvent event{name, session_name, 0, 0};
      if (WIFSIGNALED(wait_status)) {
        event.signal = WTERMSIG(wait_status);
      } else {
        event.code = WEXITSTATUS(wait_status);
      }
      return send(event);
    }
  }
  if (!commands_.empty()) {
    early_exits_[pid] = wait_status;
  }
  return {};
}

Status Agent::tell_oom() {
  for (auto& [name, container] : containers_) {
    if (!container.memory_events.valid()) {
      continue;
    }
    const uint64_t kills = read_oom_kills(container.memory_events);
    if (kills > container.oom_kills) {
      TRY(send(vm::OomEvent{name}));
    }
    container.oom_kills = std::max(kills, container.oom_kills);
  }
  return {};
}

// Moves every process's bytes, and forgets sessions of which nothing will come.
void Agent::sweep() {
  for (auto& [name, container] : containers_) {
    for (auto next = container.sessions.begin(); next != container.sessions.end();) {
      const auto each = next++;
      Session& session = each->second;
      if (session.pid != 0) {
        session.relay.move(channel_);
      }
      if (session.exited && session.relay.outputs_ended()) {
        session.relay.close(channel_);
        container.sessions.erase(each);
      }
    }
  }
}

}  // namespace redoubt::agent
