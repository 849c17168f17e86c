#include "runc-compat/cli/signal_names.h"

#include <signal.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "base/str.h"

namespace redoubt::cli {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};

constexpr SignalName kSignals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGABRT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGIO},       {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

// As every other tool counts them: the two that libc keeps for itself are not among them.
constexpr int kRealTimeMin = 34;
constexpr int kRealTimeMax = 64;

// "RTMIN", "RTMIN+3", "RTMAX-14".
std::optional<int> real_time_signal(std::string_view name) {
  const bool from_min = name.substr(0, 5) == "RTMIN";
  const int base = from_min ? kRealTimeMin : kRealTimeMax;
  if (!from_min && name.substr(0, 5) != "RTMAX") {
    return std::nullopt;
  }
  name.remove_prefix(5);
  if (name.empty()) {
    return base;
  }
  const std::optional<int> offset = parse_number<int>(name.substr(1));
  if (name.front() != (from_min ? '+' : '-') || !offset || *offset < 0 ||
      *offset > kRealTimeMax - kRealTimeMin) {
    return std::nullopt;
  }
  return from_min ? base + *offset : base - *offset;
}

std::optional<int> named_signal(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSignals),
                                   std::end(kSignals),
                                   [&](const SignalName& entry) { return entry.name == name; });
  return found != std::end(kSignals) ? std::optional<int>(found->number) : real_time_signal(name);
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
  std::optional<int> signal = parse_number<int>(text);
  if (!signal) {
    const std::string upper = to_upper(text);
    std::string_view name = upper;
    if (name.substr(0, 3) == "SIG") {
      name.remove_prefix(3);
    }
    signal = named_signal(name);
  }
  if (!signal || *signal < 0 || *signal > kRealTimeMax) {
    return Error::invalid(concat("unknown signal ", quote(text)));
  }
  return *signal;
}

}  // namespace redoubt::cli
