#include "sandbox/systemd_bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/str.h"
#include "sandbox/cgroup_wait.h"
#include "sandbox/systemd_library.h"
#include "sandbox/systemd_message.h"

namespace redoubt::sandbox {
namespace {

constexpr char kDestination[] = "org.freedesktop.systemd1";
constexpr char kObject[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kUnitExists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char kNoSuchUnit[] = "org.freedesktop.systemd1.NoSuchUnit";
constexpr uint64_t kCallTimeoutUs = 30'000'000;

// A failed call: the D-Bus name of the error and its text.
struct BusFailure {
  int err = 0;
  std::string name, text;

  Error error(std::string_view frame) const {
    return Error(
        ErrorKind::kSystem, concat(frame, ": ", text.empty() ? errno_text(err) : text), err);
  }
};

bool socket_exists(const std::string& path) {
  struct stat st = {};
  return ::stat(path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode);
}

// The user whose manager is meant. Engines run us as root of a user namespace and say who the user
// outside is.
std::string real_user_id() {
  for (const char* name : {"ROOTLESSKIT_PARENT_EUID", "_CONTAINERS_ROOTLESS_UID"}) {
    const char* value = ::getenv(name);
    if (value != nullptr && parse_number<uid_t>(value)) {
      return value;
    }
  }
  return concat(::geteuid());
}

std::string user_runtime_directory() {
  const char* given = ::getenv("XDG_RUNTIME_DIR");
  return given != nullptr && given[0] == '/' ? given : concat("/run/user/", real_user_id());
}

}  // namespace

// The bus and what is waited for on it.
class SystemdBus::Connection {
  // A finished job; the signal can come before the reply that names the job.
  struct RemovedJob {
    std::string path, result;
  };

