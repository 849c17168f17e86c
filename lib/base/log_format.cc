#include "base/log_format.h"

#include <cstdint>

#include "base/json.h"
#include "base/str.h"
#include "base/utc_time.h"

namespace redoubt::log {
namespace {

std::string rfc3339(time_t time) {
  return utc_time(time) + 'Z';
}

// logrus leaves a value bare when it holds only letters, digits and these.
std::string text_value(std::string_view value) {
  constexpr std::string_view kBare =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+";
  return value.find_first_not_of(kBare) == std::string_view::npos ? std::string(value)
                                                                  : quote(value);
}

std::string caller_function(const Caller& caller) {
  return concat(caller.function, "()");
}

std::string caller_file(const Caller& caller) {
  const std::string_view path = caller.file;
  return concat(path.substr(path.rfind('/') + 1), ":", caller.line);  // npos + 1 == 0
}

int syslog_severity(Level level) {
  switch (level) {
    case Level::kDebug:
      return 7;
    case Level::kInfo:
      return 6;
    case Level::kWarning:
      return 4;
    case Level::kError:
      break;
  }
  return 3;
}

}  // namespace

std::string_view level_name(Level level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<int>(level)];
}

std::string format_text(const Record& record) {
  std::string line = concat("time=\"",
                            rfc3339(record.time),
                            "\" level=",
                            level_name(record.level),
                            " msg=",
                            text_value(record.message));
  if (record.caller != nullptr) {
    line += concat(" func=",
                   quote(caller_function(*record.caller)),
                   " file=",
                   quote(caller_file(*record.caller)));
  }
  return line + '\n';
}

std::string format_json(const Record& record) {
  json::Value object(json::Object{});
  if (record.caller != nullptr) {
    object.set("file", caller_file(*record.caller));
    object.set("func", caller_function(*record.caller));
  }
  object.set("level", level_name(record.level));
  object.set("msg", record.message);
  object.set("time", rfc3339(record.time));
  return json::dump(object) + '\n';
}

std::string format_terminal(const Record& record, std::string_view program) {
  const std::string_view kind = record.level == Level::kError ? "" : level_name(record.level);
  return concat(program, ": ", kind, kind.empty() ? "" : ": ", printable(record.message), '\n');
}

std::string format_syslog(const Record& record, std::string_view identifier) {
  constexpr int kFacilityDaemon = 3 << 3;
  return concat('<',
                kFacilityDaemon | syslog_severity(record.level),
                '>',
                identifier,
                ": ",
                printable(record.message));
}

std::string format_journal(const Record& record, std::string_view identifier) {
  std::string datagram = "MESSAGE\n";
  uint64_t length = record.message.size();
  for (int i = 0; i < 8; ++i, length >>= 8) {
    datagram += static_cast<char>(length & 0xff);
  }
  return concat(datagram,
                record.message,
                "\nPRIORITY=",
                syslog_severity(record.level),
                "\nSYSLOG_IDENTIFIER=",
                identifier,
                '\n');
}

std::string printable(std::string_view text) {
  std::string out;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool kept = i < text.size() &&
                      (text[i] == '\n' || text[i] == '\t' || text[i] == '"' || text[i] == '\\');
    if (i < text.size() && !kept) {
      continue;
    }
    // quote() escapes nothing in a run of printable text, so the quotes around it are all that it
    // adds.
    const std::string run = quote(text.substr(start, i - start));
    out.append(run, 1, run.size() - 2);
    if (kept) {
      out += text[i];
    }
    start = i + 1;
  }
  return out;
}

}  // namespace redoubt::log
