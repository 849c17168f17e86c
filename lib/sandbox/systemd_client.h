// SystemdClient: transient systemd units for containers; the calls of SystemdBus, made in a
// redoubt-dl, because they need libsystemd. One connection for the life of the object. Called by
// cgroup.cc and cgroup_control.cc.
#ifndef REDOUBT_SANDBOX_SYSTEMD_CLIENT_H_
#define REDOUBT_SANDBOX_SYSTEMD_CLIENT_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/dl_process.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {

class SystemdClient {
 public:
  // What each call means and promises: systemd_bus.h.
  static Result<SystemdClient> connect(bool rootless);
  Result<int> version();
  Result<std::string> control_group();
  Status start_unit(const std::string& unit, const std::vector<UnitProperty>& properties);
  Status set_properties(const std::string& unit, const std::vector<UnitProperty>& properties);
  Status stop_unit(const std::string& unit);

 private:
  explicit SystemdClient(DlProcess process) : process_(std::move(process)) {}
  Status call(const Words& request);
  Result<std::string> ask(const std::string& name);

  DlProcess process_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_CLIENT_H_
