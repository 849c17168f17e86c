// A program that is embedded in this one, ready to execute: a sealed memfd. Who reaches
// /proc/PID/exe of a process that runs it finds these bytes, which nobody can change, instead of
// the host's runtime binary (CVE-2019-5736). Used for redoubt-init (init/image.cc) and redoubt-dl
// (dl_process.cc).
#ifndef REDOUBT_SANDBOX_SEALED_IMAGE_H_
#define REDOUBT_SANDBOX_SEALED_IMAGE_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::sandbox {

// A new sealed memfd with the program, which is constant data of this one: pages of it that were read are dropped
// (madvise(2), MADV_DONTNEED), to be read again from the file. Errors: memfd_create or sealing refused (vm.memfd_noexec=2
// forbids executable memfds).
Result<UniqueFd> open_sealed_image(const std::string& name, std::string_view program);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SEALED_IMAGE_H_
