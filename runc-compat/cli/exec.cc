#include <limits>
#include <utility>

#include "base/str.h"
#include "runc-compat/cli/create_flags.h"
#include "runc-compat/cli/go_values.h"
#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr Flag kExecFlags[] = {
    {.name = "process",
     .short_name = "p",
     .placeholder = "FILE",
     .help = "read the process from FILE (an OCI process object) instead of the command line"},
    {.name = "cwd", .placeholder = "DIR", .help = "working directory in the container"},
    {.name = "env",
     .short_name = "e",
     .kind = FlagKind::kStringList,
     .placeholder = "NAME=VALUE",
     .help = "set an environment variable; may be repeated"},
    {.name = "tty", .short_name = "t", .kind = FlagKind::kBool, .help = "allocate a terminal"},
    {.name = "user",
     .short_name = "u",
     .placeholder = "UID[:GID]",
     .help = "user and group id of the process"},
    {.name = "additional-gids",
     .short_name = "g",
     .kind = FlagKind::kStringList,
     .placeholder = "GID",
     .help = "supplementary group id; may be repeated"},
    {.name = "cap",
     .short_name = "c",
     .kind = FlagKind::kStringList,
     .placeholder = "CAP",
     .help = "add a capability; may be repeated"},
    {.name = "no-new-privs",
     .kind = FlagKind::kBool,
     .help = "forbid the process to gain privileges by execve"},
    {.name = "process-label", .placeholder = "LABEL", .help = "SELinux label of the process"},
    {.name = "apparmor", .placeholder = "PROFILE", .help = "AppArmor profile of the process"},
    {.name = "cgroup",
     .kind = FlagKind::kStringList,
     .placeholder = "PATH",
     .help = "run in an existing cgroup below the container's own"},
    kDetachFlag,
    kConsoleSocketFlag,
    kPidfdSocketFlag,
    kPidFileFlag,
    kPreserveFdsFlag,
    {.name = "ignore-paused",
     .kind = FlagKind::kBool,
     .help = "allow a paused container: the process runs once it is resumed"},
};

Result<std::vector<uint32_t>> additional_gids(const Arguments& arguments) {
  std::vector<uint32_t> gids;
  for (const std::string& text : arguments.list("additional-gids")) {
    Result<int64_t> gid = parse_go_int(text);
    if (!gid) {
      return std::move(gid).error().add_context(
          concat("invalid value ", quote(text), " for flag -additional-gids"));
    }
    if (*gid < 0 || *gid >= std::numeric_limits<uint32_t>::max()) {  // (gid_t)-1 means "no change"
      return Error::invalid(concat("additional-gids must be a positive number ", *gid));
    }
    gids.push_back(static_cast<uint32_t>(*gid));
  }
  return gids;
}

Status fill_process(const Arguments& arguments, launch::ExecOptions& options) {
  const std::vector<std::string>& words = arguments.positional();
  options.process_file = arguments.text("process");
  if (options.process_file.empty()) {
    options.args.assign(words.begin() + 1, words.end());
    if (options.args.empty()) {
      return Error::invalid("exec args cannot be empty");
    }
    options.terminal = arguments.flag("tty");
  } else {
    TRY_ASSIGN(options.process_file, absolute_argument(options.process_file));
  }
  options.cwd = arguments.text("cwd");
  options.env = arguments.list("env");
  options.user = arguments.text("user");
  TRY_ASSIGN(options.additional_gids, additional_gids(arguments));
  options.capabilities = arguments.list("cap");
  if (arguments.is_set("no-new-privs")) {
    options.no_new_privileges = arguments.flag("no-new-privs");
  }
  options.process_label = arguments.text("process-label");
  options.apparmor = arguments.text("apparmor");
  options.cgroups = arguments.list("cgroup");
  return {};
}

Result<int> exec(const Globals& globals, const Arguments& arguments) {
  launch::ExecOptions options;
  options.runtime = globals.runtime;
  options.id = arguments.positional().at(0);
  TRY(fill_process(arguments, options));
  options.detach = arguments.flag("detach");
  options.console_socket = arguments.text("console-socket");
  options.pidfd_socket = arguments.text("pidfd-socket");
  TRY_ASSIGN(options.pid_file, absolute_argument(arguments.text("pid-file")));
  TRY_ASSIGN(options.preserve_fds, preserved_descriptors(arguments));
  options.ignore_paused = arguments.flag("ignore-paused");
  return launch::exec_process(options);
}

Result<int> run_exec(const Globals& globals, const Arguments& arguments) {
  return exec(globals, arguments).context("exec failed");
}

}  // namespace

constinit const Verb kVerbExec = {
    .name = "exec",
    .group = VerbGroup::kLifecycle,
    .arguments = "<container-id> <command> [arguments...]\n--process FILE <container-id>",
    .summary = "run one more process in a container",
    .description =
        "Runs a command in a created or running container, confined like the container's own "
        "program.\n"
        "Options end at the container's id: what follows belongs to the command. In the foreground "
        "the\n"
        "exit status is the command's, or 128 plus the signal that ended it; a failure of redoubt\n"
        "itself is 255.",
    .examples =
        "redoubt exec -t web1 sh\n"
        "redoubt exec --user 1000:1000 --env LANG=C web1 ls -l /\n"
        "redoubt exec --process process.json --detach --pid-file job.pid web1",
    .flags = kExecFlags,
    .min_args = 1,
    .max_args = kAnyNumber,
    .stop_at_first_argument = true,
    .failure_status = 255,
    .run = run_exec,
};

}  // namespace redoubt::cli
