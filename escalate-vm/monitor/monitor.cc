#include "escalate-vm/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/monitor/jail.h"
#include "escalate-vm/monitor/system_calls.h"
#include "escalate-vm/protocol/hex.h"

namespace redoubt::vm {
namespace {

constexpr size_t kKeptOutput = 400;
constexpr size_t kMaxReason = 1000;
// What VMM and virtiofsd may say in one turn; the rest waits for the next, as everything else does.
constexpr int kMaxOutputReads = 16;

Result<std::string> random_bytes(size_t count) {
  std::string bytes(count, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(count)) {
    return Error::system(errno, "getrandom");
  }
  return bytes;
}

uint64_t wall_clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

// What a container has that asks for no name: the host's, or its own that redoubt-init has set here too.
Result<std::string> own_host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0) {
    return Error::system(errno, "gethostname");
  }
  return std::string(name);
}

std::vector<UniqueFd> own_stdio() {
  std::vector<UniqueFd> fds;
  for (int fd = 0; fd < 3; ++fd) {
    fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  }
  return fds;
}

// For `redoubt state`, when there is nobody to ask any more.
void leave_reason(std::string_view why) {
  constexpr mode_t kPrivate = 0600;
  why = why.substr(0, kMaxReason);
  const std::string path = concat("/", kReasonFile);
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  if (file.valid()) {
    ignore(write_all(file.get(), why, path), "the machine ends all the same");
  }
}

const pollfd* find(const std::vector<pollfd>& polls, int fd) {
  for (const pollfd& one : polls) {
    if (one.fd == fd && fd >= 0) {
      return one.revents != 0 ? &one : nullptr;
    }
  }
  return nullptr;
}

