#include "sandbox/idmap_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {
namespace {

constexpr const char* kDirectories[] = {
    "/usr/bin/", "/bin/", "/usr/local/bin/", "/run/wrappers/bin/"};

std::string find_helper(const std::string& helper) {
  for (const char* directory : kDirectories) {
    std::string path = directory + helper;
    if (access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return "";
}

std::vector<std::string> arguments(const std::string& helper,
                                   pid_t pid,
                                   const std::vector<plan::IdMapping>& map) {
  std::vector<std::string> args = {helper, std::to_string(pid)};
  for (const plan::IdMapping& range : map) {
    for (const uint32_t number : {range.container_id, range.host_id, range.size}) {
      args.push_back(std::to_string(number));
    }
  }
  return args;
}

// posix_spawn with default signals and mask, no input, and `messages_fd` as standard error.
int spawn(const std::string& path,
          const std::vector<std::string>& args,
          int messages_fd,
          pid_t& pid) {
  std::vector<char*> argv;
  for (const std::string& arg : args) {
    argv.push_back(const_cast<char*>(arg.c_str()));
  }
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, messages_fd, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int err =
      posix_spawn(&pid, path.c_str(), &actions, &attributes, argv.data(), no_environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return err;
}

std::string first_bytes(int fd) {
  std::array<char, 512> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  return std::string(
      trim(std::string_view(text.data(), length > 0 ? static_cast<size_t>(length) : 0)));
}

}  // namespace

Status run_idmap_helper(const std::string& helper,
                        pid_t pid,
                        const std::vector<plan::IdMapping>& map) {
  const std::string path = find_helper(helper);
  if (path.empty()) {
    return Error::unsupported(concat(helper, " not found in /usr/bin; install the package uidmap"));
  }
  const UniqueFd messages(memfd_create("messages", MFD_CLOEXEC));
  if (!messages.valid()) {
    return Error::system(errno, concat(helper, ": memfd_create"));
  }
  pid_t child = -1;
  if (const int err = spawn(path, arguments(helper, pid, map), messages.get(), child); err != 0) {
    return Error::system(err, path);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return Error::system(errno, concat("wait for ", path));
    }
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string said = first_bytes(messages.get());
    return Error(ErrorKind::kSystem,
                 concat(path,
                        " failed",
                        said.empty() ? "" : ": ",
                        said.empty() ? "" : quote(said),
                        "; /etc/subuid and /etc/subgid must grant the range"),
                 EPERM);
  }
  return {};
}

}  // namespace redoubt::sandbox
