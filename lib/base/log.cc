#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::log {
namespace {

enum class Target { kStderr, kFile, kSyslog, kJournal };

struct Sink {
  Target target = Target::kStderr;
  Config config;
  std::string identifier;
  UniqueFd fd;
};

// The one mutable global of the program. Made at first use: no static initialiser, never destroyed.
Sink& sink() {
  static Sink& instance = *new Sink;
  return instance;
}

Result<UniqueFd> connect_datagram(const char* path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return Error::system(errno, "socket");
  }
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) != 0) {
    return Error::system(errno, concat("connect ", path));
  }
  return fd;
}

// "syslog:web" with the prefix "syslog:" gives "web".
bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

Status open_target(Sink& next) {
  std::string_view rest = next.config.destination;
  if (rest.empty()) {
    return {};
  }
  const bool journal = take_prefix(rest, "journald:");
  if (journal || take_prefix(rest, "syslog:")) {
    next.target = journal ? Target::kJournal : Target::kSyslog;
    next.identifier = rest.empty() ? next.config.program : rest;
    TRY_ASSIGN(next.fd, connect_datagram(journal ? "/run/systemd/journal/socket" : "/dev/log"));
    return {};
  }
  take_prefix(rest, "file:");
  next.target = Target::kFile;
  TRY_ASSIGN(next.fd,
             open_at(AT_FDCWD, std::string(rest), O_WRONLY | O_CREAT | O_APPEND | O_SYNC, 0644));
  return {};
}

std::string format(const Sink& to, const Record& record) {
  switch (to.target) {
    case Target::kSyslog:
      return format_syslog(record, to.identifier);
    case Target::kJournal:
      return format_journal(record, to.identifier);
    case Target::kStderr:
      if (to.config.format == Format::kText && ::isatty(STDERR_FILENO) != 0) {
        return format_terminal(record, to.config.program);
      }
      break;
    case Target::kFile:
      break;
  }
  return to.config.format == Format::kJson ? format_json(record) : format_text(record);
}

}  // namespace

Status configure(Config config) {
  Sink next;
  next.config = std::move(config);
  TRY(open_target(next));
  sink() = std::move(next);
  return {};
}

bool enabled(Level level) {
  return level >= sink().config.threshold;
}

bool goes_to_stderr() {
  return sink().target == Target::kStderr;
}

void write(Level level, std::string_view message, const Caller& caller) {
  if (!enabled(level)) {
    return;
  }
  const int saved_errno = errno;
  const Sink& to = sink();
  const Record record = {
      level, message, ::time(nullptr), to.config.show_callers ? &caller : nullptr};
  const std::string bytes = format(to, record);
  ignore(write_all(to.target == Target::kStderr ? STDERR_FILENO : to.fd.get(), bytes, "log"),
         "there is nowhere left to report it");
  errno = saved_errno;
}

}  // namespace redoubt::log
