// profile record: runs another verb of this program and writes down what the container does.
#include <errno.h>
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

bool is_plain(const std::string& text) {
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) {
      return false;
    }
  }
  return true;
}

policy::Recording recording_of(const bpf::Observed& observed, const policy::RecordedRun& run) {
  policy::Recording recording;
  recording.lost = observed.lost;
  recording.not_seen.assign(std::begin(kNotSeen), std::end(kNotSeen));
  recording.not_seen.insert(
      recording.not_seen.end(), observed.not_seen.begin(), observed.not_seen.end());
  recording.runs.push_back(run);
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

}  // namespace

Result<int> profile_record(ProfileCall& call) {
  const std::string& path = call.arguments.text(kProfileOutputFlag);
  TRY(check_output(path));
  TRY_ASSIGN(const Watched watched, watch_run({call, "record", call.words}));
  const policy::Recording document = recording_of(watched.observed, watched.run);
  TRY(write_output(call, policy::write_recording(document)));
  ignore(write_all(STDERR_FILENO, summary_of(document, path), "stderr"), "only to look at");
  return watched.status;
}

}  // namespace redoubt::cli
