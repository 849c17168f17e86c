#include "sandbox/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/procfs.h"

namespace redoubt::sandbox {
namespace {

constexpr const char* kAppArmorSwitch = "/sys/module/apparmor/parameters/enabled";
constexpr const char* kAppArmorProfiles = "/sys/kernel/security/apparmor/profiles";
constexpr const char* kSelinuxRoot = "/sys/fs/selinux";
constexpr const char* kSelinuxContext = "/sys/fs/selinux/context";
constexpr size_t kMaxLabel = 4096;
constexpr size_t kMaxProfileList = size_t{16} << 20;

std::string_view without_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return true;
    }
  }
  return false;
}

Status check_text(const std::string& label, const std::string& field) {
  if (label.size() > kMaxLabel || has_control_character(label)) {
    return Error::invalid(concat(field, ": ", quote(label.substr(0, 64)), " is not a label"));
  }
  return {};
}

// One "name (mode)" a line.
bool lists_profile(std::string_view list, std::string_view profile) {
  while (!list.empty()) {
    const size_t end = list.find('\n');
    if (parse_apparmor_label(list.substr(0, end)).profile == profile) {
      return true;
    }
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return false;
}

}  // namespace

bool selinux_enabled() {
  struct statfs fs {};
  if (statfs(kSelinuxRoot, &fs) != 0 || static_cast<uint64_t>(fs.f_type) != SELINUX_MAGIC) {
    return false;
  }
  // Without a loaded policy everything, this process included, has the initial label "kernel".
  const Result<std::string> own = read_kernel_file_at(AT_FDCWD, "/proc/self/attr/current");
  return own && without_end(*own) != "kernel";
}

bool apparmor_enabled() {
  const Result<std::string> state = read_kernel_file_at(AT_FDCWD, kAppArmorSwitch);
  return state && !state->empty() && state->front() == 'Y';
}

Status check_selinux_label(const std::string& label, const std::string& field) {
  if (label.empty()) {
    return {};
  }
  if (!selinux_enabled()) {
    return Error::invalid(concat(
        field, ": selinux label is specified in config, but selinux is disabled or not supported"));
  }
  TRY(check_text(label, field));
  // security_check_context(3): the kernel answers EINVAL for a context that the policy lacks.
  const Status known = write_kernel_file_at(AT_FDCWD, kSelinuxContext, label);
  if (!known && known.error().err() == EINVAL) {
    return Error::invalid(
        concat(field, ": the loaded SELinux policy has no context ", quote(label)));
  }
  return {};  // whoever may not ask finds out when the label is applied
}

Status check_apparmor_profile(const std::string& profile, const std::string& field) {
  if (profile.empty()) {
    return {};
  }
  if (!apparmor_enabled()) {
    return Error::invalid(concat(field, ": apparmor: config provided but apparmor not supported"));
  }
  TRY(check_text(profile, field));
  if (profile == "unconfined") {
    return {};
  }
  const Result<UniqueFd> file = open_at(AT_FDCWD, kAppArmorProfiles, O_RDONLY);
  if (!file) {
    return {};  // no securityfs or no permission: found out when the profile is applied
  }
  TRY_ASSIGN(const std::string list, read_all(file->get(), kMaxProfileList, kAppArmorProfiles));
  if (!lists_profile(list, profile)) {
    return Error::invalid(concat(field,
                                 ": apparmor profile ",
                                 quote(profile),
                                 " is not loaded; load it with apparmor_parser(8)"));
  }
  return {};
}

AppArmorLabel parse_apparmor_label(std::string_view text) {
  text = without_end(text);
  const size_t open = text.rfind(" (");
  if (open == std::string_view::npos || text.back() != ')') {
    return {std::string(text), ""};
  }
  return {std::string(text.substr(0, open)),
          std::string(text.substr(open + 2, text.size() - open - 3))};
}

Result<std::string> read_process_label(int procfs_fd,
                                       pid_t pid,
                                       Lsm lsm,
                                       const std::string& attribute) {
  const std::string directory = concat(pid, "/attr/");
  Result<UniqueFd> file = Error::system(ENOENT, directory);
  if (lsm == Lsm::kAppArmor) {
    // attr/current belongs to the first major LSM; attr/apparmor (Linux 5.1) to AppArmor alone.
    file = open_in_procfs(procfs_fd, concat(directory, "apparmor/", attribute), O_RDONLY);
  }
  if (!file && file.error().err() == ENOENT) {
    file = open_in_procfs(procfs_fd, directory + attribute, O_RDONLY);
  }
  if (!file) {
    return std::move(file).error();
  }
  TRY_ASSIGN(const std::string text, read_all(file->get(), kMaxLabel, directory + attribute));
  return std::string(without_end(text));
}

Status verify_process_label(int procfs_fd, pid_t pid, Lsm lsm, const std::string& expected) {
  TRY_ASSIGN(const std::string text, read_process_label(procfs_fd, pid, lsm));
  const std::string found = lsm == Lsm::kAppArmor ? parse_apparmor_label(text).profile : text;
  if (found != expected) {
    return Error(
        ErrorKind::kDenied,
        concat("process ", pid, " has the label ", quote(found), " instead of ", quote(expected)));
  }
  return {};
}

}  // namespace redoubt::sandbox
