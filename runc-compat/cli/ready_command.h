// ReadyCommand: --ready-cmd of profile record. The command is let into the container again and again, as health checks of
// engines are, until it ends with 0; then the start is over. What it does itself is not recorded.
#ifndef REDOUBT_CLI_READY_COMMAND_H_
#define REDOUBT_CLI_READY_COMMAND_H_

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/recorder.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/held_process.h"

namespace redoubt::cli {

// For /bin/sh -c, or a JSON array of words that is executed as it stands. An empty text: no words.
Result<std::vector<std::string>> parse_ready_command(const std::string& text);

class ReadyCommand {
 public:
  // No words: the start ends otherwise, and nothing is run.
  ReadyCommand(const Globals& globals, const std::string& id, const std::vector<std::string>& words, const sigset_t& mask);
  ReadyCommand(const ReadyCommand&) = delete;
  ReadyCommand& operator=(const ReadyCommand&) = delete;
  ~ReadyCommand();

  bool is_given() const { return !command_.words.empty(); }
  // One look every now and then: starts the command, or sees how it has ended.
  Status poll(bpf::Recording& recording);
  // What the recording lacks when it never ended with 0.
  std::optional<std::string> gap() const;

 private:
  HeldCommand command_;
  std::optional<HeldProcess> process_;
  bool succeeded_ = false;
  unsigned looks_left_ = 0;  // until the next try
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_READY_COMMAND_H_
