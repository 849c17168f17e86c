#include "runc-compat/cli/watch_session.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "runc-compat/launch/recording_document.h"

namespace redoubt::cli {
namespace {

constexpr long kPollNanoseconds = 100'000'000;

sigset_t watched_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    ::sigaddset(&set, signal);
  }
  return set;
}

Status check_output(const ProfileCall& call, std::string_view word, std::string_view flag) {
  const std::string& path = call.arguments.text(flag);
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (!path.empty() && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error::system(
        errno, concat("profile ", word, ": --", flag, " ", path, ": directory ", folder));
  }
  return {};
}

}  // namespace

Result<WatchSession> WatchSession::begin(const ProfileCall& call, std::string_view word) {
  TRY(check_output(call, word, kProfileOutputFlag));
  TRY(check_output(call, word, kProfileReportFlag));
  WatchSession session(word);
  const sigset_t set = watched_signals();
  ::sigprocmask(SIG_BLOCK, &set, &session.mask_);
  session.start_ = ::time(nullptr);
  return session;
}

Result<bpf::Recording> WatchSession::start_recording(const bpf::RecordRequest& request) const {
  Result<bpf::Recording> recording = bpf::Recording::start(request);
  if (!recording) {
    return std::move(recording).error().add_context(
        concat("profile ", word_, ": needs CAP_BPF and CAP_PERFMON on the host and a kernel with BTF"));
  }
  return recording;
}

std::optional<int> WatchSession::next_signal() const {
  const sigset_t set = watched_signals();
  const timespec pause{0, kPollNanoseconds};
  const int signal = ::sigtimedwait(&set, nullptr, &pause);
  return signal > 0 && signal != SIGCHLD ? std::optional<int>(signal) : std::nullopt;
}

Status WatchSession::finish(bpf::Recording& recording, Watched& watched) const {
  watched.run.seconds = static_cast<uint64_t>(::time(nullptr) - start_);
  TRY_ASSIGN(watched.observed, recording.read());
  launch::drop_strange_names(watched.observed);
  for (const bpf::ObservedRow& row : watched.observed.rows) {
    if (row.section == "programs" && row.key.ends_with("/redoubt-vm")) {
      return Error::unsupported(concat("profile ",
                                       word_,
                                       ": the container ran in a virtual machine, which is not looked "
                                       "into; run it with io.redoubt.isolation=host"));
    }
  }
  return {};
}

}  // namespace redoubt::cli
