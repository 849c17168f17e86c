// Mounts: every entry of `mounts` becomes kernel attributes, file system data and a kind. See
// mount_setattr(2), fsopen(2).
#include <sys/mount.h>

#include <algorithm>

#include "base/str.h"
#include "plan/lexical_path.h"
#include "plan/mount_options.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

// What a bind with flag words gets rid of unless it asks for it: mount(8) "-o bind,ro" says what
// the mount is, not what changes.
constexpr uint64_t kReplacedByBind = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                     MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;

plan::MountKind kind_of(const oci::Mount& mount, const plan::MountOptionSet& options) {
  if (options.bind || mount.type == "bind") {
    return plan::MountKind::kBind;
  }
  if (mount.type == "proc") {
    return plan::MountKind::kProc;
  }
  if (mount.type == "sysfs") {
    return plan::MountKind::kSysfs;
  }
  if (mount.type == "cgroup" || mount.type == "cgroup2") {
    return plan::MountKind::kCgroup;
  }
  return plan::MountKind::kFilesystem;
}

std::string resolve_destination(const oci::Mount& mount, std::vector<std::string>& warnings) {
  if (mount.destination.empty() || mount.destination.front() != '/') {
    warnings.push_back(concat("mount destination ",
                              mount.destination,
                              " is not absolute. Support for non-absolute mount destinations will "
                              "be removed in a future release."));
  }
  return plan::clean_absolute(mount.destination);
}

// A list such as ["rslave", "rshared"] is one call after the other for mount(2); all but
// slave+shared end as the last one.
void set_propagation(const plan::MountOptionSet& options, plan::Mount& mount) {
  if (!options.propagation.empty()) {
    mount.propagation = options.propagation.back().flag;
    mount.recursive_propagation = options.propagation.back().recursive;
  }
}

void set_attributes(const plan::MountOptionSet& options, plan::Mount& mount) {
  mount.attr_set = options.attr_set;
  mount.attr_clear = options.attr_clear;
  mount.rec_attr_set = options.rec_attr_set;
  mount.rec_attr_clear = options.rec_attr_clear;
  if (mount.kind == plan::MountKind::kBind) {
    mount.recursive_bind = options.recursive_bind;
    if (options.any_flag && !options.remount) {
      mount.attr_clear_unlocked = kReplacedByBind & ~options.attr_set & ~options.attr_clear;
    }
  }
}

// File systems on a device decide by "ro" how they open it, as with mount(2). Superblocks of proc,
// sysfs, cgroup2 and mqueue may be the host's: there "ro" must not go beyond this mount; nor has it
// to for a tmpfs, which stays writable until the mounts below it have their places.
bool opens_device(const plan::Mount& mount) {
  return mount.kind == plan::MountKind::kFilesystem && mount.fs_type != "tmpfs" &&
         mount.fs_type != "mqueue";
}

// Superblock words mean nothing on a bind (mount(2) ignores them there); file system words would
// change the superblock of the host's file system.
Status set_data(const plan::MountOptionSet& options, plan::Mount& mount) {
  if (mount.kind == plan::MountKind::kBind) {
    if (!options.data.empty()) {
      return Error::invalid(
          concat("bind mounts cannot have any filesystem-specific options applied: ",
                 quote(join(options.data, ","))));
    }
    return {};
  }
  if (opens_device(mount) && (options.attr_set & MOUNT_ATTR_RDONLY) != 0) {
    mount.data.emplace_back("ro");
  }
  mount.data.insert(mount.data.end(), options.superblock.begin(), options.superblock.end());
  mount.data.insert(mount.data.end(), options.data.begin(), options.data.end());
  return {};
}

