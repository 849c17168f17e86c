#include "escalate-vm/monitor/session.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include <algorithm>

namespace redoubt::vm {
namespace {

// What an exited process left in its pipes is here by then; a child of it that still holds them may
// say nothing for ever.
constexpr int64_t kQuietMs = 300;

// The guest's terminal is the one with lines, echo and signals: what is between it and the user passes
// everything on as it is.
void make_raw(int terminal) {
  termios settings{};
  if (::tcgetattr(terminal, &settings) == 0) {
    ::cfmakeraw(&settings);
    ::tcsetattr(terminal, TCSANOW, &settings);
  }
}

bool is_ready(const std::vector<pollfd>& polls, const pollfd& wish) {
  return wish.fd >= 0 && std::any_of(polls.begin(), polls.end(), [&](const pollfd& one) {
           return one.fd == wish.fd && one.events == wish.events && one.revents != 0;
         });
}

}  // namespace

int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

Result<Session> Session::open(Channel& channel,
                              std::string name,
                              uint32_t first_stream,
                              std::vector<UniqueFd> stdio,
                              bool terminal) {
  Session session;
  session.name_ = std::move(name);
  for (uint32_t i = 0; i < (terminal ? 1 : kStreams); ++i) {
    TRY(channel.open(first_stream + i, i == 0 && !terminal ? 0 : Channel::kWindow));  // nothing comes by stdin
  }
  if (terminal) {
    session.stdio_.terminal = first_stream;
    make_raw(stdio[0].get());
    session.terminal_.reset(::fcntl(stdio[0].get(), F_DUPFD_CLOEXEC, 3));
    session.stdio_.size = session.window_size().value_or(WindowSize());
    session.in_.emplace_back(std::move(stdio[0]), first_stream, true);
    session.out_.emplace_back(std::move(stdio[1]), first_stream);
    session.output_streams_ = {first_stream};
    return session;
  }
  session.stdio_.in = first_stream;
  session.stdio_.out = first_stream + 1;
  session.stdio_.err = first_stream + 2;
  session.in_.emplace_back(std::move(stdio[0]), first_stream, false);
  session.out_.emplace_back(std::move(stdio[1]), first_stream + 1);
  session.out_.emplace_back(std::move(stdio[2]), first_stream + 2);
  session.output_streams_ = {first_stream + 1, first_stream + 2};
  return session;
}

std::optional<WindowSize> Session::window_size() const {
  winsize size{};
  if (!terminal_.valid() || ::ioctl(terminal_.get(), TIOCGWINSZ, &size) != 0) {
    return std::nullopt;
  }
  return WindowSize{size.ws_row, size.ws_col};
}

void Session::append_wishes(const Channel& channel, std::vector<pollfd>& polls) const {
  for (const Inflow& flow : in_) {
    if (const pollfd wish = flow.wish(channel); wish.fd >= 0) {
      polls.push_back(wish);
    }
  }
  for (const Outflow& flow : out_) {
    if (const pollfd wish = flow.wish(channel); wish.fd >= 0) {
      polls.push_back(wish);
    }
  }
}

void Session::move(Channel& channel, const std::vector<pollfd>& ready) {
  for (Inflow& flow : in_) {
    if (is_ready(ready, flow.wish(channel))) {
      flow.move(channel);
    }
  }
  for (size_t i = 0; i < out_.size(); ++i) {
    const bool waits = has_waiting_output(channel);
    if (!waits || is_ready(ready, out_[i].wish(channel))) {
      out_[i].move(channel);
      quiet_since_ms_ = waits ? now_ms() : quiet_since_ms_;
    }
  }
}

bool Session::has_waiting_output(const Channel& channel) const {
  return std::any_of(output_streams_.begin(), output_streams_.end(), [&](uint32_t stream) {
    return channel.is_open(stream) && !channel.received(stream).empty();
  });
}

bool Session::outputs_done() const {
  return std::all_of(out_.begin(), out_.end(), [](const Outflow& flow) { return flow.done(); });
}

void Session::set_exit(int status, int64_t now) {
  exit_status_ = status;
  quiet_since_ms_ = now;
}

std::optional<int> Session::finished(const Channel& channel, int64_t now) const {
  const bool quiet = !has_waiting_output(channel) && now - quiet_since_ms_ >= kQuietMs;
  return outputs_done() || quiet ? exit_status_ : std::nullopt;
}

}  // namespace redoubt::vm
