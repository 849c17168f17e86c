// The program redoubt-init, ready to execute. A container that reaches /proc/PID/exe of the process
// that becomes it finds a sealed memfd (sandbox/sealed_image.h) instead of the host's runtime binary.
// Called by the launchers.
#ifndef REDOUBT_INIT_IMAGE_H_
#define REDOUBT_INIT_IMAGE_H_

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::init {

// A new sealed memfd with the program. Errors: memfd_create or sealing refused (vm.memfd_noexec=2
// forbids executable memfds).
Result<UniqueFd> open_init_image();

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_IMAGE_H_
