#include "runc-compat/launch/recording_document.h"

#include <sys/utsname.h>
#include <time.h>

#include <algorithm>

#include "base/str.h"
#include "base/utc_time.h"

namespace redoubt::launch {
namespace {

constexpr const char* kImageKeys[] = {"org.opencontainers.image.digest",
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
constexpr const char* kNotSeenOfRunning = "what was opened before the recording began, and is only read and written since";

bool is_plain(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

policy::RecordedRun begin_run(std::vector<std::string> command, const std::map<std::string, std::string>& annotations) {
  policy::RecordedRun run;
  run.command = std::move(command);
  utsname system{};
  ::uname(&system);
  run.kernel = system.release;
  run.started = utc_time(::time(nullptr)) + "Z";
  for (const char* key : kImageKeys) {
    const auto found = annotations.find(key);
    if (found != annotations.end()) {
      run.image = found->second;
      break;
    }
  }
  return run;
}

void drop_strange_names(bpf::Observed& observed) {
  const size_t strange =
      std::erase_if(observed.rows, [](const bpf::ObservedRow& row) { return !is_plain(row.key); });
  if (strange != 0) {
    observed.lost.push_back(concat(strange, " names with control characters are left out"));
  }
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

policy::Recording recording_of(const bpf::Observed& observed, policy::RecordedRun run) {
  policy::Recording recording = rows_of(observed, false);
  recording.lost = observed.lost;
  recording.not_seen.assign(std::begin(kNotSeen), std::end(kNotSeen));
  if (!run.start_seen) {
    recording.not_seen.emplace_back(kNotSeenOfRunning);
  }
  recording.not_seen.insert(recording.not_seen.end(), observed.not_seen.begin(), observed.not_seen.end());
  run.sessions = observed.sessions;
  recording.runs.push_back(std::move(run));
  recording.privileged_execs = observed.privileged_execs;
  recording.foreign_architecture = observed.foreign_architecture;
  return recording;
}

}  // namespace redoubt::launch
