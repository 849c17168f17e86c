#include "runc-compat/cli/profile_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utc_time.h"
#include "bpf/recorder.h"
#include "runc-compat/cli/cli.h"
#include "runc-compat/cli/command_line.h"

namespace redoubt::cli {
namespace {

constexpr int kSignalBase = 128;
constexpr long kPollNanoseconds = 100'000'000;
constexpr size_t kMaxConfig = size_t{16} << 20;
constexpr std::string_view kImageKeys[] = {"org.opencontainers.image.digest",
                                           "io.kubernetes.cri-o.ImageRef",
                                           "org.opencontainers.image.base.digest",
                                           "io.kubernetes.cri.image-name",
                                           "io.kubernetes.cri-o.ImageName",
                                           "org.opencontainers.image.ref.name"};

bool records(std::string_view verb) {
  return verb == "run" || verb == "create" || verb == "exec";
}

std::vector<std::string> inner_command(const WatchRequest& request) {
  const ProfileCall& call = request.call;
  std::vector<std::string> words = {"--root", call.globals.runtime.root};
  if (call.globals.runtime.systemd_cgroup) {
    words.emplace_back("--systemd-cgroup");
  }
  if (call.globals.debug) {
    words.emplace_back("--debug");
  }
  words.insert(words.end(), request.command.begin(), request.command.end());
  return words;
}

// The digest or the name of the image, when the engine has put it into config.json.
std::string image_of(const std::string& bundle) {
  const Result<std::string> text = read_file(bundle + "/config.json", kMaxConfig);
  const Result<json::Value> config =
      text ? json::parse(*text, "config.json") : Result<json::Value>(text.error());
  const json::Value* annotations = config ? config->find("annotations") : nullptr;
  for (const std::string_view key : kImageKeys) {
    const json::Value* value = annotations == nullptr ? nullptr : annotations->find(key);
    if (value != nullptr && value->is_string()) {
      return value->as_string();
    }
  }
  return "";
}

// Checks the command before anything is loaded for it.
Result<policy::RecordedRun> describe_run(const WatchRequest& request) {
  const std::vector<std::string_view> words(request.command.begin(), request.command.end());
  const CommandLine line = parse_command_line(words, request.call.globals.argv0);
  if (line.error) {
    return *line.error;
  }
  if (line.action != Action::kRunVerb || !records(line.verb->name)) {
    return Error::invalid(concat(
        "profile ", request.word, ": give the command, one of run, create and exec, behind \"--\""));
  }
  policy::RecordedRun run;
  run.command = request.command;
  utsname system{};
  ::uname(&system);
  run.kernel = system.release;
  run.started = utc_time(::time(nullptr)) + "Z";
  if (line.verb->name != "exec") {
    run.image = image_of(line.arguments.text("bundle"));
  }
  return run;
}

sigset_t watched_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    ::sigaddset(&set, signal);
  }
  return set;
}

// The process that is recorded: waits until the recording programs are there.
[[noreturn]] void run_inner(const WatchRequest& request, int start_fd, const sigset_t& mask) {
  char go = 0;
  if (::read(start_fd, &go, 1) != 1) {
    ::_exit(1);
  }
  ::close(start_fd);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (request.before) {
    request.before();
  }
  const std::vector<std::string> command = inner_command(request);
  const std::vector<std::string_view> words(command.begin(), command.end());
  ::_exit(run_command_line(request.call.globals.argv0, words));
}

// A run is not to end in a document that cannot be kept.
Status check_output(const WatchRequest& request) {
  const std::string& path = request.call.arguments.text(kProfileOutputFlag);
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (!path.empty() && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error::system(
        errno, concat("profile ", request.word, ": --output ", path, ": directory ", folder));
  }
  return {};
}

bool is_plain(const std::string& text) {
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) {
      return false;
    }
  }
  return true;
}

// The workload chose its names: none of them is to reach a terminal or a document as a control
// sequence.
void drop_strange_names(bpf::Observed& observed) {
  const size_t strange =
      std::erase_if(observed.rows, [](const bpf::ObservedRow& row) { return !is_plain(row.key); });
  if (strange != 0) {
    observed.lost.push_back(concat(strange, " names with control characters are left out"));
  }
}

class Watch {
 public:
  explicit Watch(pid_t child) : child_(child) {}

  // Until the command and everything that it has started are gone, or until a signal that arrives
  // behind the command's end. The command's exit status.
  Result<int> until_end(bpf::Recording& recording) {
    const sigset_t set = watched_signals();
    const timespec pause{0, kPollNanoseconds};
    while (true) {
      const int signal = ::sigtimedwait(&set, nullptr, &pause);
      reap();
      if (signal > 0 && signal != SIGCHLD) {
        if (ended_) {
          return status_;
        }
        ::kill(child_, signal);
      }
      if (ended_) {
        TRY_ASSIGN(const bool more, recording.is_running());
        if (!more) {
          return status_;
        }
      }
    }
  }

  void reap() {
    int status = 0;
    if (!ended_ && ::waitpid(child_, &status, WNOHANG) == child_) {
      ended_ = true;
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
    }
  }

 private:
  pid_t child_;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace

Result<Watched> watch_run(const WatchRequest& request) {
  Watched watched;
  TRY(check_output(request));
  TRY_ASSIGN(watched.run, describe_run(request));
  const sigset_t set = watched_signals();
  sigset_t before;
  // Before anything is started: what ^C ends is the container, not what is known of it.
  ::sigprocmask(SIG_BLOCK, &set, &before);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  UniqueFd wait_end(ends[0]), go_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return Error::system(errno, "fork");
  }
  if (child == 0) {
    go_end.reset();
    run_inner(request, wait_end.release(), before);
  }
  wait_end.reset();
  Watch watch(child);
  Result<bpf::Recording> recording = bpf::Recording::start(child, request.refusals);
  if (!recording) {
    go_end.reset();
    return std::move(recording).error().add_context(
        concat("profile ", request.word, ": needs CAP_BPF and CAP_PERFMON on the host and a kernel with BTF"));
  }
  const time_t start = ::time(nullptr);
  TRY(write_all(go_end.get(), "g", "pipe"));
  TRY_ASSIGN(watched.status, watch.until_end(*recording));
  watched.run.seconds = static_cast<uint64_t>(::time(nullptr) - start);
  TRY_ASSIGN(watched.observed, recording->read());
  drop_strange_names(watched.observed);
  watched.run.sessions = watched.observed.sessions;
  for (const bpf::ObservedRow& row : watched.observed.rows) {
    if (row.section == "programs" && row.key.ends_with("/redoubt-vm")) {
      return Error::unsupported(concat("profile ",
                                       request.word,
                                       ": the container ran in a virtual machine, which is not looked "
                                       "into; run it with io.redoubt.isolation=host"));
    }
  }
  return watched;
}

policy::Recording rows_of(const bpf::Observed& observed, bool refused) {
  policy::Recording recording;
  for (const bpf::ObservedRow& row : observed.rows) {
    for (const policy::SectionInfo& info : policy::section_table()) {
      if (info.name == row.section && (refused ? row.refused : row.at_start || row.when_steady)) {
        recording.add(info.section, {row.key, row.access, refused || row.at_start, row.when_steady});
      }
    }
  }
  recording.settle();
  return recording;
}

}  // namespace redoubt::cli
