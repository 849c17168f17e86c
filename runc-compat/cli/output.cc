#include "runc-compat/cli/output.h"

#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"

namespace redoubt::cli {

Status print(std::string_view text) {
  return write_all(STDOUT_FILENO, text, "/dev/stdout");
}

int report_failure(const Error& error, int exit_status) {
  log::error(error.message());
  if (!log::goes_to_stderr()) {
    ignore(write_all(STDERR_FILENO, concat(log::printable(error.message()), "\n"), "/dev/stderr"),
           "the log has it");
  }
  return exit_status;
}

}  // namespace redoubt::cli
