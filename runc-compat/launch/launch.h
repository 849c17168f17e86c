// Launching: the verbs create, run, start and exec as functions. The command line above fills the options, everything below
// (bundle -> Spec -> Plan -> cgroup -> clone -> init steps) hangs off these four calls.
#ifndef REDOUBT_LAUNCH_LAUNCH_H_
#define REDOUBT_LAUNCH_LAUNCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace redoubt::launch {

enum class Rootless { kAuto, kTrue, kFalse };

// The global flags that reach the launcher.
struct RuntimeOptions {
  std::string root;  // absolute state directory
  bool systemd_cgroup = false;
  Rootless rootless = Rootless::kAuto;
};

struct CreateOptions {
  RuntimeOptions runtime;
  std::string id;
  std::string bundle = ".";
  std::string console_socket, pidfd_socket, pid_file;
  bool no_pivot = false, no_new_keyring = false;
  int preserve_fds = 0;
  bool detach = false, keep = false, no_subreaper = false;  // run only
};

struct ExecOptions {
  RuntimeOptions runtime;
  std::string id;
  std::vector<std::string> args;  // empty with process_file
  std::string process_file;
  std::string console_socket, pidfd_socket, pid_file;
  std::string cwd, user, process_label, apparmor;
  std::vector<std::string> env, capabilities, cgroups;
  std::vector<uint32_t> additional_gids;
  std::optional<bool> terminal;
  std::optional<bool> no_new_privileges;  // without a value the container's
  bool detach = false, ignore_paused = false;
  int preserve_fds = 0;
};

// Sets the container up to the point where the user's process would start. On failure nothing is left behind.
Status create_container(const CreateOptions& options);

// create + start. Foreground: waits, forwards signals, destroys (unless keep) and returns the exit status (128 + signal).
// Detached: returns 0 once the process has started.
Result<int> run_container(const CreateOptions& options);

// Lets a created container's process run.
Status start_container(const RuntimeOptions& runtime, const std::string& id);

// Runs one more process in a container. Foreground: its exit status; detached: 0.
Result<int> exec_process(const ExecOptions& options);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_LAUNCH_H_
