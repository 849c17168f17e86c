#include "runc-compat/cli/ready_command.h"

#include "base/json.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

// Between the end of one try and the next.
constexpr unsigned kPause = 2;

}  // namespace

Result<std::vector<std::string>> parse_ready_command(const std::string& text) {
  if (!text.starts_with('[')) {
    return text.empty() ? std::vector<std::string>() : std::vector<std::string>{"/bin/sh", "-c", text};
  }
  TRY_ASSIGN(const json::Value value, json::parse(text, "profile record: --ready-cmd"));
  std::vector<std::string> words;
  for (const json::Value& word : value.as_array()) {
    words.push_back(word.is_string() ? word.as_string() : "");
  }
  if (words.empty() || words.front().empty()) {
    return Error::invalid("profile record: --ready-cmd: an array must have one text or more, as [\"/bin/probe\", \"-q\"]");
  }
  return words;
}

ReadyCommand::ReadyCommand(const Globals& globals,
                           const std::string& id,
                           const std::vector<std::string>& words,
                           const sigset_t& mask)
    : command_{.globals = globals, .words = {}, .mask = mask, .silent = true} {
  if (!words.empty()) {
    command_.words = {"exec", id};
    command_.words.insert(command_.words.end(), words.begin(), words.end());
  }
}

ReadyCommand::~ReadyCommand() {
  if (process_) {
    process_->end();
  }
}

Status ReadyCommand::poll(bpf::Recording& recording) {
  if (!is_given() || succeeded_) {
    return {};
  }
  if (process_) {
    const std::optional<int> status = process_->poll();
    if (status) {
      process_.reset();
      looks_left_ = kPause;
      succeeded_ = *status == 0;
    }
    return succeeded_ ? recording.set_steady() : Status();
  }
  if (looks_left_ > 0) {
    --looks_left_;
    return {};
  }
  TRY_ASSIGN(HeldProcess process, HeldProcess::start(command_));
  TRY(recording.ignore(process.pid()));
  process_ = std::move(process);
  return process_->release();
}

std::optional<std::string> ReadyCommand::gap() const {
  return is_given() && !succeeded_ ? std::optional<std::string>("--ready-cmd never ended with 0: the steady phase was not seen")
                                   : std::nullopt;
}

}  // namespace redoubt::cli
