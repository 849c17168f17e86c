#include "sandbox/intel_rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {
namespace {

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Only a directory name: the group of a closID lies right below the mount.
Status check_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Error::invalid(
        concat("linux.intelRdt.closID: ", quote(name), " is no valid name of a resctrl group"));
  }
  return {};
}

Status fill_group(const plan::IntelRdt& plan, const std::string& path) {
  TRY(write_resctrl_schemata(path, plan.schemata));
  if (plan.enable_monitoring) {
    const std::string monitor = concat(path, "/mon_groups");
    if (!exists(monitor)) {
      return Error::unsupported(
          "linux.intelRdt.enableMonitoring: this CPU or kernel has no resctrl monitoring");
    }
  }
  return {};
}

}  // namespace

ResctrlSupport probe_resctrl(const std::string& mount) {
  ResctrlSupport support;
  support.mounted = exists(concat(mount, "/info"));
  support.l3_cache = exists(concat(mount, "/info/L3")) || exists(concat(mount, "/info/L3CODE"));
  support.memory_bandwidth = exists(concat(mount, "/info/MB"));
  return support;
}

Result<ResctrlGroup> create_resctrl_group(const plan::IntelRdt& plan,
                                          const std::string& id,
                                          const std::string& mount) {
  if (!probe_resctrl(mount).mounted) {
    return Error::unsupported(concat("linux.intelRdt: no resctrl file system at ",
                                     mount,
                                     "; run: mount -t resctrl resctrl ",
                                     mount));
  }
  const std::string& name = plan.clos_id.empty() ? id : plan.clos_id;
  TRY(check_name(name));
  ResctrlGroup group{concat(mount, "/", name), false};
  if (!plan.clos_id.empty() && plan.schemata.empty() && !exists(group.path)) {
    return Error::invalid(concat("linux.intelRdt.closID: group ",
                                 quote(name),
                                 " does not exist and no schemata are given to make it"));
  }
  if (::mkdir(group.path.c_str(), 0755) == 0) {
    group.created = true;
  } else if (errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", group.path));
  }
  Status filled = fill_group(plan, group.path);
  if (!filled) {
    if (group.created) {
      ::rmdir(group.path.c_str());
    }
    return std::move(filled).error();
  }
  return group;
}

Result<std::string> join_intel_rdt(const plan::IntelRdt& plan, const std::string& id, pid_t pid) {
  TRY_ASSIGN(const ResctrlGroup group, create_resctrl_group(plan, id));
  Status joined = join_resctrl_group(group.path, pid);
  if (!joined) {
    if (group.created) {
      ::rmdir(group.path.c_str());
    }
    return std::move(joined).error();
  }
  return group.created ? group.path : std::string();
}

Status join_resctrl_group(const std::string& path, pid_t pid) {
  return write_kernel_file_at(AT_FDCWD, concat(path, "/tasks"), concat(pid))
      .context("linux.intelRdt");
}

Status write_resctrl_schemata(const std::string& path, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    Status written = write_kernel_file_at(AT_FDCWD, concat(path, "/schemata"), concat(line, "\n"));
    if (!written) {
      // The kernel explains itself here: "Mask f000 out of range".
      const Result<std::string> reason =
          read_kernel_file_at(AT_FDCWD, concat(path, "/../info/last_cmd_status"));
      Error error = std::move(written).error();
      const std::string why = reason ? std::string(trim(*reason)) : std::string();
      error.add_context(why.empty() || why == "ok" ? "linux.intelRdt"
                                                   : concat("linux.intelRdt: ", why));
      return error;
    }
  }
  return {};
}

Status remove_resctrl_group(const std::string& path) {
  Result<UniqueFd> fd = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!fd) {
    return fd.error().err() == ENOENT ? Status() : std::move(fd).error();
  }
  struct statfs fs = {};
  if (::fstatfs(fd->get(), &fs) != 0) {
    return Error::system(errno, concat("statfs ", path));
  }
  if (fs.f_type != RDTGROUP_SUPER_MAGIC) {
    return Error::internal(concat(path, ": not on a resctrl file system, refusing to remove it"));
  }
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("rmdir ", path));
  }
  return {};
}

}  // namespace redoubt::sandbox
