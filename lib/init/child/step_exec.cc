// The last steps: directory, HOME, command, and the way out.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/child/rooted.h"
#include "init/child/step.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

constexpr size_t kPasswdLine = 1024;
// Of a passwd that is longer only the beginning is read: it is the image's, and may be sparse and endless.
constexpr long kPasswdBytes = 4 << 20;

// The getcwd system call answers "(unreachable)..." for a directory that is not below our root: a
// leaked descriptor of the host (CVE-2024-21626).
bool is_inside_root() {
  char path[kPathLimit];
  const long n = sys::call(SYS_getcwd, sys::arg(path), sizeof path);
  return n > 0 && path[0] == '/';
}

// Field `index` of a passwd line; its length, data through *start.
size_t passwd_field(const char* line, unsigned index, const char** start) {
  for (; index > 0; --index) {
    while (*line != '\0' && *line != ':') {
      ++line;
    }
    if (*line == '\0') {
      *start = line;
      return 0;
    }
    ++line;
  }
  *start = line;
  size_t length = 0;
  while (line[length] != '\0' && line[length] != ':') {
    ++length;
  }
  return length;
}

bool is_number(const char* text, size_t length, uint32_t wanted) {
  uint64_t value = 0;
  if (length == 0 || length > 10) {
    return false;
  }
  for (size_t i = 0; i < length; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  return value == wanted;
}

// Reads lines of bounded length; longer ones are skipped, not cut.
struct LineReader {
  int fd;
  char buffer[2048];
  long filled = 0, at = 0, left = kPasswdBytes;

  bool next(char (&line)[kPasswdLine]) {
    size_t length = 0;
    bool any = false;
    bool too_long = false;
    for (;;) {
      if (at == filled) {
        filled = left > 0 ? sys::read(fd, buffer, sizeof buffer) : 0;
        left -= filled;
        at = 0;
        if (filled <= 0) {
          filled = 0;
          line[too_long ? 0 : length] = '\0';
          return any;
        }
      }
      const char c = buffer[at++];
      any = true;
      if (c == '\n') {
        line[too_long ? 0 : length] = '\0';
        return true;
      }
      if (length + 1 >= kPasswdLine) {
        too_long = true;
      } else {
        line[length++] = c;
      }
    }
  }
};

// HOME=<directory> into the scratch; "/" when the container's passwd does not know the user.
// Numeric ids are never names (CVE-2016-3697).
void find_home(uint32_t uid, char (&home)[kItemLimit]) {
  FixedText<kItemLimit> text;
  text.add("HOME=");
  const long fd =
      sys::openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat st {};
  bool found = false;
  if (fd >= 0 && stat_fd(static_cast<int>(fd), &st) == 0 && (st.st_mode & S_IFMT) == S_IFREG) {
    LineReader reader{static_cast<int>(fd), {}};
    char line[kPasswdLine];
    while (!found && reader.next(line)) {
      const char* field = nullptr;
      const size_t id_length = passwd_field(line, 2, &field);
      if (is_number(field, id_length, uid)) {
        const size_t length = passwd_field(line, 5, &field);
        found = length > 0;
        text.add(field, length);
      }
    }
  }
  sys::close(static_cast<int>(fd));
  if (!found) {
    text.add("/");
  }
  memcpy(home, text.data, text.size + 1);
}

// 0: can be executed; else the errno that execve would give.
long check_executable(const char* path) {
  struct stat st {};
  const long err = sys::call(SYS_newfstatat, AT_FDCWD, sys::arg(path), sys::arg(&st), 0);
  if (err < 0) {
    return err;
  }
  if ((st.st_mode & S_IFMT) == S_IFDIR) {
    return -EISDIR;
  }
  const long access = sys::call(SYS_faccessat2, AT_FDCWD, sys::arg(path), X_OK, AT_EACCESS);
  // A seccomp profile that is older than faccessat2 answers ENOSYS: the old call checks the real
  // ids, which are the same here.
  return access == -ENOSYS || access == -EPERM
             ? sys::call(SYS_faccessat, AT_FDCWD, sys::arg(path), X_OK)
             : access;
}

bool has_slash(const char* text) {
  for (; *text != '\0'; ++text) {
    if (*text == '/') {
      return true;
    }
  }
  return false;
}

// The resolved command, kept until execve.
char resolved_path[kPathLimit];

// Searches PATH; 0, or the error to report: EACCES when something was there but not executable,
// else ENOENT.
long search_path(const char* name, const char* path) {
  long result = -ENOENT;
  while (path != nullptr) {
    FixedText<kPathLimit> candidate;
    size_t length = 0;
    while (path[length] != '\0' && path[length] != ':') {
      ++length;
    }
    candidate.add(length == 0 ? "." : path, length == 0 ? 1 : length).add("/").add(name);
    if (!candidate.truncated) {
      const long err = check_executable(candidate.data);
      if (err == 0) {
        memcpy(resolved_path, candidate.data, candidate.size + 1);
        return 0;
      }
      result = err == -EACCES ? -EACCES : result;
    }
    path = path[length] == ':' ? path + length + 1 : nullptr;
  }
  return result;
}

// What redoubt-vm goes on with: from `first` on the channel to the parent, its task and, for create,
// exec.fifo. One may stand where another is to go, so all are moved away first. How many they are.
unsigned keep_channels(const InitProgram& program, const Context& context, unsigned first) {
  const int fds[] = {context.sync_fd, program.machine_fd, program.fifo_fd};
  const unsigned count = program.kind == SessionKind::kCreate ? 3 : 2;
  long moved[3] = {};
  for (unsigned i = 0; i < count; ++i) {
    moved[i] = sys::call(SYS_fcntl, fds[i], F_DUPFD_CLOEXEC, static_cast<long>(first + count));
  }
  for (unsigned i = 0; i < count; ++i) {
    sys::call(SYS_dup3, moved[i], static_cast<long>(first + i), 0);
  }
  return count;
}

}  // namespace

