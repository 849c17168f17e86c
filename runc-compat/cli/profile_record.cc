// profile record: runs another verb of this program and writes down what the container does.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/utc_time.h"
#include "bpf/recorder.h"
#include "runc-compat/cli/cli.h"
#include "runc-compat/cli/command_line.h"
#include "runc-compat/cli/profile_call.h"

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

// What no recording of this kind can know.
constexpr const char* kNotSeen[] = {
    "system calls that the policy in force denied",
    "what was opened before the program started and handed in (stdio, preserved descriptors)",
    "files that were looked up, stat(2)ed or changed in owner, mode or times without being opened",
    "addresses of sockets that are neither IPv4 nor IPv6",
};

bool records(std::string_view verb) {
  return verb == "run" || verb == "create" || verb == "exec";
}

std::vector<std::string> inner_command(const ProfileCall& call) {
  std::vector<std::string> words = {"--root", call.globals.runtime.root};
  if (call.globals.runtime.systemd_cgroup) {
    words.emplace_back("--systemd-cgroup");
  }
  if (call.globals.debug) {
    words.emplace_back("--debug");
  }
  words.insert(words.end(), call.words.begin(), call.words.end());
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

// Checks the command to be recorded before anything is loaded for it.
Result<policy::RecordedRun> describe_run(const ProfileCall& call) {
  const std::vector<std::string_view> words(call.words.begin(), call.words.end());
  const CommandLine line = parse_command_line(words, call.globals.argv0);
  if (line.error) {
    return *line.error;
  }
  if (line.action != Action::kRunVerb || !records(line.verb->name)) {
    return Error::invalid(
        "profile record: give the command to be recorded, one of run, create and exec, behind \"--\"");
  }
  policy::RecordedRun run;
  run.command = call.words;
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
[[noreturn]] void run_inner(const ProfileCall& call, int start_fd, const sigset_t& mask) {
  char go = 0;
  if (::read(start_fd, &go, 1) != 1) {
    ::_exit(1);
  }
  ::close(start_fd);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  const std::vector<std::string> command = inner_command(call);
  const std::vector<std::string_view> words(command.begin(), command.end());
  ::_exit(run_command_line(call.globals.argv0, words));
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

bool is_plain(const std::string& text) {
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) {
      return false;
    }
  }
  return true;
}

policy::Recording recording_of(const bpf::Observed& observed, policy::RecordedRun run) {
  policy::Recording recording;
  recording.lost = observed.lost;
  recording.not_seen.assign(std::begin(kNotSeen), std::end(kNotSeen));
  recording.not_seen.insert(
      recording.not_seen.end(), observed.not_seen.begin(), observed.not_seen.end());
  run.sessions = observed.sessions;
  recording.runs.push_back(std::move(run));
  recording.privileged_execs = observed.privileged_execs;
  recording.foreign_architecture = observed.foreign_architecture;
  size_t strange = 0;
  for (const bpf::ObservedRow& row : observed.rows) {
    for (const policy::SectionInfo& info : policy::section_table()) {
      if (info.name != row.section) {
        continue;
      }
      if (is_plain(row.key)) {
        recording.add(info.section, {row.key, row.access, row.at_start, row.when_steady});
      } else {
        ++strange;
      }
    }
  }
  if (strange != 0) {
    recording.lost.push_back(concat(strange, " names with control characters are left out"));
  }
  recording.settle();
  return recording;
}

std::string summary_of(const policy::Recording& recording, const std::string& path) {
  using policy::Section;
  std::string text = concat("recorded ",
                            recording[Section::kSyscalls].size(),
                            " system calls, ",
                            recording[Section::kFiles].size(),
                            " files, ",
                            recording[Section::kConnect].size() + recording[Section::kBind].size(),
                            " endpoints, ",
                            recording[Section::kCapabilities].size(),
                            " capabilities: ",
                            path);
  for (const std::string& loss : recording.lost) {
    text += concat("\nnot complete: ", loss);
  }
  return text + "\n";
}

bool is_machine(const policy::Recording& recording) {
  for (const policy::Seen& program : recording[policy::Section::kPrograms]) {
    if (program.key.ends_with("/redoubt-vm")) {
      return true;
    }
  }
  return false;
}

}  // namespace

// A run is not to end in a recording that cannot be kept.
Status check_output(const std::string& path) {
  if (path.empty()) {
    return Error::invalid("profile record: needs --output FILE");
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error::system(errno, concat("profile record: --output ", path, ": directory ", folder));
  }
  return {};
}

Result<int> profile_record(ProfileCall& call) {
  const std::string& path = call.arguments.text(kProfileOutputFlag);
  TRY(check_output(path));
  TRY_ASSIGN(policy::RecordedRun run, describe_run(call));
  const sigset_t set = watched_signals();
  sigset_t before;
  // Before anything is started: what ^C ends is the container, not its recording.
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
    run_inner(call, wait_end.release(), before);
  }
  wait_end.reset();
  Watch watch(child);
  Result<bpf::Recording> recording = bpf::Recording::start(child);
  if (!recording) {
    go_end.reset();
    return std::move(recording).error().add_context(
        "profile record: needs CAP_BPF and CAP_PERFMON on the host and a kernel with BTF");
  }
  const time_t start = ::time(nullptr);
  TRY(write_all(go_end.get(), "g", "pipe"));
  TRY_ASSIGN(const int status, watch.until_end(*recording));
  run.seconds = static_cast<uint64_t>(::time(nullptr) - start);
  TRY_ASSIGN(const bpf::Observed observed, recording->read());
  const policy::Recording document = recording_of(observed, std::move(run));
  if (is_machine(document)) {
    return Error::unsupported(
        "profile record: the container ran in a virtual machine, which is not looked into; record it "
        "with io.redoubt.isolation=host");
  }
  TRY(write_output(call, policy::write_recording(document)));
  ignore(write_all(STDERR_FILENO, summary_of(document, path), "stderr"), "only to look at");
  return status;
}

}  // namespace redoubt::cli
