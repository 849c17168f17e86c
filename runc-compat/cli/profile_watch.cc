#include "runc-compat/cli/profile_watch.h"

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "runc-compat/cli/command_line.h"
#include "runc-compat/cli/held_process.h"
#include "runc-compat/cli/ready_command.h"
#include "runc-compat/launch/recording_document.h"

namespace redoubt::cli {
namespace {

constexpr size_t kMaxConfig = size_t{16} << 20;

bool records(std::string_view verb) {
  return verb == "run" || verb == "create" || verb == "exec";
}

// As far as they can be read: `run` itself says what is wrong with them.
std::map<std::string, std::string> annotations_of(const std::string& bundle) {
  std::map<std::string, std::string> annotations;
  const Result<std::string> text = read_file(bundle + "/config.json", kMaxConfig);
  const Result<json::Value> config =
      text ? json::parse(*text, "config.json") : Result<json::Value>(text.error());
  const json::Value* found = config ? config->find("annotations") : nullptr;
  if (found == nullptr || !found->is_object()) {
    return annotations;
  }
  for (const json::Member& member : found->as_object()) {
    if (member.value.is_string()) {
      annotations[member.key] = member.value.as_string();
    }
  }
  return annotations;
}

struct WatchedCommand {
  policy::RecordedRun run;
  std::string id;
};

// Checks the command before anything is loaded for it.
Result<WatchedCommand> describe_command(const WatchRequest& request) {
  const std::vector<std::string_view> words(request.command.begin(), request.command.end());
  const CommandLine line = parse_command_line(words, request.call.globals.argv0);
  if (line.error) {
    return *line.error;
  }
  if (line.action != Action::kRunVerb || !records(line.verb->name)) {
    return Error::invalid(concat(
        "profile ", request.word, ": give the command, one of run, create and exec, behind \"--\""));
  }
  const bool has_bundle = line.verb->name != "exec";
  return WatchedCommand{
      launch::begin_run(request.command,
                        has_bundle ? annotations_of(line.arguments.text("bundle"))
                                   : std::map<std::string, std::string>()),
      line.arguments.positional().at(0)};
}

// The command's exit status.
Result<int> until_end(const WatchSession& session,
                      HeldProcess& command,
                      ReadyCommand& ready,
                      bpf::Recording& recording) {
  while (true) {
    const std::optional<int> signal = session.next_signal();
    const std::optional<int> status = command.poll();
    if (signal && status) {
      return *status;
    }
    if (signal) {
      ::kill(command.pid(), *signal);
    }
    TRY(ready.poll(recording));
    if (status) {
      TRY_ASSIGN(const bool more, recording.is_running());
      if (!more) {
        return *status;
      }
    }
  }
}

}  // namespace

Result<Watched> watch_run(const WatchRequest& request) {
  TRY_ASSIGN(WatchSession session, WatchSession::begin(request.call, request.word));
  TRY_ASSIGN(WatchedCommand described, describe_command(request));
  const Globals& globals = request.call.globals;
  TRY_ASSIGN(HeldProcess command,
             HeldProcess::start(
                 {.globals = globals, .words = request.command, .mask = session.mask(), .before = request.before}));
  ReadyCommand ready(globals, described.id, request.ready_command, session.mask());
  TRY_ASSIGN(bpf::Recording recording,
             session.start_recording({.tracked = command.pid(),
                                      .refusals = request.refusals,
                                      .ready_by_command = ready.is_given()}));
  TRY(command.release());
  Watched watched;
  watched.run = std::move(described.run);
  TRY_ASSIGN(watched.status, until_end(session, command, ready, recording));
  TRY(session.finish(recording, watched));
  if (const auto gap = ready.gap()) {
    watched.observed.lost.push_back(*gap);
  }
  return watched;
}

}  // namespace redoubt::cli
