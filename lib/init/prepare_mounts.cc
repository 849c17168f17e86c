#include "init/prepare_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "sandbox/cgroup_hierarchy.h"
#include "sandbox/idmap.h"

namespace redoubt::init {
namespace {

constexpr uint64_t kPropagationTypes = MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE;

struct MountAttributes {  // struct mount_attr; glibc's header and the kernel's cannot be included
                          // together
  uint64_t attr_set, attr_clr, propagation, userns_fd;
};

Result<UniqueFd> open_tree(const std::string& path, unsigned flags, const std::string& what) {
  const long fd =
      ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (fd < 0) {
    return Error::system(errno, concat(what, ": source ", quote(path)));
  }
  return UniqueFd(static_cast<int>(fd));
}

Status set_tree(int fd,
                const MountAttributes& attributes,
                bool recursive,
                const std::string& what) {
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::syscall(SYS_mount_setattr, fd, "", flags, &attributes, sizeof attributes) != 0) {
    return Error::system(errno, what);
  }
  return {};
}

// A tree cloned in the host's namespace still receives and sends mounts like the original: it gets
// the propagation that the root of the container would have given it.
Status inherit_propagation(int fd, uint64_t root_propagation, const std::string& what) {
  const uint64_t type = root_propagation & kPropagationTypes;
  if (type == MS_SHARED) {
    return {};
  }
  return set_tree(fd, {0, 0, type == 0 ? uint64_t{MS_SLAVE} : type, 0}, true, what);
}

Result<UniqueFd> open_mapped_tree(const PrepareRequest& request,
                                  const plan::Mount& mount,
                                  const std::string& what) {
  const unsigned recursive = mount.recursive_bind ? AT_RECURSIVE : 0U;
  TRY_ASSIGN(UniqueFd tree, open_tree(mount.source, recursive, what));
  UniqueFd user_namespace;
  int user_namespace_fd = -1;
  if (mount.idmaps.empty()) {
    for (const OpenNamespace& join : request.joins) {
      user_namespace_fd = join.clone_flag == CLONE_NEWUSER ? join.fd.get() : user_namespace_fd;
    }
  }
  if (user_namespace_fd < 0) {
    const plan::IdMaps& maps = mount.idmaps.empty() ? request.plan.id_maps : mount.idmaps;
    TRY_ASSIGN(user_namespace, sandbox::create_user_namespace(maps));
    user_namespace_fd = user_namespace.get();
  }
  const MountAttributes attributes{
      MOUNT_ATTR_IDMAP, 0, 0, static_cast<uint64_t>(user_namespace_fd)};
  TRY(set_tree(tree.get(), attributes, mount.recursive_idmap, concat(what, ": idmap")));
  return tree;
}

Span<MountOption> make_options(const PrepareRequest& request,
                               const plan::Mount& mount,
                               Arena& arena) {
  std::vector<MountOption> options;
  for (const std::string& option : mount.data) {
    const size_t equals = option.find('=');
    const bool has_value = equals != std::string::npos;
    options.push_back({arena.text(option.substr(0, equals)),
                       has_value ? arena.text(option.substr(equals + 1)) : nullptr});
  }
  // SELinux: proc, sysfs and cgroup carry the kernel's own labels.
  if (!request.plan.mount_label.empty() && mount.kind == plan::MountKind::kFilesystem &&
      mount.fs_type != "mqueue") {
    options.push_back({arena.text("context"), arena.text(request.plan.mount_label)});
  }
  return arena.copy(options);
}

bool has_option(const plan::Mount& mount, std::string_view key) {
  for (const std::string& option : mount.data) {
    if (option.starts_with(key)) {
      return true;
    }
  }
  return false;
}

MountSource source_kind(plan::MountKind kind) {
  switch (kind) {
    case plan::MountKind::kBind:
      return MountSource::kBind;
    case plan::MountKind::kFilesystem:
      return MountSource::kFilesystem;
    case plan::MountKind::kProc:
      return MountSource::kProc;
    case plan::MountKind::kSysfs:
      return MountSource::kSysfs;
    case plan::MountKind::kCgroup:
      return MountSource::kCgroup;
  }
  return MountSource::kFilesystem;
}

const char* bind_fallback(const PrepareRequest& request, const plan::Mount& mount, Arena& arena) {
  if (mount.kind == plan::MountKind::kCgroup) {
    return arena.optional_text(request.cgroup_directory.empty() ? "/sys/fs/cgroup"
                                                                : request.cgroup_directory);
  }
  return mount.kind == plan::MountKind::kSysfs ? arena.text("/sys") : nullptr;
}

MountStep make_step(const PrepareRequest& request, const plan::Mount& mount, Arena& arena) {
  MountStep step{};
  step.kind = source_kind(mount.kind);
  step.tree_fd = -1;
  step.mount_fd = -1;
  step.destination = arena.text(mount.destination);
  step.source = arena.text(mount.source);
  step.fs_type = arena.text(mount.kind == plan::MountKind::kCgroup ? "cgroup2" : mount.fs_type);
  step.attr_set = mount.attr_set;
  step.attr_clear = mount.attr_clear;
  // A user namespace may not loosen what the host's mount forbids. The tree that the parent opens
  // for it is not locked, so that has to be decided here.
  step.attr_clear_unlocked = request.plan.find_namespace(plan::NamespaceType::kUser) == nullptr
                                 ? mount.attr_clear_unlocked
                                 : 0;
  step.rec_attr_set = mount.rec_attr_set;
  step.rec_attr_clear = mount.rec_attr_clear;
  step.propagation = mount.propagation;
  step.recursive_propagation = mount.recursive_propagation ? 1 : 0;
  step.recursive_bind = mount.recursive_bind ? 1 : 0;
  step.copy_up = mount.tmpcopyup ? 1 : 0;
  step.nofollow_source = mount.nofollow_source ? 1 : 0;
  step.inherit_mode = mount.fs_type == "tmpfs" && !has_option(mount, "mode=") ? 1 : 0;
  if (mount.kind != plan::MountKind::kBind) {
    step.options = make_options(request, mount, arena);
    step.bind_fallback = bind_fallback(request, mount, arena);
  }
  return step;
}

// In the host's cgroup namespace a new mount of cgroup2 gives the whole hierarchy the options of that
// mount, so that the host would lose its nsdelegate and memory_recursiveprot
// (apply_cgroup_root_flags() in the kernel). A bind of the host's shows the same and changes nothing.
bool shares_hierarchy(const plan::Plan& plan, const plan::Mount& mount) {
  return mount.kind == plan::MountKind::kCgroup && mount.data.empty() &&
         plan.find_namespace(plan::NamespaceType::kCgroup) == nullptr &&
         plan.find_namespace(plan::NamespaceType::kUser) == nullptr;
}

void bind_hierarchy(MountStep& step, Arena& arena) {
  const Result<sandbox::CgroupHierarchy> hierarchy = sandbox::find_cgroup_hierarchy();
  if (hierarchy) {
    step.kind = MountSource::kBind;
    step.source = arena.text(hierarchy->mount);
  }
}

}  // namespace