// The wait status of a child that ends within 200 ms.
std::optional<int> wait_briefly(pid_t pid) {
  for (int turn = 0; turn < 40; ++turn) {
    int wait_status = 0;
    if (::waitpid(pid, &wait_status, WNOHANG) == pid) {
      return wait_status;
    }
    ::poll(nullptr, 0, 5);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Policy> policy_of(const MachineTask& task) {
  std::optional<Policy> policy;
  if (const json::Value* config = task.policy.find("config")) {
    policy.emplace().config = *config;
  }
  if (const json::Value* profiles = task.policy.find("profiles")) {
    Policy& documents = policy ? *policy : policy.emplace();
    for (const json::Member& profile : profiles->as_object()) {
      documents.profiles[profile.key] = profile.value;
    }
  }
  return policy;
}

Result<UniqueFd> take_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  UniqueFd fd(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return Error::system(errno, "signalfd");
  }
  return fd;
}

Monitor::Monitor(MachineTask task, RuntimeChannel runtime, UniqueFd fifo)
    : task_(std::move(task)), runtime_(std::move(runtime)), fifo_(std::move(fifo)) {}

Result<int> Monitor::run() {
  Status status = boot();
  while (status) {
    Result<std::optional<int>> result = turn();
    if (result && *result) {
      if (oom_) {
        oom_echo_.repeat();
      }
      return **result;
    }
    status = result ? Status() : Status(std::move(result).error());
  }
  if (runtime_.is_open()) {
    runtime_.fail(status.error().message());
    return kFailedStatus;
  }
  leave_reason(status.error().message());
  return std::move(status).error();
}

// ---- the container's life, in order ------------------------------------------------------------------

Status Monitor::boot() {
  TRY_ASSIGN(oom_echo_, OomEcho::prepare(runtime_.take_memory_limit(), OomEcho::Victim::kMachine));
  TRY_ASSIGN(signals_, take_signals());
  TRY(listen_for_clients());
  TRY_ASSIGN(const std::string random, random_bytes(16));
  nonce_ = to_hex(random);
  TRY_ASSIGN(host_name_, own_host_name());
  TRY_ASSIGN(network_, MachineNetwork::make_taps());
  TRY_ASSIGN(machine_, start_machine(task_, nonce_, network_.cards()));
  channel_ = std::make_unique<Channel>(std::move(machine_.control), *this, kGuestMessageLimits.max_bytes);
  clock_.advance(now_ms(), 0);
  TRY(keep_capabilities(kNetworkCapabilities));
  return restrict_monitor();
}

Status Monitor::on_hello(const Hello& hello) {
  if (up_ || hello.version != kProtocolVersion || hello.nonce != nonce_) {
    return Error::invalid("the guest's hello is not the one expected (vm.image of another version?)");
  }
  up_ = true;
  Request request;
  request.op = Op::kSetup;
  request.setup.time = wall_clock_ns();
  request.setup.hostname = host_name_;
  TRY_ASSIGN(request.setup.entropy, random_bytes(32));
  return require(std::move(request), [this] { return create(); });
}

Status Monitor::create() {
  TRY_ASSIGN(first_, Session::open(*channel_, "", next_stream_, own_stdio(), task_.terminal));
  next_stream_ += Session::kStreams;
  Request request;
  request.op = Op::kCreate;
  request.container = task_.id;
  request.document = std::move(task_.config);
  request.stdio = first_->stdio();
  request.policy = policy_of(task_);
  return require(std::move(request), [this] { return on_created(); });
}

Status Monitor::on_created() {
  created_ = true;
  first_->set_made();
  if (!fifo_.valid()) {
    return start();
  }
  runtime_.done();
  return {};
}

// The interfaces are as they are now: engines put them in between create and start.
Status Monitor::start() {
  Request request;
  request.op = Op::kNetwork;
  TRY_ASSIGN(request.network, network_.connect());
  TRY(keep_capabilities(0));
  return require(std::move(request), [this] { return start_process(); });
}

Status Monitor::start_process() {
  Request request;
  request.op = Op::kStart;
  request.container = task_.id;
  return require(std::move(request), [this]() -> Status {
    started_ = true;
    if (runtime_.is_open()) {
      runtime_.done();
    }
    fifo_.reset();  // `start` waits for its end when poststart hooks are to follow
    return {};
  });
}

// ---- the loop ----------------------------------------------------------------------------------------

std::vector<pollfd> Monitor::wishes() const {
  std::vector<pollfd> polls = {{signals_.get(), POLLIN, 0},
                               {channel_->fd(), channel_->events(), 0},
                               {listener_.get(), POLLIN, 0}};
  if (machine_.output.valid()) {
    polls.push_back({machine_.output.get(), POLLIN, 0});
  }
  if (fifo_.valid() && !runtime_.is_open() && !started_) {
    polls.push_back({fifo_.get(), POLLIN, 0});
  }
  if (first_) {
    first_->append_wishes(*channel_, polls);
  }
  for (const Client& client : clients_) {
    if (client.connection.valid()) {
      polls.push_back({client.connection.get(), POLLIN, 0});
    }
    if (client.session) {
      client.session->append_wishes(*channel_, polls);
    }
  }
  return polls;
}

Result<std::optional<int>> Monitor::turn() {
  std::vector<pollfd> polls = wishes();
  if (::poll(polls.data(), polls.size(), tick_ms()) < 0 && errno != EINTR) {
    return Error::system(errno, "poll");
  }
  TRY(serve(polls));
  TRY(watch());
  return result();
}

Status Monitor::serve(const std::vector<pollfd>& ready) {
  read_output();
  if (find(ready, signals_.get()) != nullptr) {
    TRY(on_signal());
  }
  if (const pollfd* channel = find(ready, channel_->fd()); channel != nullptr && (channel->revents & ~POLLOUT) != 0) {
    TRY_ASSIGN(const bool alive, channel_->receive());
    if (!alive) {
      const std::optional<int> vmm = wait_briefly(machine_.vmm);
      return vmm ? ended_by("the machine", *vmm) : ended("the machine hung up");
    }
  }
  if (fifo_.valid() && find(ready, fifo_.get()) != nullptr) {
    char byte = 0;
    if (::read(fifo_.get(), &byte, 1) == 1) {
      TRY(start());
    }
  }
  if (find(ready, listener_.get()) != nullptr) {
    accept_client();
  }
  for (Client& client : clients_) {
    if (client.connection.valid() && find(ready, client.connection.get()) != nullptr) {
      on_packet(client);
    }
    if (client.session) {
      client.session->move(*channel_, ready);
    }
  }
  if (first_) {
    first_->move(*channel_, ready);
  }
  report_exits();
  return channel_->flush();
}

// The runtime that waits for the answer to `start` hears of that first.
std::optional<int> Monitor::result() {
  return first_ && !runtime_.is_open() ? first_->finished(*channel_, now_ms()) : std::nullopt;
}

Status Monitor::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      TRY(check_children());
    } else if (signal == SIGWINCH && first_ && first_->window_size()) {
      send_size(task_.id, *first_);
    } else if (started_) {
      send_signal(task_.id, "", signal);
    }
  }
  return {};
}

Status Monitor::check_children() {
  for (;;) {
    int wait_status = 0;
    const pid_t pid = ::waitpid(-1, &wait_status, WNOHANG);
    if (pid <= 0) {
      return {};
    }
    if (pid == machine_.virtiofsd) {
      // It ends as well when the VMM does, which hangs up before its own end can be seen.
      const std::optional<int> vmm = wait_briefly(machine_.vmm);
      return vmm ? ended_by("the machine", *vmm) : ended_by("the server of the container's files", wait_status);
    }
    if (pid == machine_.vmm) {
      return ended_by("the machine", wait_status);
    }
  }
}

