#include "sandbox/sealed_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr unsigned kMfdExec = 0x10;  // MFD_EXEC, Linux 6.3: executable although vm.memfd_noexec=1
constexpr int kSealExec = 0x20;      // F_SEAL_EXEC, Linux 6.3
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

constexpr size_t kPiece = size_t{64} << 10;
constexpr uintptr_t kPageMask = 4095;

// What was read of a mapped file counts as this process's memory, and a large image would be a fifth of the most
// that a start takes. So the whole pages of each piece are given back, but of the last one: a small image costs
// no system call more.
Status copy_image(int fd, std::string_view program, const std::string& name) {
  while (!program.empty()) {
    const std::string_view piece = program.substr(0, kPiece);
    program.remove_prefix(piece.size());
    TRY(write_all(fd, piece, concat("memfd ", name)));
    const auto begin = (reinterpret_cast<uintptr_t>(piece.data()) + kPageMask) & ~kPageMask;
    const auto end = reinterpret_cast<uintptr_t>(piece.data() + piece.size()) & ~kPageMask;
    if (!program.empty() && begin < end) {
      static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
    }
  }
  return {};
}

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
  TRY(copy_image(fd.get(), program, name));
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | kSealExec) != 0 &&
      ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return Error::system(errno, concat("seal memfd ", name));
  }
  return fd;
}

}  // namespace redoubt::sandbox
