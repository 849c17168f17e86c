#include "runc-compat/launch/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "bpf/recorder.h"
#include "runc-compat/launch/recording_directory.h"
#include "runc-compat/launch/recording_document.h"
#include "runc-compat/state/recording_outcome.h"
#include "sandbox/pidfd.h"

namespace redoubt::launch {
namespace {

constexpr timespec kPollPause{0, 500'000'000};
constexpr int kFinishTimeoutMs = 10'000;
constexpr size_t kMaxAnswer = 4096;
constexpr std::string_view kReady = "ready";

struct Recorder {
  const RecordingDirectory& directory;
  std::string name;
  policy::RecordedRun run;
  pid_t creator;
  UniqueFd state;  // the container's directory, without its lock
  UniqueFd answer;
};

// The engine waits for the end of its pipes, and the lock of the container is not ours.
void close_all_but(std::array<int, 4> kept) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(null.get(), fd);
  }
  std::sort(kept.begin(), kept.end());
  auto first = static_cast<unsigned>(STDERR_FILENO) + 1;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > first) {
      ::close_range(first, static_cast<unsigned>(fd) - 1, 0);
    }
    first = static_cast<unsigned>(fd) + 1;
  }
  ::close_range(first, ~0U, 0);
}

Status detach(const Recorder& recorder) {
  if (::setsid() < 0 || ::chdir("/") != 0) {
    return Error::system(errno, "leave the session and the directory");
  }
  ::prctl(PR_SET_NAME, "redoubt-record");
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ignore(log::configure({}), "stderr cannot fail");
  close_all_but({recorder.directory.fd(), recorder.directory.place_fd(), recorder.state.get(), recorder.answer.get()});
  return {};
}

// The workload's end, a container that was never made, or `delete`.
Status wait_for_end(const Recorder& recorder, bpf::Recording& recording) {
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  bool has_begun = false;
  while (::sigtimedwait(&term, nullptr, &kPollPause) != SIGTERM) {
    TRY_ASSIGN(const bool is_running, recording.is_running());
    if (!is_running && (has_begun || ::getppid() != recorder.creator)) {
      break;
    }
    has_begun |= is_running;
  }
  return {};
}

// What became of it, in words.
Result<std::string> write_down(Recorder& recorder, bpf::Recording& recording, time_t start) {
  TRY(wait_for_end(recorder, recording));
  TRY_ASSIGN(bpf::Observed observed, recording.read());
  if (observed.rows.empty()) {
    return std::string("nothing has run");
  }
  drop_strange_names(observed);
  recorder.run.seconds = static_cast<uint64_t>(::time(nullptr) - start);
  const policy::Recording document = recording_of(observed, recorder.run);
  const std::string text = policy::write_recording(document);
  if (text.size() > policy::kMaxRecordingBytes) {
    return Error::system(EFBIG, concat("a recording of ", text.size(), " bytes, which nothing would read"));
  }
  TRY_ASSIGN(const std::string path, recorder.directory.write(recorder.name, text));
  return concat("written to ", path, document.is_complete() ? "" : ", not complete: ", join(document.gaps(), "; "));
}

Result<bpf::Recording> begin(const Recorder& recorder) {
  TRY(detach(recorder));
  return bpf::Recording::start({.tracked = recorder.creator});
}

[[noreturn]] void serve(Recorder recorder) {
  const time_t start = ::time(nullptr);
  Result<bpf::Recording> recording = begin(recorder);
  ignore(write_all(recorder.answer.get(), recording ? std::string(kReady) : recording.error().message(), "pipe"),
         "the creator has gone, which is seen below");
  recorder.answer.reset();
  if (!recording) {
    ::_exit(1);
  }
  const Result<std::string> outcome = write_down(recorder, *recording, start);
  const std::string text = outcome ? *outcome : concat(state::kRecordingFailed, outcome.error().message());
  ignore(replace_file_at(recorder.state.get(), state::kRecordingFile, text, 0600), "the container was deleted");
  ::_exit(outcome ? 0 : 1);
}

Result<sandbox::ProcessIdentity> await_answer(pid_t child, int answer_fd) {
  Result<std::string> answer = read_all(answer_fd, kMaxAnswer, "answer of the recorder");
  if (answer && *answer == kReady) {
    return sandbox::identity_of(child);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  TRY(answer);
  return Error::unsupported(
      concat("this host cannot record (needs CAP_BPF and CAP_PERFMON on the host and a kernel with BTF): ", *answer));
}

Result<sandbox::ProcessIdentity> start(const plan::RecordingTarget& target,
                                       const state::ContainerDir& dir,
                                       policy::RecordedRun run) {
  TRY_ASSIGN(const RecordingDirectory directory, RecordingDirectory::open(target.directory));
  // Opened anew: a lock belongs to what was opened, and lasts as long as any copy of that.
  TRY_ASSIGN(UniqueFd state, open_at(dir.fd(), ".", O_RDONLY | O_DIRECTORY));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  UniqueFd ours(ends[0]), theirs(ends[1]);
  const pid_t creator = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return Error::system(errno, "fork");
  }
  if (child == 0) {
    serve({directory, target.name, std::move(run), creator, std::move(state), std::move(theirs)});
  }
  theirs.reset();
  return await_answer(child, ours.get());
}

// False: it is still there.
Result<bool> end_recorder(const state::Record& record) {
  TRY_ASSIGN(const std::string boot_id, sandbox::read_boot_id());
  if (boot_id != record.boot_id) {
    return true;
  }
  Result<sandbox::Pidfd> pidfd = sandbox::Pidfd::open_verified({record.recorder_pid, record.recorder_start_time});
  if (!pidfd) {
    return pidfd.error().err() == ESRCH ? Result<bool>(true) : std::move(pidfd).error();
  }
  const Status sent = pidfd->send_signal(SIGTERM);
  if (!sent) {
    return sent.error().err() == ESRCH ? Result<bool>(true) : sent.error();
  }
  TRY_ASSIGN(const bool ended, pidfd->wait_exit(kFinishTimeoutMs));
  if (!ended) {
    ignore(pidfd->send_signal(SIGKILL), "it has had its time");
  }
  return ended;
}

}  // namespace

Result<sandbox::ProcessIdentity> start_recorder(const plan::RecordingTarget& target,
                                                const state::ContainerDir& dir,
                                                policy::RecordedRun run) {
  Result<sandbox::ProcessIdentity> recorder = start(target, dir, std::move(run));
  return recorder ? std::move(recorder) : std::move(recorder).error().add_context("annotation io.redoubt.record");
}

void finish_recorder(const state::ContainerDir& dir, const state::Record& record) {
  const Result<bool> ended = end_recorder(record);
  const std::string said = state::read_recording_outcome(dir);
  if (!ended || !*ended) {
    log::warning(concat("recording of ", record.id, ": the recorder does not end",
                        ended ? std::string() : concat(": ", ended.error().message())));
  } else if (said.empty()) {
    log::warning(concat("recording of ", record.id, ": the recorder has ended without writing it"));
  } else if (said.starts_with(state::kRecordingFailed)) {
    log::warning(concat("recording of ", record.id, " ", said));
  }
}

}  // namespace redoubt::launch
