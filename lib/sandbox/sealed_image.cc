#include "sandbox/sealed_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr unsigned kMfdExec = 0x10;  // MFD_EXEC, Linux 6.3: executable although vm.memfd_noexec=1
constexpr int kSealExec = 0x20;      // F_SEAL_EXEC, Linux 6.3
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Result<UniqueFd> open_sealed_image(const std::string& name, std::string_view program) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec));
  if (!fd.valid() && errno == EINVAL) {
    fd.reset(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  }
  if (!fd.valid()) {
    return Error::system(errno,
                         concat("memfd_create for ", name, " (is vm.memfd_noexec set to 2?)"));
  }
  TRY(write_all(fd.get(), program, concat("memfd ", name)));
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | kSealExec) != 0 &&
      ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return Error::system(errno, concat("seal memfd ", name));
  }
  return fd;
}

}  // namespace redoubt::sandbox
