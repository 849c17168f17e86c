// The bytes of one log record. Pure functions, so that the forms which containerd, podman and CRI-O
// parse can be tested exactly.
//
// Text and JSON are logrus' forms: `time="2026-11-22T15:04:49Z" level=error msg="..."` and one JSON
// object a line with sorted keys; times are RFC 3339 in UTC with whole seconds. No form lets a
// control character of a hostile string through to a terminal.
#ifndef REDOUBT_BASE_LOG_FORMAT_H_
#define REDOUBT_BASE_LOG_FORMAT_H_

#include <time.h>

#include <string>
#include <string_view>

namespace redoubt::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

// Where a record comes from; shown with --debug only.
struct Caller {
  const char* function;
  const char* file;
  int line;
};

struct Record {
  Level level;
  std::string_view message;
  time_t time;
  const Caller* caller = nullptr;  // nullptr: no func and file fields
};

std::string_view level_name(Level level);

// With the newline.
std::string format_text(const Record& record);
std::string format_json(const Record& record);
// For a person at a terminal: "redoubt: container does not exist", "redoubt: warning: ...".
std::string format_terminal(const Record& record, std::string_view program);
// A datagram for /dev/log: RFC 3164 priority (facility daemon) and tag.
std::string format_syslog(const Record& record, std::string_view identifier);
// A datagram of journald's native protocol: length-prefixed MESSAGE, PRIORITY, SYSLOG_IDENTIFIER.
std::string format_journal(const Record& record, std::string_view identifier);

// Replaces what could steer a terminal (control characters but newline and tab, broken UTF-8) by
// \xNN.
std::string printable(std::string_view text);

}  // namespace redoubt::log

#endif  // REDOUBT_BASE_LOG_FORMAT_H_