 public:
  explicit Connection(const SystemdLibrary& library) : sd_(library) {}
  ~Connection() {
    if (signal_ != nullptr) {
      sd_.slot_unref(signal_);
    }
    if (bus_ != nullptr) {
      sd_.flush_close_unref(bus_);
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status open(bool rootless);
  Result<std::string> manager_property(const char* name);
  BusMessage new_call(const char* method);
  // Reply in `reply` when it is not null. False: `failure` says why.
  bool call(const BusMessage& message, sd_bus_message** reply, BusFailure& failure);
  Status subscribe();
  // The result word of the job, "done" when all is well; "" when the deadline has passed.
  Result<std::string> wait_job(const std::string& job);
  const SystemdLibrary& library() const { return sd_; }

 private:
  int open_bus(bool rootless);
  int open_private_socket(const std::string& path);
  static int on_job_removed(sd_bus_message* message, void* self, sd_bus_error* error);

  SystemdLibrary sd_;
  sd_bus* bus_ = nullptr;
  sd_bus_slot* signal_ = nullptr;
  std::vector<RemovedJob> removed_;
};

int SystemdBus::Connection::open_bus(bool rootless) {
  if (!rootless) {
    return sd_.open_system(&bus_);
  }
  const std::string socket = user_runtime_directory() + "/bus";
  if (::getenv("DBUS_SESSION_BUS_ADDRESS") != nullptr || !socket_exists(socket)) {
    return sd_.open_user(&bus_);
  }
  // Engines set the address for create only; later verbs find the bus at its usual place.
  int r = sd_.bus_new(&bus_);
  r = r < 0 ? r : sd_.set_address(bus_, unix_bus_address(socket).c_str());
  r = r < 0 ? r : sd_.set_bus_client(bus_, 1);
  return r < 0 ? r : sd_.start(bus_);
}

int SystemdBus::Connection::open_private_socket(const std::string& path) {
  if (!socket_exists(path)) {
    return -ENOENT;
  }
  int r = sd_.bus_new(&bus_);
  r = r < 0 ? r : sd_.set_address(bus_, unix_bus_address(path).c_str());
  return r < 0 ? r : sd_.start(bus_);
}

Status SystemdBus::Connection::open(bool rootless) {
  const int failed = open_bus(rootless);
  if (failed >= 0) {
    return {};
  }
  if (bus_ != nullptr) {
    sd_.flush_close_unref(std::exchange(bus_, nullptr));
  }
  const std::string directory = rootless ? user_runtime_directory() : "/run";
  if (open_private_socket(directory + "/systemd/private") >= 0) {
    return {};
  }
  return Error(
      ErrorKind::kSystem,
      concat("systemd cgroup driver: cannot connect to the ",
             rootless ? "user's" : "system",
             " manager: ",
             errno_text(-failed),
             rootless ? "; is there a user session (dbus-user-session, loginctl enable-linger)?"
                      : "; is systemd the init of this host? Otherwise leave out --systemd-cgroup"),
      -failed);
}

Result<std::string> SystemdBus::Connection::manager_property(const char* name) {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  char* value = nullptr;
  const int r =
      sd_.get_property_string(bus_, kDestination, kObject, kManager, name, &error, &value);
  const BusFailure failure = {-r, "", error.message != nullptr ? error.message : ""};
  sd_.error_free(&error);
  if (r < 0) {
    return failure.error(concat("systemd property ", name));
  }
  std::string text = value;
  ::free(value);
  return text;
}

BusMessage SystemdBus::Connection::new_call(const char* method) {
  sd_bus_message* message = nullptr;
  const int r = sd_.new_method_call(bus_, &message, kDestination, kObject, kManager, method);
  return BusMessage(sd_, r < 0 ? nullptr : message, r);
}

bool SystemdBus::Connection::call(const BusMessage& message,
                                     sd_bus_message** reply,
                                     BusFailure& failure) {
  if (message.result() < 0) {
    failure = {-message.result(), "", ""};
    return false;
  }
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_message* answer = nullptr;
  const int r = sd_.call(bus_, message.get(), kCallTimeoutUs, &error, &answer);
  if (r < 0) {
    failure = {
        -r, error.name != nullptr ? error.name : "", error.message != nullptr ? error.message : ""};
  } else if (reply != nullptr) {
    *reply = answer;
  } else {
    sd_.message_unref(answer);
  }
  sd_.error_free(&error);
  return r >= 0;
}

int SystemdBus::Connection::on_job_removed(sd_bus_message* message,
                                              void* self,
                                              sd_bus_error* /*error*/) {
  auto* connection = static_cast<Connection*>(self);
  const SystemdLibrary& sd = connection->sd_;
  uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (sd.read_basic(message, 'u', &id) > 0 && sd.read_basic(message, 'o', &path) > 0 &&
      sd.read_basic(message, 's', &unit) > 0 && sd.read_basic(message, 's', &result) > 0) {
    connection->removed_.push_back({path, result});
  }
  return 0;
}

Status SystemdBus::Connection::subscribe() {
  if (signal_ != nullptr) {
    return {};
  }
  const int r = sd_.match_signal(
      bus_, &signal_, kDestination, kObject, kManager, "JobRemoved", on_job_removed, this);
  if (r < 0) {
    return Error::system(-r, "systemd: match JobRemoved");
  }
  BusFailure failure;
  const BusMessage message = new_call("Subscribe");
  return call(message, nullptr, failure) ? Status() : failure.error("systemd: Subscribe");
}

Result<std::string> SystemdBus::Connection::wait_job(const std::string& job) {
  const Deadline deadline(kUnitJobTimeoutMs);
  for (;;) {
    int r = sd_.process(bus_, nullptr);
    for (const RemovedJob& removed : removed_) {
      if (removed.path == job) {
        return removed.result;
      }
    }
    const int left_ms = deadline.left_ms();
    if (r >= 0 && left_ms == 0) {
      return std::string();
    }
    if (r == 0) {
      r = sd_.wait(bus_, static_cast<uint64_t>(left_ms) * 1000);
    }
    if (r < 0 && r != -EINTR) {
      return Error::system(-r, "systemd: wait for job");
    }
  }
}

SystemdBus::SystemdBus(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
SystemdBus::SystemdBus(SystemdBus&&) noexcept = default;
SystemdBus& SystemdBus::operator=(SystemdBus&&) noexcept = default;
SystemdBus::~SystemdBus() = default;

Result<SystemdBus> SystemdBus::connect(bool rootless) {
  TRY_ASSIGN(const SystemdLibrary library, load_systemd_library());
  auto connection = std::make_unique<Connection>(library);
  TRY(connection->open(rootless));
  return SystemdBus(std::move(connection));
}

Result<int> SystemdBus::version() {
  TRY_ASSIGN(const std::string text, connection_->manager_property("Version"));
  return parse_systemd_version(text);
}

Result<std::string> SystemdBus::control_group() {
  return connection_->manager_property("ControlGroup");
}

Status SystemdBus::start_unit(const std::string& unit,
                                 const std::vector<UnitProperty>& properties) {
  TRY(connection_->subscribe());
  const auto start = [&](sd_bus_message** reply, BusFailure& failure) {
    BusMessage message = connection_->new_call("StartTransientUnit");
    message.append_text(unit);
    message.append_text("replace");
    message.append_properties(properties);
    message.append_empty_array("(sa(sv))");
    return connection_->call(message, reply, failure);
  };
  BusFailure failure;
  sd_bus_message* reply = nullptr;
  bool started = start(&reply, failure);
  if (!started && failure.name == kUnitExists) {
    if (unit.ends_with(".slice")) {
      return {};
    }
    // Perhaps the remains of a failed unit; reset, systemd forgets it.
    ignore(reset_failed(unit), "the second attempt reports");
    started = start(&reply, failure);
  }
  if (!started) {
    return failure.error(concat("unable to start unit ", quote(unit)));
  }
  TRY_ASSIGN(const std::string result,
             connection_->wait_job(take_object_path(connection_->library(), reply)));
  if (result == "done") {
    return {};
  }
  ignore(reset_failed(unit), "the job's result is the error");
  if (result.empty()) {
    return Error(ErrorKind::kSystem, "Timeout waiting for systemd to create " + unit, ETIMEDOUT);
  }
  return Error(ErrorKind::kSystem,
               concat("error creating systemd unit `", unit, "`: got `", result, "`"));
}

Status SystemdBus::set_properties(const std::string& unit,
                                     const std::vector<UnitProperty>& properties) {
  if (properties.empty()) {
    return {};
  }
  BusMessage message = connection_->new_call("SetUnitProperties");
  message.append_text(unit);
  message.append_bool(true);  // at run time only
  message.append_properties(properties);
  BusFailure failure;
  return connection_->call(message, nullptr, failure) ? Status() : failure.error(unit);
}

Status SystemdBus::reset_failed(const std::string& unit) {
  BusMessage message = connection_->new_call("ResetFailedUnit");
  message.append_text(unit);
  BusFailure failure;
  return connection_->call(message, nullptr, failure) ? Status() : failure.error(unit);
}

Status SystemdBus::stop_unit(const std::string& unit) {
  TRY(connection_->subscribe());
  BusMessage message = connection_->new_call("StopUnit");
  message.append_text(unit);
  message.append_text("replace");
  BusFailure failure;
  sd_bus_message* reply = nullptr;
  if (connection_->call(message, &reply, failure)) {
    TRY_ASSIGN(const std::string result,
               connection_->wait_job(take_object_path(connection_->library(), reply)));
    if (result.empty()) {
      return Error(
          ErrorKind::kSystem, "Timed out while waiting for systemd to remove " + unit, ETIMEDOUT);
    }
  } else if (failure.name != kNoSuchUnit) {
    return failure.error(concat("unable to stop unit ", quote(unit)));
  }
  ignore(reset_failed(unit), "only a failed unit needs it; the others are forgotten by now");
  return {};
}

int parse_systemd_version(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\"v"), text.size()));
  return parse_number<int>(text.substr(0, text.find_first_not_of("0123456789"))).value_or(0);
}

std::string unix_bus_address(std::string_view path) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string address = "unix:path=";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       ::strchr("-_/.", c) != nullptr;
    if (plain && c != '\0') {
      address += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      address += concat('%', kDigits[byte >> 4], kDigits[byte & 15]);
    }
  }
  return address;
}

}  // namespace redoubt::sandbox
