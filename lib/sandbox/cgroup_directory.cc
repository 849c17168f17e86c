#include "sandbox/cgroup_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/cgroup_writes.h"

namespace redoubt::sandbox {
namespace {

constexpr mode_t kDirectoryMode = 0755;
// Somebody else may remove an empty parent between our mkdir of it and of its child.
constexpr int kRaceAttempts = 8;

// "/mnt" and "/mnt/a/b" -> {"/mnt/a", "/mnt/a/b"}.
std::vector<std::string> levels_below(const std::string& mount, const std::string& directory) {
  std::vector<std::string> levels;
  for (size_t end = directory.find('/', mount.size() + 1);; end = directory.find('/', end + 1)) {
    levels.push_back(directory.substr(0, end));
    if (end == std::string::npos) {
      return levels;
    }
  }
}

// One attempt. errno of the failing mkdir, 0: the directory exists now.
int make_levels(const std::vector<std::string>& levels, std::vector<std::string>& created) {
  if (::mkdir(levels.back().c_str(), kDirectoryMode) == 0) {
    created.push_back(levels.back());
    return 0;
  }
  if (errno != ENOENT) {
    return errno == EEXIST ? 0 : errno;
  }
  for (const std::string& level : levels) {
    if (::mkdir(level.c_str(), kDirectoryMode) == 0) {
      created.push_back(level);
    } else if (errno != EEXIST) {
      return errno;
    }
  }
  return 0;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out = split(trim(text), ' ');
  std::erase(out, "");
  return out;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Result<std::vector<std::string>> read_words(const std::string& directory, const char* file) {
  TRY_ASSIGN(const std::string text, read_kernel_file_at(AT_FDCWD, concat(directory, "/", file)));
  return words(text);
}

void enable_in(const std::string& parent, std::vector<RefusedController>& refused) {
  const auto have = read_words(parent, "cgroup.controllers");
  const auto enabled = read_words(parent, "cgroup.subtree_control");
  if (!have || !enabled) {
    return;
  }
  std::vector<std::string> missing;
  for (const std::string& controller : *have) {
    if (!contains(*enabled, controller)) {
      missing.push_back(controller);
    }
  }
  const std::string file = parent + "/cgroup.subtree_control";
  if (missing.empty() || write_kernel_file_at(AT_FDCWD, file, concat("+", join(missing, " +")))) {
    return;
  }
  // The kernel takes all or none; one that cannot be had (no internal process rule) must not cost
  // the others.
  for (const std::string& controller : missing) {
    const Status status = write_kernel_file_at(AT_FDCWD, file, concat("+", controller));
    if (!status) {
      refused.push_back({controller, parent, status.error().err()});
    }
  }
}

std::string refusal_text(const RefusedController& refusal) {
  std::string text =
      concat("cannot be enabled in ", refusal.directory, ": ", errno_text(refusal.err));
  if (refusal.err == EBUSY) {
    text +=
        " (processes live in that cgroup: move them to a child of it, or choose another "
        "linux.cgroupsPath)";
  } else if (refusal.err == EOPNOTSUPP) {
    text += " (that cgroup is in threaded mode: choose another linux.cgroupsPath)";
  } else if (refusal.err == EACCES || refusal.err == EPERM) {
    text += " (it is not delegated to this user: have it delegated, or drop the limit)";
  }
  return text;
}

Error missing_controller_error(const std::string& subject,
                               std::string_view controller,
                               const CgroupHierarchy& hierarchy,
                               const CgroupControllers& controllers) {
  std::vector<std::string> v1 = hierarchy.v1_controllers;
  if (!hierarchy.hybrid) {
    // Also with v2 at its usual place a controller may have been given to a v1 mount elsewhere.
    auto own = read_own_cgroups();
    v1 = own ? std::move(own->v1_controllers) : std::vector<std::string>();
  }
  // v1 calls the io controller blkio.
  if (contains(v1, controller) || (controller == "io" && contains(v1, "blkio"))) {
    return Error::unsupported(concat(subject,
                                     " is bound to cgroup v1 on this host; boot with "
                                     "systemd.unified_cgroup_hierarchy=1, or drop the limit"));
  }
  for (const RefusedController& refusal : controllers.refused) {
    if (refusal.controller == controller) {
      return Error(
          ErrorKind::kUnsupported, concat(subject, " ", refusal_text(refusal)), refusal.err);
    }
  }
  return Error::unsupported(concat(
      subject,
      " is not among those of ",
      hierarchy.mount,
      ": the kernel lacks it or a parent does not pass it on; enable it, or drop the limit"));
}

}  // namespace

Result<CgroupDirectory> make_cgroup_directory(const std::string& mount,
                                              const std::string& directory) {
  if (directory.size() <= mount.size() || !directory.starts_with(mount + "/")) {
    return Error::invalid(concat("linux.cgroupsPath: ",
                                 quote(directory),
                                 " is the root of the hierarchy; name a cgroup below it"));
  }
  const std::vector<std::string> levels = levels_below(mount, directory);
  CgroupDirectory made;
  for (int attempt = 1;; ++attempt) {
    int err = make_levels(levels, made.created);
    if (err == 0) {
      auto fd = open_cgroup(directory);
      if (fd) {
        made.fd = *std::move(fd);
        return made;
      }
      err = fd.error().err();
    }
    if (err != ENOENT || attempt == kRaceAttempts) {
      remove_created(made.created);
      return Error::system(err, concat("mkdir ", directory));
    }
  }
}

void remove_created(const std::vector<std::string>& created) {
  const int saved = errno;
  for (auto it = created.rbegin(); it != created.rend(); ++it) {
    ::rmdir(it->c_str());
  }
  errno = saved;
}

Result<CgroupControllers> enable_controllers(const std::string& mount,
                                             const std::string& directory) {
  TRY_ASSIGN(const std::vector<std::string> all, read_words(mount, "cgroup.controllers"));
  CgroupControllers controllers;
  TRY_ASSIGN(controllers.available, read_words(directory, "cgroup.controllers"));
  if (controllers.available == all) {
    return controllers;
  }
  enable_in(mount, controllers.refused);
  const std::vector<std::string> levels = levels_below(mount, directory);
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    enable_in(levels[i], controllers.refused);
  }
  TRY_ASSIGN(controllers.available, read_words(directory, "cgroup.controllers"));
  return controllers;
}

Status check_controllers(const std::vector<plan::CgroupWrite>& writes,
                         const CgroupHierarchy& hierarchy,
                         const CgroupControllers& controllers) {
  for (const plan::CgroupWrite& write : writes) {
    const std::string_view controller = controller_of(write.file);
    if (controller.empty() || contains(controllers.available, controller) ||
        write.skip_if_missing || !is_limit_request(write)) {
      continue;
    }
    const std::string subject =
        is_unified(write) ? concat("unified resource ",
                                   quote(write.file),
                                   " can't be set: controller ",
                                   quote(controller),
                                   " not available: it")
                          : concat(write.field, ": cgroup controller ", quote(controller));
    return missing_controller_error(subject, controller, hierarchy, controllers);
  }
  return {};
}

Status delegate_cgroup(int directory_fd, uid_t uid) {
  constexpr gid_t kKeepGroup = static_cast<gid_t>(-1);
  auto text = read_kernel_file_at(AT_FDCWD, "/sys/kernel/cgroup/delegate");
  // Kernels before 4.15 have no list: the three of cgroups(7).
  const std::string files = text ? *text : "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
  if (::fchown(directory_fd, uid, kKeepGroup) != 0) {
    return Error::system(errno, "chown cgroup");
  }
  for (const std::string& file : split(trim(files), '\n')) {
    if (::fchownat(directory_fd, file.c_str(), uid, kKeepGroup, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno != ENOENT) {
      return Error::system(errno, concat("chown cgroup ", file));
    }
  }
  return {};
}

}  // namespace redoubt::sandbox
