#include "runc-compat/cli/ps_table.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::cli {
namespace {

constexpr size_t kMaxOutputBytes = size_t{64} << 20;
constexpr const char* kPsCandidates[] = {"/bin/ps", "/usr/bin/ps", "/usr/local/bin/ps"};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  size_t position = 0;
  while ((position = line.find_first_not_of(" \t", position)) != std::string_view::npos) {
    const size_t end = std::min(line.find_first_of(" \t", position), line.size());
    words.push_back(line.substr(position, end - position));
    position = end;
  }
  return words;
}

Result<size_t> find_pid_column(std::string_view header) {
  const std::vector<std::string_view> titles = words_of(header);
  const auto found = std::find(titles.begin(), titles.end(), "PID");
  if (found == titles.end()) {
    return Error::invalid("couldn't find PID field in ps output");
  }
  return static_cast<size_t>(found - titles.begin());
}

// posix_spawn(3)'s file actions as an owner.
class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_ = {};
};

const char* find_ps() {
  for (const char* path : kPsCandidates) {
    if (::access(path, X_OK) == 0) {
      return path;
    }
  }
  return nullptr;
}

Result<pid_t> spawn_ps(const char* path, const std::vector<std::string>& arguments, int output_fd) {
  std::vector<char*> argv = {const_cast<char*>("ps")};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  FileActions actions;
  ::posix_spawn_file_actions_adddup2(actions.get(), output_fd, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(actions.get(), output_fd, STDERR_FILENO);
  pid_t pid = 0;
  const int err = ::posix_spawn(&pid, path, actions.get(), nullptr, argv.data(), environ);
  if (err != 0) {
    return Error::system(err, concat("exec ", path));
  }
  return pid;
}

Result<int> wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return Error::system(errno, "wait for ps");
    }
  }
  return status;
}

}  // namespace

Result<std::string> filter_ps_table(std::string_view ps_output, const std::vector<pid_t>& pids) {
  const std::vector<std::string> lines = split(ps_output, '\n');
  TRY_ASSIGN(const size_t column, find_pid_column(lines.front()));
  std::string out = lines.front() + '\n';
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> words = words_of(lines[i]);
    if (words.empty()) {
      continue;
    }
    const std::optional<pid_t> pid =
        column < words.size() ? parse_number<pid_t>(words[column]) : std::nullopt;
    if (!pid) {
      return Error::invalid(concat("unable to parse pid: ", quote(lines[i])));
    }
    if (std::find(pids.begin(), pids.end(), *pid) != pids.end()) {
      out += lines[i] + '\n';
    }
  }
  return out;
}

Result<std::string> run_ps(const std::vector<std::string>& arguments) {
  const char* path = find_ps();
  if (path == nullptr) {
    return Error::unsupported(
        "ps: not found in /bin or /usr/bin; install procps, or use --format json");
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  TRY_ASSIGN(const pid_t pid, spawn_ps(path, arguments, write_end.get()));
  write_end.reset();
  Result<std::string> output = read_all(read_end.get(), kMaxOutputBytes, "ps output");
  read_end.reset();
  TRY_ASSIGN(const int status, wait_for(pid));
  TRY_ASSIGN(std::string text, std::move(output));
  if (WIFSIGNALED(status)) {
    return Error(ErrorKind::kSystem, concat("ps: killed by signal ", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return Error(ErrorKind::kSystem, concat("exit status ", WEXITSTATUS(status), ": ", text));
  }
  return text;
}

}  // namespace redoubt::cli
