#include "sandbox/cgroup.h"

#include <errno.h>
#include <fcntl.h>

#include <utility>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_directory.h"
#include "sandbox/device_filter.h"
#include "sandbox/network_filter.h"
#include "sandbox/systemd_client.h"
#include "sandbox/systemd_names.h"

namespace redoubt::sandbox {
namespace {

constexpr char kApplyFrame[] = "unable to apply cgroup configuration";
constexpr char kLimitsFrame[] = "error setting cgroup config for procHooks process";

bool is_permission(const Error& error) {
  return error.err() == EACCES || error.err() == EPERM || error.err() == EROFS;
}

// A new container must not meet somebody else's processes, nor hang in a frozen cgroup (its own
// switch or a parent's).
Status check_fresh(int directory_fd, const std::string& directory) {
  TRY_ASSIGN(const CgroupEvents events, read_cgroup_events(directory_fd));
  if (events.populated) {
    TRY_ASSIGN(const std::vector<pid_t> pids, cgroup_processes(directory));
    return Error::state(
        concat("container's cgroup is not empty: ", pids.size(), " process(es) found"));
  }
  if (events.frozen) {
    return Error::state(concat("container's cgroup unexpectedly frozen: ",
                               directory,
                               "; thaw it or the parent that is frozen"));
  }
  return {};
}

// Controllers, limits, device and network filter and ownership of a cgroup that exists.
Status configure(int directory_fd,
                 const std::string& directory,
                 const CgroupHierarchy& hierarchy,
                 const CgroupRequest& request,
                 DeviceFilterTarget target) {
  TRY_ASSIGN(const CgroupControllers controllers,
             enable_controllers(hierarchy.mount, directory).context(kApplyFrame));
  TRY(check_controllers(request.plan.writes, hierarchy, controllers).context(kLimitsFrame));
  TRY(apply_cgroup_writes(directory, request.plan.writes, false).context(kLimitsFrame));
  if (target == DeviceFilterTarget::kInUse || !allows_all_devices(request.plan.device_rules)) {
    const Status filtered = attach_device_filter(directory_fd, request.plan.device_rules, target);
    // Without privilege over the host no program can be loaded, and the container's root has no
    // power over devices either.
    if (!filtered && !(request.rootless && is_permission(filtered.error()))) {
      return Status(filtered).context(kLimitsFrame);
    }
  }
  TRY(attach_network_filter(directory_fd, request.plan.network).context(kApplyFrame));
  if (request.plan.delegate && request.delegate_uid) {
    TRY(delegate_cgroup(directory_fd, *request.delegate_uid).context(kApplyFrame));
  }
  return {};
}

bool may_do_without(const CgroupRequest& request) {
  return request.rootless && request.plan.path.empty();
}

Result<std::string> directory_of(const CgroupHierarchy& hierarchy, const CgroupRequest& request) {
  const std::string& path = request.plan.path;
  std::string own;
  if (path.empty() || path.front() != '/') {
    TRY_ASSIGN(ProcCgroups cgroups, read_own_cgroups());
    own = std::move(cgroups.path);
  }
  return cgroup_directory_for(hierarchy.mount, own, path, request.id);
}

Error refused_directory(const CgroupRequest& request, Error error) {
  if (may_do_without(request)) {
    error.add_context(
        "rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
  }
  return std::move(error).add_context(kApplyFrame);
}

}  // namespace

// What attach() still has to do. The plan is copied: the request does not outlive create().
struct CgroupScope::SystemdPart {
  std::optional<SystemdClient> client;  // until attach() is done
  plan::Cgroup plan;
  CgroupHierarchy hierarchy;
  UnitNames names;
  int version = 0;
  std::string id;
  bool rootless = false;
  bool fresh = true;
  std::optional<uid_t> delegate_uid;
  bool started = false;
};

CgroupScope::CgroupScope() = default;
CgroupScope::CgroupScope(CgroupScope&& other) noexcept
    : fd_(std::move(other.fd_)),
      directory_(std::move(other.directory_)),
      unit_(std::move(other.unit_)),
      created_(std::move(other.created_)),
      systemd_(std::move(other.systemd_)),
      armed_(std::exchange(other.armed_, false)) {}
CgroupScope& CgroupScope::operator=(CgroupScope&& other) noexcept {
  if (this != &other) {
    discard();
    fd_ = std::move(other.fd_);
    directory_ = std::move(other.directory_);
    unit_ = std::move(other.unit_);
    created_ = std::move(other.created_);
    systemd_ = std::move(other.systemd_);
    armed_ = std::exchange(other.armed_, false);
  }
  return *this;
}
CgroupScope::~CgroupScope() {
  discard();
}

void CgroupScope::discard() {
  if (!std::exchange(armed_, false)) {
    return;
  }
  const int saved = errno;
  if (systemd_ && systemd_->started) {
    ignore(kill_cgroup(directory_), "discarding after an error that is reported");
    ignore(remove_cgroup(directory_, unit_, systemd_->rootless), "as above");
  } else if (!created_.empty()) {
    // We found or made it empty, so whoever is inside was put there by this start.
    ignore(kill_cgroup(directory_), "as above");
    ignore(remove_cgroup(directory_), "as above");
    remove_created(created_);
  }
  errno = saved;
}

Result<CgroupScope> CgroupScope::create(const CgroupRequest& request) {
  TRY(check_device_rules(request.plan.device_rules));
  TRY(check_network_filter(request.plan.network));
  return request.plan.driver == plan::CgroupDriver::kSystemd ? create_for_systemd(request)
                                                             : create_directly(request);
}

Result<CgroupScope> CgroupScope::create_directly(const CgroupRequest& request) {
  TRY_ASSIGN(const CgroupHierarchy hierarchy, find_cgroup_hierarchy());
  TRY_ASSIGN(const std::string directory, directory_of(hierarchy, request));
  CgroupScope scope;
  auto made = make_cgroup_directory(hierarchy.mount, directory);
  if (!made) {
    if (may_do_without(request) && is_permission(made.error()) &&
        needed_controllers(request.plan.writes).empty() && !request.plan.network.active()) {
      return scope;
    }
    return refused_directory(request, std::move(made).error());
  }
  scope.directory_ = directory;
  scope.fd_ = std::move(made->fd);
  scope.created_ = std::move(made->created);
  scope.armed_ = true;
  if (request.fresh) {
    TRY(check_fresh(scope.fd_.get(), directory));
  }
  const auto target =
      scope.created_.empty() ? DeviceFilterTarget::kInUse : DeviceFilterTarget::kNewCgroup;
  TRY(configure(scope.fd_.get(), directory, hierarchy, request, target));
  return scope;
}

Result<CgroupScope> CgroupScope::create_for_systemd(const CgroupRequest& request) {
  TRY_ASSIGN(CgroupHierarchy hierarchy, find_cgroup_hierarchy());
  TRY_ASSIGN(UnitNames names, parse_unit_names(request.plan.path, request.id, request.rootless));
  TRY_ASSIGN(SystemdClient client, SystemdClient::connect(request.rootless));
  TRY_ASSIGN(const int version, client.version());
  std::string manager_cgroup;
  if (request.rootless) {
    TRY_ASSIGN(manager_cgroup, client.control_group());
  }
  TRY_ASSIGN(const std::string path, unit_cgroup_path(names, manager_cgroup));
  CgroupScope scope;
  scope.directory_ = clean_path(hierarchy.mount + path);
  scope.unit_ = names.unit;
  if (request.fresh) {
    auto fd = open_cgroup(scope.directory_);
    if (fd) {
      TRY(check_fresh(fd->get(), scope.directory_));
    }
  }
  scope.systemd_ = std::unique_ptr<SystemdPart>(new SystemdPart{std::move(client),
                                                                request.plan,
                                                                std::move(hierarchy),
                                                                std::move(names),
                                                                version,
                                                                request.id,
                                                                request.rootless,
                                                                request.fresh,
                                                                request.delegate_uid});
  scope.armed_ = true;
  return scope;
}

Status CgroupScope::attach(pid_t pid) {
  if (systemd_) {
    return attach_by_systemd(pid);
  }
  if (directory_.empty()) {
    return {};
  }
  Status status = write_kernel_file_at(fd_.get(), "cgroup.procs", concat(pid));
  if (!status && status.error().err() == EOPNOTSUPP) {
    // A cgroup below one with threads is "domain invalid" until it is threaded itself. Limits that
    // this rules out (memory, io) could not be enabled, so nothing that was asked for is lost.
    ignore(write_kernel_file_at(fd_.get(), "cgroup.type", "threaded"),
           "the second attempt reports");
    status = write_kernel_file_at(fd_.get(), "cgroup.procs", concat(pid));
  }
  return std::move(status)
      .context(concat(directory_, ": adding pid ", pid, " to cgroups"))
      .context(kApplyFrame);
}

Status CgroupScope::attach_by_systemd(pid_t pid) {
  SystemdPart& part = *systemd_;
  TRY_ASSIGN(
      const std::vector<UnitProperty> properties,
      start_properties({part.plan, part.names.name, unit_, part.names.slice, pid, part.version}));
  // From here on there may be a unit to take away, whatever the answer is.
  part.started = true;
  TRY(part.client->start_unit(unit_, properties).context(kApplyFrame));
  TRY_ASSIGN(fd_, open_cgroup(directory_).context(kApplyFrame));
  if (unit_.ends_with(".slice")) {  // systemd puts processes into scopes only
    TRY(write_kernel_file_at(fd_.get(), "cgroup.procs", concat(pid)).context(kApplyFrame));
  }
  TRY_ASSIGN(std::vector<UnitProperty> limits, limit_properties(part.plan.writes, part.version));
  for (UnitProperty& property :
       device_properties(part.plan.device_rules, part.version, device_path_exists)) {
    limits.push_back(std::move(property));
  }
  TRY(part.client->set_properties(unit_, limits)
          .context("unable to set unit properties")
          .context(kLimitsFrame));
  part.client.reset();
  const CgroupRequest request = {part.plan, part.id, part.rootless, part.fresh, part.delegate_uid};
  return configure(fd_.get(), directory_, part.hierarchy, request, DeviceFilterTarget::kInUse);
}

Status update_cgroup(const CgroupUpdate& target, const std::vector<plan::CgroupWrite>& writes) {
  if (target.check_memory) {
    TRY(check_memory_usage(target.directory, writes));
  }
  if (!target.directory.empty()) {
    TRY_ASSIGN(const CgroupHierarchy hierarchy, find_cgroup_hierarchy());
    TRY_ASSIGN(const CgroupControllers controllers,
               enable_controllers(hierarchy.mount, target.directory));
    TRY(check_controllers(writes, hierarchy, controllers));
  }
  // The files first: they are undone when one fails, systemd's properties would not be.
  TRY(apply_cgroup_writes(target.directory, writes, true));
  if (!target.unit.empty()) {
    TRY_ASSIGN(SystemdClient client, SystemdClient::connect(target.rootless));
    TRY_ASSIGN(const int version, client.version());
    TRY_ASSIGN(const std::vector<UnitProperty> properties, limit_properties(writes, version));
    TRY(client.set_properties(target.unit, properties).context("unable to set unit properties"));
  }
  return {};
}

}  // namespace redoubt::sandbox