Error Monitor::ended_by(std::string_view who, int wait_status) {
  read_output();
  if (WIFSIGNALED(wait_status)) {
    return ended(concat(who, " was ended by signal ", WTERMSIG(wait_status)));
  }
  const int code = WEXITSTATUS(wait_status);
  return ended(code == 0 ? concat(who, " ended") : concat(who, " ended with code ", code));
}

void Monitor::read_output() {
  char buffer[1024];
  ssize_t n = -1;
  for (int i = 0; i < kMaxOutputReads && (n = ::read(machine_.output.get(), buffer, sizeof buffer)) > 0; ++i) {
    output_.append(buffer, static_cast<size_t>(n));
    output_.erase(0, output_.size() > kKeptOutput ? output_.size() - kKeptOutput : 0);
  }
  if (n == 0) {
    machine_.output.reset();
  }
}

Error Monitor::ended(std::string_view what) const {
  const std::string_view said = trim(output_);
  return {ErrorKind::kSystem, said.empty() ? std::string(what) : concat(what, ": ", said)};
}

Status Monitor::ask(Request request, Continuation then) {
  request.id = next_id_++;
  // A hook of the guest's side runs as long as config.json lets it.
  const bool bounded = request.op != Op::kStart;
  pending_[request.id] = {std::move(then),
                          bounded ? clock_.now() + static_cast<int64_t>(task_.watchdog_ms) : INT64_MAX};
  return channel_->send_message(format_request(request));
}

// What the container's own life depends on: a refusal is its end.
Status Monitor::require(Request request, std::function<Status()> then) {
  return ask(std::move(request), [then = std::move(then)](const Reply& reply) {
    return reply.error ? Status(Error(ErrorKind::kSystem, *reply.error)) : then();
  });
}

Status Monitor::on_message(std::string_view text) {
  TRY_ASSIGN(const Message message, parse_message(text));
  if (const auto* hello = std::get_if<Hello>(&message)) {
    return on_hello(*hello);
  }
  if (const auto* reply = std::get_if<Reply>(&message)) {
    return on_reply(*reply);
  }
  if (const auto* exit = std::get_if<ExitEvent>(&message)) {
    return on_exit(*exit);
  }
  if (const auto* oom = std::get_if<OomEvent>(&message)) {
    tell_oom(*oom);
  }
  return {};
}

// Answers to what nobody asked end the machine.
Status Monitor::on_reply(const Reply& reply) {
  const auto found = pending_.find(reply.id);
  if (found == pending_.end()) {
    return Error::invalid("the guest answered what nobody asked");
  }
  const Pending answered = std::move(found->second);
  pending_.erase(found);
  return answered.then(reply);
}

void Monitor::on_stream(uint32_t stream) {
  static_cast<void>(stream);  // every turn looks at all flows
}

Status Monitor::on_exit(const ExitEvent& event) {
  if (event.session.empty() && given_up_.erase(event.container) > 0) {
    remove_container(event.container, [](const Reply&) { return Status(); });
    return {};
  }
  Session* session = find_session(event.container, event.session);
  if (session != nullptr && !session->made()) {
    return Error::invalid("the guest ended a process that it had not made");
  }
  if (session != nullptr && !session->exited()) {
    session->set_exit(event.signal != 0 ? 128 + event.signal : event.code, now_ms());
  }
  return {};
}

Session* Monitor::find_session(const std::string& container, const std::string& name) {
  if (container == task_.id && name.empty()) {
    return first_ ? &*first_ : nullptr;
  }
  for (Client& client : clients_) {
    if (client.session && !client.reported && client.container == container && client.session->name() == name) {
      return &*client.session;
    }
  }
  return nullptr;
}

// Whether the process is still there turns out on the way: an answer of either kind will do.
void Monitor::send_signal(const std::string& container, const std::string& session, int signal) {
  Request request;
  request.op = Op::kSignal;
  request.container = container;
  request.session = session;
  request.signal = signal;
  ignore(ask(std::move(request), [](const Reply&) { return Status(); }), "the process may be gone");
}

void Monitor::send_size(const std::string& container, const Session& session) {
  Request request;
  request.op = Op::kResize;
  request.container = container;
  request.session = session.name();
  request.size = session.window_size().value_or(WindowSize());
  ignore(ask(std::move(request), [](const Reply&) { return Status(); }), "the process may be gone");
}

}  // namespace redoubt::vm
