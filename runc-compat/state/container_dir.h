// ContainerDir: <root>/<id>, an open directory and its lock. All files of a container are reached
// through its descriptor.
//
// The root and the directory must belong to the caller (or to root) and nothing in them is reached
// through a symbolic link, so that a directory that somebody else prepared is refused. mkdir(2) is
// the atomic claim of an id; flock(2) on the directory serialises create, start, update, pause,
// resume and delete, and is released by the kernel when its holder dies. Reading needs no lock:
// state.json is replaced by rename.
#ifndef REDOUBT_STATE_CONTAINER_DIR_H_
#define REDOUBT_STATE_CONTAINER_DIR_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runc-compat/state/container_id.h"
#include "runc-compat/state/directory.h"
#include "runc-compat/state/record.h"

namespace redoubt::state {

inline constexpr char kStateFile[] = "state.json";
inline constexpr char kFormerStateFile[] = "state.json.former";
inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kExecFifo[] = "exec.fifo";
inline constexpr char kNotifyDirectory[] = "notify";

inline constexpr int kLockTimeoutMs = 5000;

class ContainerDir {
 public:
  // Makes the root (0700) if it is missing and <root>/<id> (0711), and holds its lock.
  // Taken: "container with given ID already exists".
  static Result<ContainerDir> claim(const std::string& root, const std::string& id);

  // Missing root or id: "container does not exist", is_missing() is true of the error.
  static Result<ContainerDir> open(const std::string& root, const std::string& id);

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }
  const std::string& id() const { return id_; }
  // The runtime's root, which all containers are below.
  std::string root() const { return path_.substr(0, path_.size() - id_.size() - 1); }

  // Waits for the lock; after timeout_ms an error that names its holder. The container may have
  // been deleted meanwhile: "container does not exist". Locking twice is a no-op.
  Status lock(int timeout_ms = kLockTimeoutMs);
  void unlock();
  bool is_locked() const { return locked_; }

  // Process that holds the lock according to /proc/locks, 0 when none is known.
  pid_t lock_holder() const;

  // Replaces state.json atomically; the record before it stays as state.json.former.
  Status save(const Record& record);

  // No state.json: "container does not exist" (is_missing()). A damaged one: the error names the
  // file and `delete --force ID`.
  Result<Record> load() const;

  // The record before the present one, for `delete --force` when state.json is damaged: it knows at
  // least what create had made by then. Errors as load().
  Result<Record> load_former() const;

  // Deletes everything below (mounts are detached, not entered), state.json last, then the
  // directory. What is gone already is no error. The lock goes with the directory.
  Status remove();

  // Removes the directory when a create died before it wrote anything into it; ENOTEMPTY when there are files
  // that are none of ours (--root /var, id lib).
  Status remove_unwritten();

 private:
  friend class StateRoot;

  ContainerDir(std::shared_ptr<const OpenRoot> root,
               UniqueFd fd,
               std::string path,
               std::string id);

  bool is_linked() const;
  Result<Record> load_file(const std::string& name) const;

  std::shared_ptr<const OpenRoot> root_;
  UniqueFd fd_;
  std::string path_, id_;
  bool locked_ = false;
};

// The state root, opened and checked once for many containers.
class StateRoot {
 public:
  // A missing one is an error with err() ENOENT.
  static Result<StateRoot> open(const std::string& root);

  // In ascending order: the directories with a valid name.
  Result<std::vector<std::string>> ids() const;

  // As ContainerDir::open().
  Result<ContainerDir> container(const std::string& id) const;

 private:
  StateRoot(OpenRoot root, std::string path);

  std::shared_ptr<const OpenRoot> root_;
  std::string path_;
};

// Whether the error says that the container does not exist.
bool is_missing(const Error& error);

// Removes whatever is at <root>/<id> without interpreting it (delete of a container without
// readable state). The id must be valid; nothing there is no error. Where others may write to the root,
// what belongs to another user is refused.
Status remove_leftover(const std::string& root, const std::string& id);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_CONTAINER_DIR_H_
