#include "runc-compat/state/container_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "runc-compat/state/directory.h"
#include "runc-compat/state/lock_holder.h"

namespace redoubt::state {
namespace {

constexpr mode_t kIdMode = 0711;
constexpr mode_t kFileMode = 0600;
constexpr int kClaimAttempts = 100;
constexpr long kLongestPauseNs = 16'000'000;

Error missing() {
  return {ErrorKind::kState, "container does not exist", ENOENT};
}

Error already_exists() {
  return {ErrorKind::kState, "container with given ID already exists", EEXIST};
}

int64_t monotonic_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Takes the lock of an open directory: true, or false when it is still held after timeout_ms.
// flock(2) has no timeout of its own, hence short pauses that grow.
Result<bool> acquire(int fd, int timeout_ms, const std::string& path) {
  const int64_t deadline = monotonic_ns() + int64_t{timeout_ms} * 1'000'000;
  long pause_ns = 500'000;
  for (;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      return true;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Error::system(errno, concat("lock ", path));
    }
    if (monotonic_ns() >= deadline) {
      return false;
    }
    const timespec pause = {0, pause_ns};
    ::nanosleep(&pause, nullptr);
    pause_ns = std::min(pause_ns * 2, kLongestPauseNs);
  }
}

// Not synced: a record means nothing after a reboot, and until then the page cache keeps it
// (docs/adr/0004).
Status write_file(int dir_fd, const std::string& name, std::string_view text) {
  TRY_ASSIGN(const UniqueFd fd,
             open_at(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, kFileMode));
  return write_all(fd.get(), text, name);
}

// The new record takes the name state.json in one step, and the one that had it stays under the
// other name. A plain rename where there is none yet, and on file systems that cannot exchange.
Status publish(int dir_fd) {
  if (::renameat2(dir_fd, kFormerStateFile, dir_fd, kStateFile, RENAME_EXCHANGE) == 0 ||
      ((errno == ENOENT || errno == EINVAL) &&
       ::renameat(dir_fd, kFormerStateFile, dir_fd, kStateFile) == 0)) {
    return {};
  }
  return Error::system(errno, concat("rename ", kFormerStateFile, " to ", kStateFile));
}

// The remedy is the same for every kind of damage.
Error with_remedy(Error error, const std::string& id) {
  return {error.kind(), concat(error.message(), "; run: delete --force ", id), error.err()};
}

}  // namespace

ContainerDir::ContainerDir(std::shared_ptr<const OpenRoot> root,
                           UniqueFd fd,
                           std::string path,
                           std::string id)
    : root_(std::move(root)),
      fd_(std::move(fd)),
      path_(std::move(path)),
      id_(std::move(id)) {}

Result<ContainerDir> ContainerDir::claim(const std::string& root, const std::string& id) {
  TRY(validate_id(id));
  TRY(make_root(root));
  // A `delete` of the same id may take the new directory away before it is locked: then the claim
  // starts again.
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    TRY_ASSIGN(OpenRoot opened, open_root(root));
    if (::mkdirat(opened.fd.get(), id.c_str(), kIdMode) != 0) {
      if (errno == EEXIST) {
        return already_exists();
      }
      return Error::system(errno, concat("mkdir ", root, "/", id));
    }
    Result<UniqueFd> fd = open_container_directory(opened, id, concat(root, "/", id));
    if (!fd) {
      if (fd.error().err() == ENOENT) {
        continue;
      }
      return std::move(fd).error();
    }
    ContainerDir dir(std::make_shared<const OpenRoot>(std::move(opened)),
                     *std::move(fd),
                     concat(root, "/", id),
                     id);
    // The caller's umask must not decide; other users pass through the directory when the container
    // has a user namespace.
    if (::fchmod(dir.fd(), kIdMode) != 0) {
      return Error::system(errno, concat("chmod ", dir.path()));
    }
    Status locked = dir.lock();
    if (locked) {
      return dir;
    }
    if (!is_missing(locked.error())) {
      return std::move(locked).error();
    }
  }
  return already_exists();
}

Result<ContainerDir> ContainerDir::open(const std::string& root, const std::string& id) {
  TRY(validate_id(id));
  TRY(validate_id(id));  // before anything is said about the root
  const Result<StateRoot> opened = StateRoot::open(root);
  if (!opened) {
    return opened.error().err() == ENOENT ? missing() : opened.error();
  }
  return opened->container(id);
}

