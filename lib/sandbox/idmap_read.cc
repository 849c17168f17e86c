#include "sandbox/idmap_read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"
#include "sandbox/idmap.h"

namespace redoubt::sandbox {
namespace {

void sort_by_container_id(std::vector<plan::IdMapping>& map) {
  std::sort(map.begin(), map.end(), [](const plan::IdMapping& a, const plan::IdMapping& b) {
    return a.container_id < b.container_id;
  });
}

// A process in the namespace that waits until we close our end of its pipe.
struct Member {
  pid_t pid = -1;
  UniqueFd hold;
  ~Member() {
    hold.reset();
    while (pid > 0 && ::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
};

// The child makes system calls only; exit_signal 0 leaves the caller's SIGCHLD handling alone.
[[noreturn]] void live_in(int user_namespace_fd, int report_fd, int hold_fd, int other_end_fd) {
  ::close(other_end_fd);
  const int err = ::setns(user_namespace_fd, CLONE_NEWUSER) == 0 ? 0 : errno;
  char end = 0;
  if (::write(report_fd, &err, sizeof err) == sizeof err) {
    while (::read(hold_fd, &end, 1) < 0 && errno == EINTR) {
    }
  }
  ::syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

Status join(int user_namespace_fd, Member& member) {
  int report[2];
  int hold[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  const UniqueFd report_read(report[0]);
  UniqueFd report_write(report[1]);
  if (::pipe2(hold, O_CLOEXEC) != 0) {
    return Error::system(errno, "pipe");
  }
  const UniqueFd hold_read(hold[0]);
  member.hold.reset(hold[1]);
  clone_args args{};
  member.pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (member.pid == 0) {
    live_in(user_namespace_fd, report[1], hold[0], hold[1]);
  }
  if (member.pid < 0) {
    return Error::system(errno, "clone3");
  }
  report_write.reset();
  int err = 0;
  ssize_t n = 0;
  do {
    n = ::read(report_read.get(), &err, sizeof err);
  } while (n < 0 && errno == EINTR);
  if (n != sizeof err) {
    return Error::internal("the process in the user namespace ended early");
  }
  return err == 0 ? Status() : Status(Error::system(err, "setns"));
}

Result<std::vector<plan::IdMapping>> read_map(pid_t pid, const char* file) {
  TRY_ASSIGN(const std::string text,
             read_kernel_file_at(AT_FDCWD, concat("/proc/", pid, "/", file)));
  return parse_id_map(text);
}

Status compare(const char* field,
               std::vector<plan::IdMapping> expected,
               const std::vector<plan::IdMapping>& found) {
  sort_by_container_id(expected);
  const std::string wanted = id_map_text(expected);
  const std::string real = id_map_text(found);
  if (wanted == real) {
    return {};
  }
  return Error::invalid(concat(field,
                               ": ",
                               quote(trim(wanted)),
                               " is not what the user namespace to join maps: ",
                               quote(trim(real)),
                               "; give the same mappings or none"));
}

}  // namespace

Result<std::vector<plan::IdMapping>> parse_id_map(std::string_view text) {
  std::vector<plan::IdMapping> map;
  for (const std::string& line : split(text, '\n')) {
    std::vector<uint32_t> numbers;
    for (const std::string& word : split(line, ' ')) {
      if (word.empty()) {
        continue;
      }
      const auto number = parse_number<uint32_t>(word);
      if (!number) {
        return Error::invalid(concat("id map: ", quote(word), " is no id"));
      }
      numbers.push_back(*number);
    }
    if (numbers.size() == 3) {
      map.push_back({numbers[0], numbers[1], numbers[2]});
    } else if (!numbers.empty()) {
      return Error::invalid(concat("id map: ", quote(line), ": want three numbers"));
    }
  }
  sort_by_container_id(map);
  return map;
}

Result<plan::IdMaps> read_id_maps(int user_namespace_fd) {
  Member member;
  TRY(join(user_namespace_fd, member).context("read the maps of the user namespace"));
  plan::IdMaps maps;
  TRY_ASSIGN(maps.uid, read_map(member.pid, "uid_map"));
  TRY_ASSIGN(maps.gid, read_map(member.pid, "gid_map"));
  return maps;
}

Status check_id_maps(int user_namespace_fd, const plan::IdMaps& expected) {
  TRY_ASSIGN(const plan::IdMaps found, read_id_maps(user_namespace_fd));
  TRY(compare("linux.uidMappings", expected.uid, found.uid));
  return compare("linux.gidMappings", expected.gid, found.gid);
}

}  // namespace redoubt::sandbox
