// SystemdLibrary: the few functions of libsystemd.so.0 (sd-bus) that the systemd cgroup driver
// needs, resolved at run time, so that the filesystem driver neither needs the library nor pays for
// it. Never called after clone.
#ifndef REDOUBT_SANDBOX_SYSTEMD_LIBRARY_H_
#define REDOUBT_SANDBOX_SYSTEMD_LIBRARY_H_

#include <systemd/sd-bus.h>

#include "base/result.h"

namespace redoubt::sandbox {

struct SystemdLibrary {
  decltype(&::sd_bus_open_system) open_system = nullptr;
  decltype(&::sd_bus_open_user) open_user = nullptr;
  decltype(&::sd_bus_new) bus_new = nullptr;
  decltype(&::sd_bus_set_address) set_address = nullptr;
  decltype(&::sd_bus_set_bus_client) set_bus_client = nullptr;
  decltype(&::sd_bus_start) start = nullptr;
  decltype(&::sd_bus_flush_close_unref) flush_close_unref = nullptr;
  decltype(&::sd_bus_call) call = nullptr;
  decltype(&::sd_bus_process) process = nullptr;
  decltype(&::sd_bus_wait) wait = nullptr;
  decltype(&::sd_bus_match_signal) match_signal = nullptr;
  decltype(&::sd_bus_slot_unref) slot_unref = nullptr;
  decltype(&::sd_bus_get_property_string) get_property_string = nullptr;
  decltype(&::sd_bus_error_free) error_free = nullptr;
  decltype(&::sd_bus_message_new_method_call) new_method_call = nullptr;
  decltype(&::sd_bus_message_append_basic) append_basic = nullptr;
  decltype(&::sd_bus_message_open_container) open_container = nullptr;
  decltype(&::sd_bus_message_close_container) close_container = nullptr;
  decltype(&::sd_bus_message_read_basic) read_basic = nullptr;
  decltype(&::sd_bus_message_unref) message_unref = nullptr;
};

Result<SystemdLibrary> load_systemd_library();

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SYSTEMD_LIBRARY_H_
