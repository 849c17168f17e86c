#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/signal_names.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/signal.h"

namespace redoubt::cli {
namespace {

constexpr char kAll[] = "all";
constexpr char kDefaultSignal[] = "SIGTERM";

constexpr Flag kKillFlags[] = {
    {.name = kAll,
     .short_name = "a",
     .kind = FlagKind::kBool,
     .help = "do not fail when the container is stopped",
     .hidden = true},
};

Result<int> run_kill(const Globals& globals, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  TRY_ASSIGN(const Container container, open_container(globals, words.at(0)));
  const bool named = words.size() > 1 && !words[1].empty();
  TRY_ASSIGN(const int signal, parse_signal(named ? words[1] : kDefaultSignal));
  const Status sent = state::signal_container(container.record, signal);
  if (!sent && !(arguments.flag(kAll) && state::is_not_running(sent.error()))) {
    return sent.error();
  }
  return 0;
}

}  // namespace

constinit const Verb kVerbKill = {
    .name = "kill",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id> [signal]",
    .summary = "send a signal to a container's first process",
    .description =
        "The signal is a number or a name in any case, with or without SIG; without one it is "
        "SIGTERM.\n"
        "SIGKILL ends every process of the container, also when it shares the host's process ids, "
        "and\n"
        "also when it is paused.",
    .examples = "redoubt kill web1\nredoubt kill web1 KILL",
    .flags = kKillFlags,
    .min_args = 1,
    .max_args = 2,
    .stop_at_first_argument = true,
    .run = run_kill,
};

}  // namespace redoubt::cli
