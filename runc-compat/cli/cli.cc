#include "runc-compat/cli/cli.h"

#include <unistd.h>

#include <utility>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "runc-compat/cli/command_line.h"
#include "runc-compat/cli/global_flags.h"
#include "runc-compat/cli/help.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/version.h"

namespace redoubt::cli {
namespace {

constexpr int kUsageStatus = 1;
constexpr int kUnknownCommandStatus = 3;

int print_and_exit(std::string_view text) {
  const Status printed = print(text);
  return printed ? 0 : report_failure(printed.error(), kUsageStatus);
}

std::string help_text(const CommandLine& line, std::string_view program) {
  return line.verb == nullptr ? root_help(program) : verb_help(program, *line.verb);
}

// What was wrong goes to stderr, how it should be to stdout, and the last word is the log's.
int report_usage(const CommandLine& line, std::string_view program) {
  const bool bad_flag = line.action == Action::kBadFlag;
  std::string head = "Incorrect Usage.\n\n";
  if (bad_flag) {
    ignore(write_all(STDERR_FILENO,
                     concat("Incorrect Usage: ", log::printable(line.error->message()), "\n\n"),
                     "/dev/stderr"),
           "the log gets it as well");
    head.clear();
  }
  ignore(print(head + help_text(line, program)), "the error itself is still to be reported");
  return report_failure(*line.error, kUsageStatus);
}

int run_verb(const CommandLine& line, std::string_view argv0) {
  const Result<Globals> globals = resolve_globals(line.globals, argv0, host_environment());
  if (!globals) {
    return report_failure(globals.error(), kUsageStatus);
  }
  const Result<int> status = line.verb->run(*globals, line.arguments);
  return status ? *status : report_failure(status.error(), line.verb->failure_status);
}

Status configure_log(const CommandLine& line, std::string_view program) {
  const bool quiet = line.verb != nullptr && line.verb->quiet;
  TRY_ASSIGN(log::Config config, resolve_log(line.globals, program, quiet));
  return log::configure(std::move(config));
}

}  // namespace

int run_command_line(std::string_view argv0, std::span<const std::string_view> words) {
  const std::string_view program = base_name(argv0);
  const CommandLine line = parse_command_line(words, argv0);
  switch (line.action) {
    case Action::kVersion:
      return print_and_exit(version_text(program));
    case Action::kRootHelp:
    case Action::kVerbHelp:
      return print_and_exit(help_text(line, program));
    case Action::kRunVerb:
    case Action::kUnknownVerb:
    case Action::kBadFlag:
    case Action::kBadCount:
      break;
  }
  if (const Status configured = configure_log(line, program); !configured) {
    return report_failure(configured.error(), kUsageStatus);
  }
  if (line.action == Action::kUnknownVerb) {
    return report_failure(Error::invalid(concat("No help topic for '", line.unknown_name, "'")),
                          kUnknownCommandStatus);
  }
  if (line.action != Action::kRunVerb) {
    return report_usage(line, program);
  }
  return run_verb(line, argv0);
}

}  // namespace redoubt::cli
