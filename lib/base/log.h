// The log sink: one per process, configured once by the command line, used by everybody else
// through four functions.
//
// Each record is one write(2), because several runtimes append to one file and containerd gives up
// at a cut line. The libraries log nothing above debug; a warning is for what was ignored or
// weakened. Errors are returned, not logged: the command line logs the last one. Not thread-safe
// (the runtime has no threads) and never used between clone and execve.
#ifndef REDOUBT_BASE_LOG_H_
#define REDOUBT_BASE_LOG_H_

#include <string>
#include <string_view>

#include "base/log_format.h"
#include "base/result.h"

namespace redoubt::log {

struct Config {
  // Empty: stderr. Otherwise a path or "file:PATH" (created 0644, appended), "journald:IDENTIFIER"
  // or "syslog:IDENTIFIER".
  std::string destination;
  Format format = Format::kText;  // of stderr and files
  Level threshold = Level::kWarning;
  bool show_callers = false;
  std::string program = "redoubt";
};

// Opens the destination. On failure the sink stays as it was; until the first call it is stderr,
// text, warnings and errors.
Status configure(Config config);

bool enabled(Level level);

// True when records go to this process's stderr, so that nothing needs to be said there twice.
bool goes_to_stderr();

void write(Level level, std::string_view message, const Caller& caller);

// The default argument is evaluated where the function is called.
inline Caller here(const char* function = __builtin_FUNCTION(),
                   const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) {
  return {function, file, line};
}

inline void debug(std::string_view message, const Caller& caller = here()) {
  write(Level::kDebug, message, caller);
}
inline void info(std::string_view message, const Caller& caller = here()) {
  write(Level::kInfo, message, caller);
}
inline void warning(std::string_view message, const Caller& caller = here()) {
  write(Level::kWarning, message, caller);
}
inline void error(std::string_view message, const Caller& caller = here()) {
  write(Level::kError, message, caller);
}

}  // namespace redoubt::log

#endif  // REDOUBT_BASE_LOG_H_
