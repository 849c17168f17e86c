// profile record: runs another verb of this program, or looks at a container that is there, and writes down what it does.
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/cli/profile_attach.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/profile_watch.h"
#include "runc-compat/cli/ready_command.h"
#include "runc-compat/launch/recording_document.h"

namespace redoubt::cli {
namespace {

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
  for (const std::string& gap : recording.gaps()) {
    text += concat("\nnot complete: ", gap);
  }
  return text + "\n";
}

Result<Watched> watch(const ProfileCall& call) {
  TRY_ASSIGN(const std::vector<std::string> ready,
             parse_ready_command(call.arguments.text(kProfileReadyFlag)));
  const std::string& container = call.arguments.text(kProfileContainerFlag);
  const bool has_time = call.arguments.is_set(kProfileForFlag);
  const int64_t nanoseconds = call.arguments.number(kProfileForFlag);
  if (container.empty() == call.words.empty()) {
    return Error::invalid("profile record: needs either --container ID or a command behind \"--\"");
  }
  if (container.empty()) {
    return has_time ? Result<Watched>(Error::invalid("profile record: --for is for --container; a command has an end of its own"))
                    : watch_run({.call = call, .word = "record", .command = call.words, .ready_command = ready});
  }
  if (has_time && nanoseconds <= 0) {
    return Error::invalid("profile record: --for must be greater than 0, such as 30s or 5m");
  }
  return watch_container({.call = call, .id = container, .nanoseconds = nanoseconds, .ready_command = ready});
}

}  // namespace

Result<int> profile_record(ProfileCall& call) {
  const std::string& path = call.arguments.text(kProfileOutputFlag);
  if (path.empty()) {
    return Error::invalid("profile record: needs --output FILE");
  }
  TRY_ASSIGN(const Watched watched, watch(call));
  const policy::Recording document = launch::recording_of(watched.observed, watched.run);
  TRY(write_output(call, policy::write_recording(document)));
  ignore(write_all(STDERR_FILENO, summary_of(document, path), "stderr"), "only to look at");
  return watched.status;
}

}  // namespace redoubt::cli
