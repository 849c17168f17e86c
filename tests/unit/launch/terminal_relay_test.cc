#include "runc-compat/launch/terminal_relay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <algorithm>

#include "tests/unit/launch/pty_fixture.h"

namespace redoubt::launch {
namespace {

void say(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t length = write(1, text.data() + at, text.size() - at);
    if (length <= 0) {
      _exit(66);
    }
    at += static_cast<size_t>(length);
  }
}

std::string line() {
  std::string text;
  for (char c = 0; c != '\n' && read(0, &c, 1) == 1;) {
    text.push_back(c);
  }
  return text;
}

TEST(TerminalRelay, CarriesBothDirectionsAndEndsLinesOnce) {
  PtySession session([] {
    say("ready\n");
    say("got " + line());
    return 7;
  });
  session.read_until("ready");
  EXPECT_TRUE(session.is_raw());
  session.type("hello\r");
  const std::string text = session.read_until("got hello\r\n");
  EXPECT_EQ(session.finish(), 7);
  EXPECT_EQ(text.find("\r\r"), std::string::npos);
  EXPECT_NE(text.find("ready\r\n"), std::string::npos);
  EXPECT_TRUE(session.is_restored());
}

TEST(TerminalRelay, LeavesTheModesOfThePty) {
  PtySession session([] {
    termios settings{};
    tcgetattr(1, &settings);
    return (settings.c_oflag & ONLCR) == 0 && (settings.c_lflag & ICANON) != 0 ? 0 : 1;
  });
  EXPECT_EQ(session.finish(), 0);
}

TEST(TerminalRelay, LosesNothingOfALongLastWord) {
  constexpr size_t kSize = 300000;
  PtySession session([] {
    say(std::string(kSize, 'x') + "END");
    return 0;
  });
  const std::string text = session.read_until("END");
  EXPECT_EQ(static_cast<size_t>(std::count(text.begin(), text.end(), 'x')), kSize);
  EXPECT_EQ(session.finish(), 0);
}

TEST(TerminalRelay, LosesNothingWhenTheReaderIsLate) {
  PtySession session([] {
    say(std::string(6000, 'x') + "END");
    return 0;
  });
  usleep(600000);  // longer than any pause that means the end
  const std::string text = session.read_until("END");
  EXPECT_EQ(std::count(text.begin(), text.end(), 'x'), 6000);
  EXPECT_EQ(session.finish(), 0);
}

TEST(TerminalRelay, StoppedReaderCostsNoProcessorTime) {
  PtySession session([] {
    for (;;) {
      say("y\n");
    }
    return 0;
  });
  usleep(300000);
  const long before = session.cpu_ms();
  usleep(500000);
  EXPECT_LE(session.cpu_ms() - before, 20);
  kill(session.runtime(), SIGKILL);
}

TEST(TerminalRelay, ClosedPtyCostsNoProcessorTimeAndMayBeOpenedAgain) {
  PtySession session([] {
    char name[64];
    if (ttyname_r(0, name, sizeof name) != 0) {
      return 1;
    }
    say("before\n");
    signal(SIGHUP, SIG_IGN);
    close(0);
    close(1);
    close(2);
    usleep(700000);
    open("/dev/null", O_RDONLY);
    open(name, O_WRONLY | O_NOCTTY);
    say("after\n");
    return 3;
  });
  session.read_until("before");
  usleep(100000);
  const long before = session.cpu_ms();
  usleep(400000);
  EXPECT_LE(session.cpu_ms() - before, 20);
  EXPECT_NE(session.read_until("after").find("after\r\n"), std::string::npos);
  EXPECT_EQ(session.finish(), 3);
}

TEST(TerminalRelay, ProcessesThatOutliveTheChildDoNotHoldItUp) {
  PtySession session([] {
    signal(SIGHUP, SIG_IGN);
    ioctl(0, TIOCNOTTY);  // else the pty is hung up when the session's leader exits
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // of the runtime, once it has adopted us
      for (int i = 0; i < 30; ++i) {
        usleep(10000);
        say("z\n");
      }
      sleep(3);
      _exit(0);
    }
    say("last words\n");
    return 5;
  });
  EXPECT_NE(session.read_until("last words").find("last words"), std::string::npos);
  // Keep reading as a terminal would.
  const pid_t reader = fork();
  if (reader == 0) {
    session.read_until("");
    _exit(0);
  }
  EXPECT_EQ(session.finish(8000), 5);
  kill(reader, SIGKILL);
  waitpid(reader, nullptr, 0);
}

TEST(TerminalRelay, GoesOnWhenTheReaderHasGone) {
  PtySession session(
      [] {
        say(std::string(300000, 'x'));
        return 4;
      },
      [] {
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
      });
  EXPECT_EQ(session.finish(), 4);
}

TEST(TerminalRelay, SharedDescriptorsKeepTheirFlags) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  {
    PtySession session(
        [] {
          say("through a pipe\n");
          usleep(200000);
          return 0;
        },
        [&] { dup2(ends[1], 1); });
    char buffer[64] = {};
    EXPECT_GT(read(ends[0], buffer, sizeof buffer), 0);
    EXPECT_EQ(std::string(buffer).substr(0, 14), "through a pipe");
    EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(session.finish(), 0);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(TerminalRelay, EndOfInputCostsNoProcessorTime) {
  PtySession session(
      [] {
        say("ready\n");
        usleep(600000);
        return 2;
      },
      [] {
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        dup2(ends[0], 0);
        close(ends[0]);
        close(ends[1]);
      });
  session.read_until("ready");
  const long before = session.cpu_ms();
  usleep(300000);
  EXPECT_LE(session.cpu_ms() - before, 20);
  EXPECT_EQ(session.finish(), 2);
}

TEST(TerminalRelay, FollowsTheSizeOfTheTerminal) {
  PtySession session([] {
    winsize size{};
    while (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_row != 30) {
      usleep(5000);
    }
    say("first\n");
    while (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_row == 30) {
      usleep(5000);
    }
    return size.ws_row == 50 && size.ws_col == 120 ? 0 : 1;
  });
  session.read_until("first");
  const winsize larger = {50, 120, 0, 0};
  ASSERT_EQ(ioctl(session.host(), TIOCSWINSZ, &larger), 0);  // SIGWINCH to the foreground group
  EXPECT_EQ(session.finish(), 0);
}

TEST(TerminalRelay, ForwardsSignalsAndReportsTheOneThatKilled) {
  PtySession session([] {
    say("ready\n");
    pause();
    return 0;
  });
  session.read_until("ready");
  kill(session.runtime(), SIGTERM);
  EXPECT_EQ(session.finish(), 128 + SIGTERM);
  EXPECT_TRUE(session.is_restored());
}

TEST(TerminalRelay, WithoutATerminalItSaysWhatRuncSays) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    const Result<UniqueFd> terminal = TerminalRelay::open_host_terminal();
    _exit(!terminal && terminal.error().err() == ENXIO &&
                  terminal.error().message() == "open /dev/tty: no such device or address"
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace redoubt::launch
