#include "sandbox/systemd_library.h"

#include <dlfcn.h>

#include "base/shared_library.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

template <typename Function>
Status need_function(void* library, const char* name, Function& function) {
  return find_function(library, name, function)
             ? Status()
             : Error::unsupported(concat("libsystemd.so.0 has no ", name, "; update libsystemd0"));
}

}  // namespace

Result<SystemdLibrary> load_systemd_library() {
  void* library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error::unsupported(concat("systemd cgroup driver: ",
                                     ::dlerror(),
                                     "; install libsystemd0 or leave out --systemd-cgroup"));
  }
  SystemdLibrary sd;
  TRY(need_function(library, "sd_bus_open_system", sd.open_system));
  TRY(need_function(library, "sd_bus_open_user", sd.open_user));
  TRY(need_function(library, "sd_bus_new", sd.bus_new));
  TRY(need_function(library, "sd_bus_set_address", sd.set_address));
  TRY(need_function(library, "sd_bus_set_bus_client", sd.set_bus_client));
  TRY(need_function(library, "sd_bus_start", sd.start));
  TRY(need_function(library, "sd_bus_flush_close_unref", sd.flush_close_unref));
  TRY(need_function(library, "sd_bus_call", sd.call));
  TRY(need_function(library, "sd_bus_process", sd.process));
  TRY(need_function(library, "sd_bus_wait", sd.wait));
  TRY(need_function(library, "sd_bus_match_signal", sd.match_signal));
  TRY(need_function(library, "sd_bus_slot_unref", sd.slot_unref));
  TRY(need_function(library, "sd_bus_get_property_string", sd.get_property_string));
  TRY(need_function(library, "sd_bus_error_free", sd.error_free));
  TRY(need_function(library, "sd_bus_message_new_method_call", sd.new_method_call));
  TRY(need_function(library, "sd_bus_message_append_basic", sd.append_basic));
  TRY(need_function(library, "sd_bus_message_open_container", sd.open_container));
  TRY(need_function(library, "sd_bus_message_close_container", sd.close_container));
  TRY(need_function(library, "sd_bus_message_read_basic", sd.read_basic));
  TRY(need_function(library, "sd_bus_message_unref", sd.message_unref));
  return sd;
}

}  // namespace redoubt::sandbox
