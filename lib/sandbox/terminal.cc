#include "sandbox/terminal.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <utility>

namespace redoubt::sandbox {
namespace {

// tcsetattr from a background process group raises SIGTTOU, and stops us, unless it is blocked.
int set_attributes(int fd, const termios& settings) {
  sigset_t ttou, former;
  sigemptyset(&ttou);
  sigaddset(&ttou, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &ttou, &former);
  int rc = 0;
  do {
    rc = tcsetattr(fd, TCSANOW, &settings);
  } while (rc != 0 && errno == EINTR);
  const int saved = errno;
  pthread_sigmask(SIG_SETMASK, &former, nullptr);
  errno = saved;
  return rc;
}

}  // namespace

Result<RawTerminal> RawTerminal::enter(UniqueFd terminal, Newlines newlines) {
  RawTerminal raw;
  raw.terminal_ = std::move(terminal);
  if (tcgetattr(raw.terminal_.get(), &raw.saved_) != 0) {
    const int err = errno;
    raw.terminal_.reset();  // there is nothing to put back
    return Error::system(err, "terminal: tcgetattr");
  }
  termios settings = raw.saved_;
  cfmakeraw(&settings);
  settings.c_oflag |= newlines == Newlines::kHere ? OPOST : 0;
  if (set_attributes(raw.terminal_.get(), settings) != 0) {
    return Error::system(errno, "terminal: tcsetattr");
  }
  return raw;
}

RawTerminal& RawTerminal::operator=(RawTerminal&& other) noexcept {
  restore();
  terminal_ = std::move(other.terminal_);
  saved_ = other.saved_;
  return *this;
}

RawTerminal::~RawTerminal() {
  restore();
}

void RawTerminal::restore() {
  if (terminal_.valid()) {
    const int saved = errno;
    set_attributes(terminal_.get(), saved_);  // fails when the terminal has gone; nothing to do
    terminal_.reset();
    errno = saved;
  }
}

Status clear_onlcr(int master_fd) {
  termios settings{};
  if (tcgetattr(master_fd, &settings) != 0) {
    return Error::system(errno, "pty: tcgetattr");
  }
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  if (set_attributes(master_fd, settings) != 0) {
    return Error::system(errno, "pty: tcsetattr");
  }
  return {};
}

void copy_window_size(int from_fd, int to_fd) {
  winsize size{};
  if (ioctl(from_fd, TIOCGWINSZ, &size) == 0) {
    ioctl(to_fd, TIOCSWINSZ, &size);
  }
}

Status set_window_size(int master_fd, uint16_t rows, uint16_t columns) {
  if (rows == 0 && columns == 0) {
    return {};
  }
  const winsize size{rows, columns, 0, 0};
  if (ioctl(master_fd, TIOCSWINSZ, &size) != 0) {
    return Error::system(errno, "process.consoleSize: TIOCSWINSZ");
  }
  return {};
}

}  // namespace redoubt::sandbox
