#include "escalate-vm/guest/agent/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"

namespace redoubt::agent {
namespace {

constexpr const char* kRedoubt = "/bin/redoubt";
constexpr size_t kMaxOutput = size_t{1} << 20;

Result<UniqueFd> memory_file(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd.valid()) {
    return Error::system(errno, "memfd_create");
  }
  return fd;
}

Result<std::string> content(const UniqueFd& file, std::string_view what) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) {
    return Error::system(errno, concat("lseek ", what));
  }
  return read_all(file.get(), kMaxOutput, what);
}

// The runtime on the host puts these words in front itself.
std::string without_verb(std::string text) {
  for (const std::string_view words : {"redoubt create failed: ", "exec failed: "}) {
    if (text.starts_with(words)) {
      return text.substr(words.size());
    }
  }
  return text;
}

// The last error in a log of JSON lines, empty if there is none.
std::string last_error(const std::string& log) {
  std::string found;
  for (const std::string& line : split(log, '\n')) {
    const Result<json::Value> record = json::parse(line, "log");
    const json::Value* level = record ? record->find("level") : nullptr;
    const json::Value* text = record ? record->find("msg") : nullptr;
    if (level != nullptr && level->is_string() && level->as_string() == "error" &&
        text != nullptr && text->is_string()) {
      found = without_verb(text->as_string());
    }
  }
  return found;
}

// posix_spawn(3) with stdio and an empty signal mask; the agent itself has all of its signals in a
// descriptor.
Result<pid_t> spawn(std::vector<std::string>& words, const ChildStdio& stdio) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  char path[] = "PATH=/bin:/sbin:/usr/bin:/usr/sbin";
  char* environment[] = {path, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const int fds[] = {stdio.in.get(), stdio.out.get(), stdio.err.get()};
  for (int target = 0; target < 3; ++target) {
    if (fds[target] < 0) {
      posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0);
    } else {
      posix_spawn_file_actions_adddup2(&actions, fds[target], target);
    }
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int failure =
      ::posix_spawn(&pid, kRedoubt, &actions, &attributes, argv.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    return Error::system(failure, concat("run ", kRedoubt));
  }
  return pid;
}

}  // namespace

Result<Command> Command::start(const std::vector<std::string>& arguments, ChildStdio stdio) {
  Command out;
  TRY_ASSIGN(out.log_, memory_file("log"));
  std::vector<std::string> words = {"redoubt",
                                    "--log",
                                    concat("/proc/", ::getpid(), "/fd/", out.log_.get()),
                                    "--log-format",
                                    "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  TRY_ASSIGN(out.pid_, spawn(words, stdio));
  return out;
}

Result<Command> Command::start_captured(const std::vector<std::string>& arguments) {
  TRY_ASSIGN(UniqueFd output, memory_file("output"));
  ChildStdio stdio;
  stdio.out.reset(::fcntl(output.get(), F_DUPFD_CLOEXEC, 3));
  TRY_ASSIGN(Command out, start(arguments, std::move(stdio)));
  out.output_ = std::move(output);
  return out;
}

Status Command::outcome(int wait_status) const {
  if (wait_status == 0) {
    return {};
  }
  TRY_ASSIGN(const std::string log, content(log_, "log"));
  const std::string said = last_error(log);
  if (!said.empty()) {
    return Error::state(said);
  }
  return Error::internal(
      concat("the inner redoubt ended with wait status ", wait_status, " and no message"));
}

Result<std::string> Command::output() const {
  return content(output_, "output");
}

}  // namespace redoubt::agent
