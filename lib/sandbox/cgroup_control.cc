#include "sandbox/cgroup_control.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_wait.h"
#include "sandbox/cgroup_walk.h"
#include "sandbox/systemd_client.h"

namespace redoubt::sandbox {
namespace {

bool is_empty(const CgroupEvents& events) {
  return !events.populated;
}

// Nothing when the cgroup is gone or was never there.
Result<std::optional<UniqueFd>> open_if_there(const std::string& directory) {
  if (directory.empty()) {
    return std::optional<UniqueFd>();
  }
  auto fd = open_cgroup(directory);
  if (!fd && is_gone(fd.error())) {
    return std::optional<UniqueFd>();
  }
  if (!fd) {
    return std::move(fd).error();
  }
  return std::optional<UniqueFd>(*std::move(fd));
}

// Of a cgroup that has gone meanwhile: empty and not frozen.
Result<CgroupEvents> events_in(int directory_fd) {
  auto events = read_cgroup_events(directory_fd);
  if (!events && is_gone(events.error())) {
    return CgroupEvents{};
  }
  return events;
}

Status write_freeze(int directory_fd, bool frozen) {
  return write_kernel_file_at(directory_fd, "cgroup.freeze", frozen ? "1" : "0");
}

Status freeze_and_wait(int directory_fd, int timeout_ms) {
  TRY(write_freeze(directory_fd, true));
  TRY_ASSIGN(const bool frozen,
             wait_cgroup_events(
                 directory_fd,
                 [](const CgroupEvents& events) { return events.frozen; },
                 Deadline(timeout_ms)));
  if (!frozen) {
    return Error(ErrorKind::kSystem,
                 concat("cgroup did not freeze within ",
                        timeout_ms,
                        " ms: a process is in an uninterruptible wait"),
                 ETIMEDOUT);
  }
  return {};
}

// For kernels without cgroup.kill (before 5.14) and for threaded cgroups. Frozen, so that nobody
// forks away meanwhile; a pid of a frozen process cannot be recycled either.
Status kill_one_by_one(int directory_fd, const Deadline& deadline) {
  do {
    ignore(freeze_and_wait(directory_fd, 200),
           "a process that does not freeze is killed all the same");
    std::vector<pid_t> pids;
    const Status listed = collect_processes(directory_fd, pids);
    for (const pid_t pid : pids) {
      ::kill(pid, SIGKILL);
    }
    ignore(write_freeze(directory_fd, false), "a cgroup that is gone is thawed");
    TRY(listed);
    TRY_ASSIGN(const bool empty, wait_cgroup_events(directory_fd, is_empty, Deadline(200)));
    if (empty) {
      return {};
    }
  } while (deadline.left_ms() > 0);
  return {};  // the caller's wait reports who is left
}

Status survivors_error(int directory_fd, const std::string& directory, int timeout_ms) {
  std::vector<pid_t> pids;
  ignore(collect_processes(directory_fd, pids), "only for the message");
  std::string text = concat(
      directory, ": ", pids.size(), " process(es) still alive ", timeout_ms, " ms after SIGKILL");
  if (!pids.empty()) {
    text += concat(", first pid ",
                   pids.front(),
                   " (see /proc/",
                   pids.front(),
                   "/stack for what it waits for)");
  }
  return Error(ErrorKind::kSystem, std::move(text), ETIMEDOUT);
}

// The root cgroup holds the whole host; it is recognised by having no cgroup.events.
Status refuse_root(int directory_fd, const std::string& directory) {
  if (::faccessat(directory_fd, "cgroup.events", F_OK, 0) != 0 && errno == ENOENT &&
      ::faccessat(directory_fd, "cgroup.procs", F_OK, 0) == 0) {
    return Error::internal(
        concat(directory, ": refusing to act on the root of the cgroup hierarchy"));
  }
  return {};
}

Status stop_unit(const std::string& unit, bool rootless) {
  TRY_ASSIGN(SystemdClient systemd, SystemdClient::connect(rootless));
  return systemd.stop_unit(unit);
}

Status remove_directory(const std::string& directory, int timeout_ms) {
  TRY_ASSIGN(std::optional<UniqueFd> fd, open_if_there(directory));
  if (!fd) {
    return {};
  }
  TRY(refuse_root(fd->get(), directory));
  if (::rmdir(directory.c_str()) == 0) {
    return {};
  }
  const Deadline deadline(timeout_ms);
  Status status = remove_children(fd->get(), deadline);
  if (status) {
    status = remove_one(AT_FDCWD, directory, deadline);
  }
  std::vector<pid_t> pids;
  if (!status && collect_processes(fd->get(), pids) && !pids.empty()) {
    return Error::state(concat(
        "unable to remove cgroup ", directory, ": ", pids.size(), " process(es) still in it"));
  }
  return std::move(status).context("unable to remove cgroup");
}

}  // namespace

CgroupEvents parse_cgroup_events(std::string_view text) {
  CgroupEvents events;
  for (const std::string& line : split(text, '\n')) {
    if (line == "populated 1") {
      events.populated = true;
    } else if (line == "frozen 1") {
      events.frozen = true;
    }
  }
  return events;
}

Result<CgroupEvents> read_cgroup_events(int directory_fd) {
  TRY_ASSIGN(const std::string text, read_kernel_value_at(directory_fd, "cgroup.events"));
  return parse_cgroup_events(text);
}

Result<UniqueFd> open_cgroup(const std::string& directory) {
  return open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Status set_frozen(const std::string& directory, bool frozen, int timeout_ms) {
  if (directory.empty()) {
    return Error::unsupported("cannot toggle freezer: cgroups not configured for container");
  }
  TRY_ASSIGN(UniqueFd fd, open_cgroup(directory));
  TRY(refuse_root(fd.get(), directory));
  if (frozen) {
    Status status = freeze_and_wait(fd.get(), timeout_ms);
    if (!status) {
      ignore(write_freeze(fd.get(), false), "the first error is the one to report");
    }
    return std::move(status).context(directory);
  }
  TRY(write_freeze(fd.get(), false));
  TRY_ASSIGN(const bool thawed,
             wait_cgroup_events(
                 fd.get(),
                 [](const CgroupEvents& events) { return !events.frozen; },
                 Deadline(timeout_ms)));
  if (!thawed) {
    return Error::state(concat(directory, ": still frozen through a parent cgroup; thaw that one"));
  }
  return {};
}

Result<bool> is_frozen(const std::string& directory) {
  TRY_ASSIGN(std::optional<UniqueFd> fd, open_if_there(directory));
  if (!fd) {
    return false;
  }
  // cgroup.freeze first: while a process enters a frozen cgroup, cgroup.events says "frozen 0" for
  // a moment.
  auto own = read_kernel_value_at(fd->get(), "cgroup.freeze");
  if (own && trim(*own) == "1") {
    return true;
  }
  TRY_ASSIGN(const CgroupEvents events, events_in(fd->get()));
  return events.frozen;
}

Result<bool> is_populated(const std::string& directory) {
  TRY_ASSIGN(std::optional<UniqueFd> fd, open_if_there(directory));
  if (!fd) {
    return false;
  }
  TRY_ASSIGN(const CgroupEvents events, events_in(fd->get()));
  return events.populated;
}

Status kill_cgroup(const std::string& directory, int timeout_ms) {
  TRY_ASSIGN(std::optional<UniqueFd> fd, open_if_there(directory));
  if (!fd) {
    return {};
  }
  TRY(refuse_root(fd->get(), directory));
  TRY_ASSIGN(const bool is_done, wait_cgroup_events(fd->get(), is_empty, Deadline(0)));
  if (is_done) {
    return {};  // whoever joins it from now on keeps it from being removed
  }
  const Deadline deadline(timeout_ms);
  const Status killed = write_kernel_file_at(fd->get(), "cgroup.kill", "1");
  // Killing works on frozen processes; thawed all the same, so that a wait for its state never
  // hangs on a leftover switch.
  ignore(write_freeze(fd->get(), false), "gone or without a freezer");
  if (!killed) {
    const int err = killed.error().err();
    if (err != ENOENT && err != ENODEV && err != EOPNOTSUPP) {
      return Status(killed).context(directory);
    }
    TRY(kill_one_by_one(fd->get(), deadline).context(directory));
  }
  TRY_ASSIGN(const bool empty, wait_cgroup_events(fd->get(), is_empty, deadline));
  return empty ? Status() : survivors_error(fd->get(), directory, timeout_ms);
}

Status remove_cgroup(const std::string& directory,
                     const std::string& unit,
                     bool rootless,
                     int timeout_ms) {
  Status stopped;
  if (!unit.empty()) {
    stopped = stop_unit(unit, rootless);
  }
  Status removed = remove_directory(directory, timeout_ms);
  // A manager that does not answer must not keep a container from being deleted: once the cgroup is
  // gone, so is its unit.
  return removed && !stopped && directory.empty() ? stopped : removed;
}

Result<std::vector<pid_t>> cgroup_processes(const std::string& directory) {
  std::vector<pid_t> pids;
  TRY_ASSIGN(std::optional<UniqueFd> fd, open_if_there(directory));
  if (fd) {
    TRY(collect_processes(fd->get(), pids).context(directory));
  }
  return pids;
}

Result<UniqueFd> open_sub_cgroup(const std::string& directory, const std::string& sub_path) {
  if (directory.empty()) {
    return Error::state(concat("bad sub cgroup path: ", sub_path, ": the container has no cgroup"));
  }
  TRY_ASSIGN(UniqueFd base, open_cgroup(directory));
  // "/" and "/x" are relative to the container's cgroup, as all of this option's paths.
  const std::string relative =
      clean_path(sub_path.substr(std::min(sub_path.find_first_not_of('/'), sub_path.size())));
  if (relative == ".." || relative.starts_with("../")) {
    return Error::invalid(concat("bad sub cgroup path: ", sub_path));
  }
  open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, base.get(), relative.c_str(), &how, sizeof how);
  if (fd < 0) {
    return errno == EXDEV ? Error::invalid(concat("bad sub cgroup path: ", sub_path))
                          : Error::system(errno, concat("open ", directory, "/", relative));
  }
  return UniqueFd(static_cast<int>(fd));
}

}  // namespace redoubt::sandbox