Status set_id_mapping(const Request& request,
                      const oci::Mount& entry,
                      const plan::MountOptionSet& options,
                      const plan::Plan& plan,
                      plan::Mount& mount) {
  mount.idmaps = {map_ids(entry.uid_mappings), map_ids(entry.gid_mappings)};
  mount.idmap = options.idmap || !mount.idmaps.empty();
  mount.recursive_idmap = options.recursive_idmap;
  if (!mount.idmap) {
    return {};
  }
  if (mount.kind != plan::MountKind::kBind) {
    return Error::invalid("id-mapped mounts are only supported for bind-mounts");
  }
  if (request.host.euid != 0) {
    return Error::invalid("id-mapped mounts are not supported for rootless containers");
  }
  const bool implied =
      mount.idmaps.empty() && plan.find_namespace(plan::NamespaceType::kUser) != nullptr;
  if (!implied && (mount.idmaps.uid.empty() || mount.idmaps.gid.empty())) {
    return Error::invalid("id-mapped mounts must have both uid and gid mappings specified");
  }
  return {};
}

bool is_mapped(const std::vector<plan::IdMapping>& mappings, uint32_t id) {
  return std::any_of(mappings.begin(), mappings.end(), [id](const plan::IdMapping& m) {
    return id >= m.container_id && id - m.container_id < m.size;
  });
}

// "gid=5" of a devpts mount with a one-line id map fails in the kernel with a bare EINVAL.
Status check_owner_words(const plan::Plan& plan, const plan::Mount& mount) {
  for (const std::string& word : mount.data) {
    const bool is_uid = word.rfind("uid=", 0) == 0;
    if (!is_uid && word.rfind("gid=", 0) != 0) {
      continue;
    }
    const auto id = parse_number<uint32_t>(std::string_view(word).substr(4));
    if (!id) {
      return Error::invalid(concat("option ", quote(word), ": not a number"));
    }
    if (!is_mapped(is_uid ? plan.id_maps.uid : plan.id_maps.gid, *id)) {
      return Error::invalid(concat("cannot specify ",
                                   is_uid ? "uid=" : "gid=",
                                   " mount options for unmapped ",
                                   is_uid ? "uid" : "gid",
                                   " in rootless containers"));
    }
  }
  return {};
}

Status check_type(const oci::Mount& entry,
                  const plan::MountOptionSet& options,
                  plan::MountKind kind) {
  if (kind != plan::MountKind::kBind && (entry.type.empty() || entry.type == "none")) {
    return Error::invalid(
        "no file system type and not a bind; set \"type\", or the option \"bind\" or \"rbind\"");
  }
  if (options.remount && kind != plan::MountKind::kBind) {
    return Error::unsupported(
        "option \"remount\" works for binds only; give the wanted options to the first mount");
  }
  return {};
}

Result<plan::Mount> resolve_mount(const Request& request,
                                  const oci::Mount& entry,
                                  plan::Plan& plan) {
  const plan::MountOptionSet options = plan::parse_mount_options(entry.options);
  plan::Mount mount;
  mount.kind = kind_of(entry, options);
  mount.destination = resolve_destination(entry, plan.warnings);
  const bool bind = mount.kind == plan::MountKind::kBind;
  mount.source = bind ? plan::absolute_from(request.bundle, entry.source) : entry.source;
  mount.fs_type = bind ? "bind" : entry.type;
  mount.tmpcopyup = options.tmpcopyup;
  TRY(check_type(entry, options, mount.kind));
  set_propagation(options, mount);
  set_attributes(options, mount);
  TRY(set_data(options, mount));
  TRY(set_id_mapping(request, entry, options, plan, mount));
  if (request.host.euid != 0 && plan.creates(plan::NamespaceType::kUser)) {
    TRY(check_owner_words(plan, mount));
  }
  return mount;
}

}  // namespace

Status pass_mounts(const Request& request, plan::Plan& plan) {
  plan.mount_label = linux_section(request.spec).mount_label;
  if (!plan.mount_label.empty() && !request.host.selinux_enabled) {
    return Error::unsupported(
        "linux.mountLabel: SELinux is disabled or not supported on this host");
  }
  for (size_t i = 0; i < request.spec.mounts.size(); ++i) {
    const oci::Mount& entry = request.spec.mounts[i];
    TRY_ASSIGN(plan::Mount mount,
               resolve_mount(request, entry, plan)
                   .context(concat(indexed("mounts", i), " ", quote(entry.destination))));
    mount.spec_index = i;
    plan.mounts.push_back(std::move(mount));
  }
  return {};
}

}  // namespace redoubt::policy