Status prepare_mounts(const PrepareRequest& request,
                      Arena& arena,
                      RootfsProgram& program,
                      std::vector<UniqueFd>& owned) {
  const plan::Plan& plan = request.plan;
  const bool own_user_namespace = plan.find_namespace(plan::NamespaceType::kUser) != nullptr;
  const bool parent_opens = own_user_namespace && request.privileged;
  program.path = arena.text(plan.rootfs.path);
  program.tree_fd = -1;
  if (parent_opens) {
    TRY_ASSIGN(UniqueFd tree, open_tree(plan.rootfs.path, AT_RECURSIVE, "rootfs"));
    TRY(inherit_propagation(tree.get(), plan.rootfs.propagation, "rootfs"));
    program.tree_fd = tree.get();
    owned.push_back(std::move(tree));
  }
  std::vector<MountStep> steps;
  steps.reserve(plan.mounts.size());
  for (const plan::Mount& mount : plan.mounts) {
    MountStep step = make_step(request, mount, arena);
    if (shares_hierarchy(plan, mount)) {
      bind_hierarchy(step, arena);
    }
    const std::string what = concat("mounts[", mount.spec_index, "]: ", mount.destination);
    if (mount.kind == plan::MountKind::kBind && (mount.idmap || parent_opens)) {
      const unsigned flags = (mount.recursive_bind ? AT_RECURSIVE : 0U) |
                             (mount.nofollow_source ? unsigned{AT_SYMLINK_NOFOLLOW} : 0U);
      TRY_ASSIGN(UniqueFd tree,
                 mount.idmap ? open_mapped_tree(request, mount, what)
                             : open_tree(mount.source, flags, what));
      TRY(inherit_propagation(tree.get(), plan.rootfs.propagation, what));
      step.tree_fd = tree.get();
      owned.push_back(std::move(tree));
    }
    steps.push_back(step);
  }
  if (!request.notify_directory.empty()) {
    plan::Mount notify;
    notify.kind = plan::MountKind::kBind;
    notify.source = request.notify_directory;
    notify.destination = "/run/notify";
    notify.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    steps.push_back(make_step(request, notify, arena));
  }
  program.mounts = arena.copy(steps);
  return {};
}

}  // namespace redoubt::init
