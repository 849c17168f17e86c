#include "runc-compat/cli/global_flags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/cli/go_values.h"
#include "sandbox/probe.h"

namespace redoubt::cli {
namespace {

constexpr char kDefaultRoot[] = "/run/redoubt";

constexpr Flag kGlobalFlags[] = {
    {.name = "root",
     .placeholder = "DIR",
     .help = "directory for the state of containers, best on a tmpfs (default: /run/redoubt; "
             "without root privilege "
             "$XDG_RUNTIME_DIR/redoubt)"},
    {.name = "log",
     .placeholder = "FILE",
     .help = "write log records to FILE, to \"journald:ID\" or to \"syslog:ID\" instead of stderr"},
    {.name = "log-format",
     .placeholder = "FORMAT",
     .default_text = "text",
     .help = "form of log records: text or json"},
    {.name = "log-level",
     .placeholder = "LEVEL",
     .help = "least severe records to write: error, warning, info or debug"},
    {.name = "debug",
     .kind = FlagKind::kBool,
     .help = "log everything, with the place in the program that said it"},
    {.name = "systemd-cgroup",
     .kind = FlagKind::kBool,
     .help = "let systemd make the cgroup; cgroupsPath is then \"slice:prefix:name\""},
    {.name = "cgroup-manager",
     .placeholder = "MANAGER",
     .help = "cgroupfs or systemd; overrides --systemd-cgroup"},
    {.name = "rootless",
     .placeholder = "WHEN",
     .default_text = "auto",
     .help = "tolerate missing cgroup permissions: true, false or auto"},
    {.name = "criu", .placeholder = "FILE", .help = "accepted and ignored", .hidden = true},
    {.name = "help", .short_name = "h", .kind = FlagKind::kBool, .help = "show help"},
};

constexpr Flag kRootOnlyFlags[] = {
    {.name = "version", .short_name = "v", .kind = FlagKind::kBool, .help = "print the version"},
};

std::string environment_variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

// False as well when /proc is missing: then nothing can be run, but --root's default must not
// depend on it.
bool inside_user_namespace() {
  const Result<std::string> map = read_kernel_file_at(AT_FDCWD, "/proc/self/uid_map");
  if (!map) {
    return false;
  }
  return !sandbox::is_identity_map(*map);
}

Result<std::string> working_directory() {
  char* path = ::getcwd(nullptr, 0);
  if (path == nullptr) {
    return Error::system(errno, "getwd");
  }
  std::string out = path;
  ::free(path);
  return out;
}

// A user namespace's root that is really somebody else (rootless podman) keeps its state with that
// user.
bool honours_xdg_runtime_dir(const Environment& environment) {
  if (environment.xdg_runtime_dir.empty()) {
    return false;
  }
  return environment.euid != 0 || (environment.user != "root" && environment.in_user_namespace());
}

Status resolve_root(const Arguments& arguments, const Environment& environment, Globals& globals) {
  globals.root_is_default = !arguments.is_set("root");
  if (globals.root_is_default) {
    globals.root_is_private = honours_xdg_runtime_dir(environment);
    globals.runtime.root = globals.root_is_private
                               ? clean_path(environment.xdg_runtime_dir + "/redoubt")
                               : kDefaultRoot;
    return {};
  }
  const std::string& given = arguments.text("root");
  std::string base = "/";
  if (given.empty() || given.front() != '/') {
    TRY_ASSIGN(base, environment.current_directory());
  }
  globals.runtime.root = absolute_path(given, base);
  if (globals.runtime.root == "/") {
    return Error::invalid("Option --root argument should not be set to /");
  }
  return {};
}

Status resolve_cgroup_manager(const Arguments& arguments, Globals& globals) {
  const std::string& manager = arguments.text("cgroup-manager");
  globals.runtime.systemd_cgroup = arguments.flag("systemd-cgroup");
  if (!arguments.is_set("cgroup-manager")) {
    return {};
  }
  if (manager != "cgroupfs" && manager != "systemd" && manager != "disabled") {
    return Error::invalid(concat(
        "invalid cgroup-manager: ", quote(manager), "; must be cgroupfs, systemd or disabled"));
  }
  globals.runtime.systemd_cgroup = manager == "systemd";
  globals.cgroup_disabled = manager == "disabled";
  return {};
}

Result<launch::Rootless> parse_rootless(const std::string& text) {
  if (text == "auto") {
    return launch::Rootless::kAuto;
  }
  if (const Result<bool> value = parse_go_bool(text)) {
    return *value ? launch::Rootless::kTrue : launch::Rootless::kFalse;
  }
  return Error::invalid(concat("invalid rootless: ", quote(text), "; must be true, false or auto"));
}

Result<log::Level> parse_level(const std::string& text) {
  for (const log::Level level :
       {log::Level::kDebug, log::Level::kInfo, log::Level::kWarning, log::Level::kError}) {
    if (text == log::level_name(level)) {
      return level;
    }
  }
  return Error::invalid(
      concat("invalid log-level: ", quote(text), "; must be error, warning, info or debug"));
}

}  // namespace

std::span<const Flag> global_flags() {
  return kGlobalFlags;
}

std::span<const Flag> root_only_flags() {
  return kRootOnlyFlags;
}

Environment host_environment() {
  return {.euid = ::geteuid(),
          .xdg_runtime_dir = environment_variable("XDG_RUNTIME_DIR"),
          .user = environment_variable("USER"),
          .in_user_namespace = inside_user_namespace,
          .current_directory = working_directory};
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 == 0
}

Result<log::Config> resolve_log(const Arguments& globals, std::string_view program, bool quiet) {
  log::Config config;
  config.program = program;
  config.destination = globals.text("log");
  const std::string& format = globals.text("log-format");
  if (format != "text" && format != "json") {
    return Error::invalid(concat("invalid log-format: ", format));
  }
  config.format = format == "json" ? log::Format::kJson : log::Format::kText;
  config.show_callers = globals.flag("debug");
  if (globals.flag("debug")) {
    config.threshold = log::Level::kDebug;
  } else if (globals.is_set("log-level")) {
    TRY_ASSIGN(config.threshold, parse_level(globals.text("log-level")));
  } else {
    // podman reads the whole file as one JSON object: it stays empty except for the one final
    // error.
    const bool warnings = config.destination.empty() && !quiet;
    config.threshold = warnings ? log::Level::kWarning : log::Level::kError;
  }
  return config;
}

Result<Globals> resolve_globals(const Arguments& arguments,
                                std::string_view argv0,
                                const Environment& environment) {
  Globals globals;
  globals.argv0 = argv0;
  globals.program_name = base_name(argv0);
  globals.debug = arguments.flag("debug");
  TRY(resolve_root(arguments, environment, globals));
  TRY(resolve_cgroup_manager(arguments, globals));
  TRY_ASSIGN(globals.runtime.rootless, parse_rootless(arguments.text("rootless")));
  return globals;
}

Status create_private_root(const Globals& globals) {
  if (!globals.root_is_private) {
    return {};
  }
  const char* path = globals.runtime.root.c_str();
  if (::mkdir(path, 0700) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", path))
        .add_context("the path in $XDG_RUNTIME_DIR must be writable by the user");
  }
  if (::chmod(path, 0700 | S_ISVTX) != 0) {
    return Error::system(errno, concat("chmod ", path))
        .add_context("you should check permission of the path in $XDG_RUNTIME_DIR");
  }
  return {};
}

}  // namespace redoubt::cli
