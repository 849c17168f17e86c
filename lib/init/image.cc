#include "init/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <string_view>

#include "base/io.h"

extern "C" {
extern const char redoubt_init_image[];
extern const char redoubt_init_image_end[];
}

namespace redoubt::init {
namespace {

constexpr unsigned kMfdExec = 0x10;  // MFD_EXEC, Linux 6.3: executable although vm.memfd_noexec=1
constexpr int kSealExec = 0x20;      // F_SEAL_EXEC, Linux 6.3
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Result<UniqueFd> open_init_image() {
  UniqueFd fd(::memfd_create("redoubt-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec));
  if (!fd.valid() && errno == EINVAL) {
    fd.reset(::memfd_create("redoubt-init", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  }
  if (!fd.valid()) {
    return Error::system(errno, "memfd_create for redoubt-init (is vm.memfd_noexec set to 2?)");
  }
  const auto size = static_cast<size_t>(redoubt_init_image_end - redoubt_init_image);
  TRY(write_all(fd.get(), std::string_view(redoubt_init_image, size), "memfd redoubt-init"));
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | kSealExec) != 0 &&
      ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return Error::system(errno, "seal memfd redoubt-init");
  }
  return fd;
}

}  // namespace redoubt::init
