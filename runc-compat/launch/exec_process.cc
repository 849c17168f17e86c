#include "runc-compat/launch/exec_process.h"

#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "oci/spec_json.h"
#include "oci/validate.h"

namespace redoubt::launch {
namespace {

constexpr size_t kProcessLimit = size_t{16} << 20;

Result<oci::Process> read_process_file(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_file(path, kProcessLimit));
  TRY_ASSIGN(const json::Value document, json::parse(text, path));
  return oci::parse_process(document).context(path);
}

void append(std::optional<std::vector<std::string>>& set, const std::vector<std::string>& names) {
  if (!set) {
    set.emplace();
  }
  set->insert(set->end(), names.begin(), names.end());
}

// Never to the inheritable set (CVE-2022-29162); ambient only where the container uses inheritable
// capabilities already.
void add_capabilities(oci::Process& process, const std::vector<std::string>& names) {
  if (names.empty()) {
    return;
  }
  if (!process.capabilities) {
    process.capabilities.emplace();
  }
  oci::Capabilities& sets = *process.capabilities;
  append(sets.bounding, names);
  append(sets.effective, names);
  append(sets.permitted, names);
  if (sets.inheritable) {
    append(sets.ambient, names);
  }
}

// A document that says nothing of these has the container's, as with runc: a label that is not set
// would be the runtime's, not none.
void inherit_confinement(const oci::Process& container, oci::Process& process) {
  if (!process.capabilities) {
    process.capabilities = container.capabilities;
  }
  if (process.selinux_label.empty()) {
    process.selinux_label = container.selinux_label;
  }
  if (process.apparmor_profile.empty()) {
    process.apparmor_profile = container.apparmor_profile;
  }
}

}  // namespace

Result<UserIds> parse_user(const std::string& text) {
  const auto parse = [&](std::string_view part,
                         std::string_view what) -> Result<std::optional<uint32_t>> {
    const std::optional<uint32_t> id = parse_number<uint32_t>(part);
    if (!id || *id == UINT32_MAX) {
      return Error::invalid(concat("parsing ",
                                   quote(part),
                                   " as int for ",
                                   what,
                                   " failed: --user must be UID[:GID] in decimal"));
    }
    return id;
  };
  UserIds ids;
  const size_t colon = text.find(':');
  TRY_ASSIGN(ids.uid, parse(std::string_view(text).substr(0, colon), "uid"));
  if (colon != std::string::npos) {
    TRY_ASSIGN(ids.gid, parse(std::string_view(text).substr(colon + 1), "gid"));
  }
  return ids;
}

Result<oci::Process> exec_process_document(const ExecOptions& options,
                                           const oci::Process& container_process) {
  oci::Process process = container_process;
  if (!options.process_file.empty()) {
    TRY_ASSIGN(process, read_process_file(options.process_file));
    inherit_confinement(container_process, process);
  } else {
    if (options.args.empty()) {
      return Error::invalid("exec args cannot be empty");
    }
    process.args = options.args;
    process.terminal = options.terminal.value_or(false);
    process.env.insert(process.env.end(), options.env.begin(), options.env.end());
    add_capabilities(process, options.capabilities);
    if (!options.cwd.empty()) {
      process.cwd = options.cwd;
    }
    if (!options.process_label.empty()) {
      process.selinux_label = options.process_label;
    }
    if (!options.apparmor.empty()) {
      process.apparmor_profile = options.apparmor;
    }
    process.no_new_privileges = options.no_new_privileges.value_or(process.no_new_privileges);
    if (!options.user.empty()) {
      TRY_ASSIGN(const UserIds ids, parse_user(options.user));
      process.user.uid = ids.uid.value_or(process.user.uid);
      process.user.gid = ids.gid.value_or(process.user.gid);
    }
    process.user.additional_gids.insert(process.user.additional_gids.end(),
                                        options.additional_gids.begin(),
                                        options.additional_gids.end());
  }
  // What the container runs under holds for every process in it, unless its own document says
  // otherwise.
  if (!process.scheduler) {
    process.scheduler = container_process.scheduler;
  }
  if (!process.io_priority) {
    process.io_priority = container_process.io_priority;
  }
  if (!process.exec_cpu_affinity) {
    process.exec_cpu_affinity = container_process.exec_cpu_affinity;
  }
  std::vector<std::string> warnings;
  TRY(oci::validate_process(process, warnings));
  for (const std::string& warning : warnings) {
    log::warning(warning);
  }
  return process;
}

}  // namespace redoubt::launch