// Whether <root>/<id> is still this directory: a removed one can be open and locked, too.
bool ContainerDir::is_linked() const {
  struct stat ours = {};
  struct stat named = {};
  return ::fstat(fd_.get(), &ours) == 0 &&
         ::fstatat(root_->fd.get(), id_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

Status ContainerDir::lock(int timeout_ms) {
  if (locked_) {
    return {};
  }
  TRY_ASSIGN(const bool acquired, acquire(fd_.get(), timeout_ms, path_));
  if (!acquired) {
    const pid_t holder = lock_holder();
    const std::string who =
        holder > 0 ? concat("process ", holder) : std::string("another process");
    return Error(ErrorKind::kState,
                 concat("container ", id_, " is locked by ", who, ", which is still working on it"),
                 EWOULDBLOCK);
  }
  if (!is_linked()) {
    ::flock(fd_.get(), LOCK_UN);
    return missing();
  }
  locked_ = true;
  return {};
}

void ContainerDir::unlock() {
  if (locked_) {
    ::flock(fd_.get(), LOCK_UN);
    locked_ = false;
  }
}

pid_t ContainerDir::lock_holder() const {
  struct stat st = {};
  if (::fstat(fd_.get(), &st) != 0) {
    return 0;
  }
  Result<std::string> locks = read_kernel_file_at(AT_FDCWD, "/proc/locks");
  return locks ? find_flock_holder(*locks, st.st_dev, st.st_ino) : 0;
}

Status ContainerDir::save(const Record& record) {
  const std::string text = format_record(record);
  if (text.size() > kMaxRecordBytes) {
    return Error::invalid(concat(
        "state of container ", id_, ": larger than the limit of ", kMaxRecordBytes, " bytes"));
  }
  TRY(write_file(fd_.get(), kFormerStateFile, text).context(path_));
  return publish(fd_.get()).context(path_);
}

Result<Record> ContainerDir::load() const {
  return load_file(kStateFile);
}

Result<Record> ContainerDir::load_former() const {
  return load_file(kFormerStateFile);
}

Result<Record> ContainerDir::load_file(const std::string& name) const {
  Result<UniqueFd> fd = open_at(fd_.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  const std::string frame = concat("state file ", quote(concat(path_, "/", name)));
  if (!fd) {
    if (fd.error().err() == ENOENT) {
      return missing();
    }
    return with_remedy(std::move(fd).error().add_context(frame), id_);
  }
  auto read = [&]() -> Result<Record> {
    struct stat st = {};
    if (::fstat(fd->get(), &st) != 0) {
      return Error::system(errno, "stat");
    }
    if (!S_ISREG(st.st_mode)) {
      return Error::invalid("not a regular file");
    }
    TRY(check_owner(st));
    if (static_cast<uint64_t>(st.st_size) > kMaxRecordBytes) {
      return Error::invalid(concat("larger than the limit of ", kMaxRecordBytes, " bytes"));
    }
    TRY_ASSIGN(const std::string text, read_all(fd->get(), kMaxRecordBytes, name));
    TRY_ASSIGN(Record record, parse_record(text, name));
    if (record.id != id_) {
      return Error::invalid(concat("belongs to container ", quote(record.id)));
    }
    return record;
  };
  Result<Record> record = read();
  if (!record) {
    return with_remedy(std::move(record).error().add_context(frame), id_);
  }
  return record;
}

Status ContainerDir::remove() {
  return remove_tree(root_->fd.get(), id_, path_, kStateFile);
}

Status ContainerDir::remove_unwritten() {
  if (::unlinkat(fd_.get(), kFormerStateFile, 0) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("remove ", path_, "/", kFormerStateFile));
  }
  if (::unlinkat(root_->fd.get(), id_.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
    return {};
  }
  return errno == ENOTEMPTY ? with_remedy(Error(ErrorKind::kState,
                                                concat("container does not exist: ", path_, " holds files of something else"),
                                                ENOTEMPTY),
                                          id_)
                            : Error::system(errno, concat("remove ", path_));
}

bool is_missing(const Error& error) {
  return error.kind() == ErrorKind::kState && error.err() == ENOENT;
}

StateRoot::StateRoot(OpenRoot root, std::string path)
    : root_(std::make_shared<const OpenRoot>(std::move(root))), path_(std::move(path)) {}

Result<StateRoot> StateRoot::open(const std::string& root) {
  TRY_ASSIGN(OpenRoot opened, open_root(root));
  return StateRoot(std::move(opened), root);
}

Result<ContainerDir> StateRoot::container(const std::string& id) const {
  TRY(validate_id(id));
  const std::string path = concat(path_, "/", id);
  Result<UniqueFd> fd = open_container_directory(*root_, id, path);
  if (!fd) {
    if (fd.error().err() == ENOENT) {
      return missing();
    }
    const bool of_another_user = fd.error().kind() == ErrorKind::kDenied;
    return of_another_user ? std::move(fd).error() : with_remedy(std::move(fd).error(), id);
  }
  return ContainerDir(root_, *std::move(fd), path, id);
}

Result<std::vector<std::string>> StateRoot::ids() const {
  TRY_ASSIGN(std::vector<std::string> names, list_directories(root_->fd.get(), path_));
  names.erase(
      std::remove_if(
          names.begin(), names.end(), [](const std::string& name) { return !validate_id(name); }),
      names.end());
  std::sort(names.begin(), names.end());
  return names;
}

Status remove_leftover(const std::string& root, const std::string& id) {
  TRY(validate_id(id));
  const Result<OpenRoot> opened = open_root(root);
  if (!opened) {
    return opened.error().err() == ENOENT ? Status() : opened.error();
  }
  const std::string path = concat(root, "/", id);
  struct stat st = {};
  if (opened->others_may_write && ::fstatat(opened->fd.get(), id.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
    TRY(check_owner(st).context(path));
  }
  return remove_tree(opened->fd.get(), id, path, kStateFile);
}

}  // namespace redoubt::state
