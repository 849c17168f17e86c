#include <sys/mount.h>

#include "plan/mount_options.h"
#include "plan/plan_text_parts.h"

namespace redoubt::plan {
namespace {

std::string_view kind_word(MountKind kind) {
  switch (kind) {
    case MountKind::kBind:
      return "bind";
    case MountKind::kFilesystem:
      return "filesystem";
    case MountKind::kProc:
      return "proc";
    case MountKind::kSysfs:
      return "sysfs";
    case MountKind::kCgroup:
      return "cgroup";
  }
  return "";
}

std::string_view access_time_word(uint64_t set) {
  switch (set & MOUNT_ATTR__ATIME) {
    case MOUNT_ATTR_NOATIME:
      return "noatime";
    case MOUNT_ATTR_STRICTATIME:
      return "strictatime";
    default:
      return "relatime";
  }
}

// The option words of attribute bits: what is set in table order, then what is cleared, then the
// access time.
std::string attribute_words(uint64_t set, uint64_t clear) {
  std::vector<std::string> words;
  for (const bool clears : {false, true}) {
    for (const MountOption& option : mount_options()) {
      if (option.kind == MountOptionKind::kAttribute && option.clears == clears &&
          ((clears ? clear : set) & option.bits) != 0) {
        words.emplace_back(option.word);
      }
    }
  }
  if (((set | clear) & MOUNT_ATTR__ATIME) != 0) {
    words.emplace_back(access_time_word(set));
  }
  return join(words, ",");
}

void write_id_maps(const Mount& mount, TextWriter& out) {
  if (!mount.idmap) {
    return;
  }
  out.line("  ",
           mount.recursive_idmap ? "ridmap" : "idmap",
           mount.idmaps.empty() ? " of the container's user namespace" : "");
  for (const IdMapping& m : mount.idmaps.uid) {
    out.line("    uid ", m.container_id, " = host ", m.host_id, ", ", m.size, " ids");
  }
  for (const IdMapping& m : mount.idmaps.gid) {
    out.line("    gid ", m.container_id, " = host ", m.host_id, ", ", m.size, " ids");
  }
}

void write_attributes(std::string_view name, uint64_t set, uint64_t clear, TextWriter& out) {
  if ((set | clear) != 0) {
    out.line("  ", name, ": ", attribute_words(set, clear));
  }
}

void write_mount(const Mount& mount, TextWriter& out) {
  const bool bind = mount.kind == MountKind::kBind;
  out.line(quote(mount.destination),
           " ",
           mount.recursive_bind ? "r" : "",
           kind_word(mount.kind),
           bind ? " of " : " ",
           bind ? quote(mount.source) : mount.fs_type);
  if (!bind && !mount.source.empty() && mount.source != mount.fs_type) {
    out.line("  source: ", quote(mount.source));
  }
  write_attributes("attributes", mount.attr_set, mount.attr_clear, out);
  write_attributes("clears unless locked", 0, mount.attr_clear_unlocked, out);
  write_attributes("recursive attributes", mount.rec_attr_set, mount.rec_attr_clear, out);
  if (mount.propagation != 0) {
    out.line("  propagation: ", propagation_word(mount.propagation, mount.recursive_propagation));
  }
  for (const std::string& word : mount.data) {
    out.line("  data ", quote(word));
  }
  out.flag("  tmpcopyup", mount.tmpcopyup);
  out.flag("  source not followed", mount.nofollow_source);
  write_id_maps(mount, out);
}

}  // namespace

void write_rootfs(const Rootfs& rootfs, TextWriter& out) {
  out.section("rootfs");
  out.line("path: ", quote(rootfs.path));
  out.flag("read-only", rootfs.readonly);
  out.line("propagation: ", propagation_word(rootfs.propagation, rootfs.recursive_propagation));
  out.flag("without pivot_root", rootfs.no_pivot);
}

void write_mounts(const Plan& plan, TextWriter& out) {
  out.section("mounts");
  out.text("label", plan.mount_label);
  for (const Mount& mount : plan.mounts) {
    write_mount(mount, out);
  }
}

}  // namespace redoubt::plan