StepStatus change_directory(const InitProgram& program, Context& context) {
  (void)context;
  const char* cwd = program.process.cwd;
  const long err = sys::call(SYS_chdir, sys::arg(cwd));
  // A directory that only the user may enter is tried again after the change of identity
  // (look_up_command).
  if (err < 0 && err != -EACCES) {
    return {static_cast<int>(-err), cwd};
  }
  if (err == 0 && !is_inside_root()) {
    return {EXDEV, cwd};
  }
  return kOk;
}

StepStatus fill_home(const InitProgram& program, Context& context) {
  (void)context;
  const ProcessProgram& process = program.process;
  if (process.needs_home == 0) {
    return kOk;
  }
  static char home[kItemLimit];
  find_home(process.uid, home);
  if (process.home_index >= 0) {
    process.env[process.home_index] = home;
  } else {
    process.env[process.env_count] = home;
    process.env[process.env_count + 1] = nullptr;
  }
  return kOk;
}

StepStatus look_up_command(const InitProgram& program, Context& context) {
  (void)context;
  const ProcessProgram& process = program.process;
  const long moved = sys::call(SYS_chdir, sys::arg(process.cwd));
  if (moved < 0 && moved != -EACCES) {
    return {static_cast<int>(-moved), process.cwd};
  }
  if (!is_inside_root()) {
    return {EXDEV, process.cwd};
  }
  const char* name = process.args[0];
  if (!has_slash(name)) {
    const long err = name[0] == '\0' ? -ENOENT : search_path(name, process.path_variable);
    return err < 0 ? StepStatus{static_cast<int>(-err), name} : kOk;
  }
  FixedText<kPathLimit> path;
  path.add(name);
  const long err = path.truncated ? -ENAMETOOLONG : check_executable(name);
  if (err < 0) {
    return {static_cast<int>(-err), name};
  }
  memcpy(resolved_path, path.data, path.size + 1);
  return kOk;
}

StepStatus report_done(const InitProgram& program, Context& context) {
  if (program.machine_fd >= 0) {
    return kOk;
  }
  send_message(context, SyncWord::kDone, InitStep::kDone, 0, 0, nullptr);
  if (program.start_container_hooks.size == 0 || program.kind == SessionKind::kCreate) {
    sys::close(context.sync_fd);
    context.sync_fd = -1;
  }
  return kOk;
}

// `start` writes one byte. Only read(2): the seccomp filter is on.
StepStatus await_start(const InitProgram& program, Context& context) {
  (void)context;
  if (program.kind != SessionKind::kCreate || program.machine_fd >= 0) {
    return kOk;
  }
  char byte = 0;
  long n = 0;
  do {
    n = sys::read(program.fifo_fd, &byte, 1);
  } while (n == -EINTR);
  // It stays open until execute(): `start` waits for its end when poststart hooks are to follow.
  return n == 1 ? kOk : StepStatus{n < 0 ? static_cast<int>(-n) : EPIPE, "exec.fifo"};
}

StepStatus execute(const InitProgram& program, Context& context) {
  const ProcessProgram& process = program.process;
  unsigned kept = 3 + process.preserve_fds;
  kept += program.machine_fd >= 0 ? keep_channels(program, context, kept) : 0;
  // Closed, not only marked: nothing of ours crosses execve, and nothing opens files after this
  // line (CVE-2024-21626).
  sys::close_range(kept, ~0U, 0);
  const long err =
      sys::call(SYS_execve, sys::arg(resolved_path), sys::arg(process.args), sys::arg(process.env));
  if (program.machine_fd >= 0) {
    context.sync_fd = static_cast<int>(3 + process.preserve_fds);
    return {static_cast<int>(-err), resolved_path};
  }
  // The parent no longer listens: the one line goes to the container's stderr.
  FixedText<kItemLimit> text;
  text.add("exec ").add(resolved_path).add(": ");
  switch (-err) {
    case ENOENT:
      text.add("no such file or directory");
      break;
    case EACCES:
      text.add("permission denied");
      break;
    case ENOEXEC:
      text.add("exec format error");
      break;
    case E2BIG:
      text.add("argument list too long");
      break;
    case EPERM:
      text.add("operation not permitted");
      break;
    case ETXTBSY:
      text.add("text file busy");
      break;
    case ENOMEM:
      text.add("cannot allocate memory");
      break;
    case ELOOP:
      text.add("too many levels of symbolic links");
      break;
    default:
      text.add("errno ").add_number(-err);
      break;
  }
  text.add("\n");
  sys::write(2, text.data, text.size);
  sys::exit_group(255);
}

}  // namespace redoubt::init
