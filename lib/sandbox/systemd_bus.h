// SystemdBus: transient systemd units for containers, over D-Bus to the system manager or
// (rootless) the user's.
//
// One connection for the life of the object. Where there is no bus the manager's private socket is
// used, as systemctl does. Every call that starts or stops waits for its job to finish, at most 30
// s, and errors name the unit. Needs libsystemd, so it is called by redoubt-dl only (dl/main.cc);
// systemd_client.h is the same for everybody else.
#ifndef REDOUBT_SANDBOX_SYSTEMD_BUS_H_
#define REDOUBT_SANDBOX_SYSTEMD_BUS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {

inline constexpr int kUnitJobTimeoutMs = 30'000;

class SystemdBus {
 public:
  static Result<SystemdBus> connect(bool rootless);

  SystemdBus(SystemdBus&&) noexcept;
  SystemdBus& operator=(SystemdBus&&) noexcept;
  ~SystemdBus();

  // "252" of "252.39-1~deb12u2".
  Result<int> version();

  // Cgroup of the manager: "/" or "" for the system's, ".../user@1000.service" for a user's.
  Result<std::string> control_group();

  // StartTransientUnit with mode "replace". A failed unit of that name is reset once; an active
  // one: an error. A slice that is there already: no error.
  Status start_unit(const std::string& unit, const std::vector<UnitProperty>& properties);

  // SetUnitProperties at run time: lost with the unit.
  Status set_properties(const std::string& unit, const std::vector<UnitProperty>& properties);

  // StopUnit, then ResetFailedUnit. No such unit: no error.
  Status stop_unit(const std::string& unit);

 private:
  class Connection;
  explicit SystemdBus(std::unique_ptr<Connection> connection);
  Status reset_failed(const std::string& unit);

  std::unique_ptr<Connection> connection_;
};

// The number in systemd's version text ("v245.4-1.fc32", "252.39"); 0 when there is none.
int parse_systemd_version(std::string_view text);

// D-Bus address of a socket path: bytes outside the unreserved set as %XX (D-Bus specification,
// "Server Addresses").
std::string unix_bus_address(std::string_view path);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_BUS_H_
