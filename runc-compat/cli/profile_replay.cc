// profile replay: runs a container under a profile, whatever its annotations say, and tells what was refused, by which rule, and what would have to be
// added.
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "policy/authoring/replay.h"
#include "policy/document/write_document.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/profile_watch.h"
#include "runc-compat/launch/recording_document.h"

namespace redoubt::cli {
namespace {

std::vector<policy::Operation> refused_operations(bpf::Observed observed) {
  for (bpf::ObservedRow& row : observed.rows) {
    // What is to be made or removed needs its directory: the name itself is not there when a container starts.
    const size_t slash = row.key.rfind('/');
    if (row.section == "files" && row.access.find('c') != std::string::npos && slash != std::string::npos && slash != 0) {
      row.key.resize(slash);
    }
  }
  return policy::operations_of(launch::rows_of(observed, true));
}

json::Value to_json(const policy::ReplayRow& row) {
  json::Value out;
  out.set("operation", operation_text(row.operation)).set("denied", !row.judgement.allowed);
  out.set("field", row.judgement.field).set("rule", row.judgement.place).set("reason", row.judgement.reason);
  return out.set("proposal", row.proposal);
}

Status show(const ProfileCall& call, const policy::Replay& replay) {
  std::vector<std::vector<Cell>> cells;
  json::Value out{json::Array()};
  for (const policy::ReplayRow& row : replay.rows) {
    const bool denied = !row.judgement.allowed;
    cells.push_back({{operation_text(row.operation), Colour::kBold},
                     {denied ? row.judgement.field : "not the profile", denied ? Colour::kBad : Colour::kFaint},
                     {row.judgement.place, Colour::kFaint},
                     {row.proposal, Colour::kWarn},
                     {row.judgement.reason}});
    out.push(to_json(row));
  }
  if (!call.arguments.text(kProfileReportFlag).empty()) {
    TRY(write_output(call, json::dump(out, json::Layout::kIndent2) + "\n", kProfileReportFlag));
  } else if (call.as_json()) {
    return print_json(out);
  }
  // The container has said its own on stdout.
  const std::string table = cells.empty() ? "nothing was refused\n" : format_report({"REFUSED", "BY", "RULE", "PROPOSAL", "WHY"}, cells, call.style);
  return write_all(STDERR_FILENO, table, "stderr");
}

}  // namespace

Result<int> profile_replay(ProfileCall& call) {
  const std::string& word = call.words[0];
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, word));
  TRY_ASSIGN(policy::SourceText source, open_source(call.files, word));
  WatchRequest request{call, "replay", {call.words.begin() + 1, call.words.end()}, true};
  request.before = [&] { launch::PolicyFiles::impose(documents.raw.name, source); };
  TRY_ASSIGN(const Watched watched, watch_run(request));
  for (const std::string& loss : watched.observed.lost) {
    log::warning(concat("profile replay: not complete: ", loss));
  }
  const policy::Replay replay = policy::replay(documents.raw, documents.inherited, refused_operations(watched.observed));
  TRY(show(call, replay));
  if (!call.arguments.text(kProfileOutputFlag).empty()) {
    TRY(write_output(call, json::dump(policy::to_json(replay.amended), json::Layout::kIndent2) + "\n"));
  }
  const bool passes = replay.denied == 0 && watched.observed.lost.empty();
  return watched.status != 0 ? watched.status : passes ? 0 : 1;
}

}  // namespace redoubt::cli
