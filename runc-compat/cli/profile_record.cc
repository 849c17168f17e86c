// profile record: runs another verb of this program and writes down what the container does.
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/profile_watch.h"

namespace redoubt::cli {
namespace {

// What no recording of this kind can know.
constexpr const char* kNotSeen[] = {
    "system calls that the policy in force denied",
    "what was opened before the program started and handed in (stdio, preserved descriptors)",
    "files that were looked up, stat(2)ed or changed in owner, mode or times without being opened",
    "addresses of sockets that are neither IPv4 nor IPv6",
};

policy::Recording recording_of(const bpf::Observed& observed, const policy::RecordedRun& run) {
  policy::Recording recording = rows_of(observed, false);
  recording.lost = observed.lost;
  recording.not_seen.assign(std::begin(kNotSeen), std::end(kNotSeen));
  recording.not_seen.insert(
      recording.not_seen.end(), observed.not_seen.begin(), observed.not_seen.end());
  recording.runs.push_back(run);
  recording.privileged_execs = observed.privileged_execs;
  recording.foreign_architecture = observed.foreign_architecture;
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

}  // namespace

Result<int> profile_record(ProfileCall& call) {
  const std::string& path = call.arguments.text(kProfileOutputFlag);
  if (path.empty()) {
    return Error::invalid("profile record: needs --output FILE");
  }
  TRY_ASSIGN(const Watched watched, watch_run({call, "record", call.words}));
  const policy::Recording document = recording_of(watched.observed, watched.run);
  TRY(write_output(call, policy::write_recording(document)));
  ignore(write_all(STDERR_FILENO, summary_of(document, path), "stderr"), "only to look at");
  return watched.status;
}

}  // namespace redoubt::cli
