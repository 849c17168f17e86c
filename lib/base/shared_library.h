// Functions of a library that is opened when it is needed (dlopen(3)).
#ifndef REDOUBT_BASE_SHARED_LIBRARY_H_
#define REDOUBT_BASE_SHARED_LIBRARY_H_

#include <dlfcn.h>

namespace redoubt {

// False: `library`, a handle of dlopen, has no such function; dlerror(3) says so. Its type is not checked.
template <typename Function>
bool find_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace redoubt

#endif  // REDOUBT_BASE_SHARED_LIBRARY_H_
