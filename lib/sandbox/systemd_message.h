// BusMessage: one D-Bus method call under construction. The first failure sticks (result()) and the
// rest is skipped, so that callers append everything and look once. Used by systemd_bus.cc.
#ifndef REDOUBT_SANDBOX_SYSTEMD_MESSAGE_H_
#define REDOUBT_SANDBOX_SYSTEMD_MESSAGE_H_

#include <string>
#include <vector>

#include "sandbox/systemd_library.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {

class BusMessage {
 public:
  // Takes the message over. `result` < 0: it could not be made.
  BusMessage(const SystemdLibrary& library, sd_bus_message* message, int result)
      : sd_(library), message_(message), result_(result) {}
  ~BusMessage();
  BusMessage(const BusMessage&) = delete;
  BusMessage& operator=(const BusMessage&) = delete;

  void append_text(const std::string& text);
  void append_bool(bool value);
  void append_properties(const std::vector<UnitProperty>& properties);  // a(sv)
  void append_empty_array(const char* element);

  sd_bus_message* get() const { return message_; }
  int result() const { return result_; }

 private:
  void open(char type, const char* contents);
  void close();
  void append_basic(char type, const void* value);
  void append_scalar(char element, const UnitScalar& scalar);
  void append_value(const UnitValue& value);

  const SystemdLibrary& sd_;
  sd_bus_message* message_;
  int result_;
};

// The object path that a reply consists of; the reply is released.
std::string take_object_path(const SystemdLibrary& library, sd_bus_message* reply);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_MESSAGE_H_
