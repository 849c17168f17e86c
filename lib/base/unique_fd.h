// UniqueFd owns one file descriptor: move-only, closed once, errno preserved, never retried on EINTR (close(2): the descriptor
// is gone either way, and a retry may close somebody else's). Borrowed descriptors are plain ints named *_fd.
#ifndef REDOUBT_BASE_UNIQUE_FD_H_
#define REDOUBT_BASE_UNIQUE_FD_H_

#include <errno.h>
#include <unistd.h>

#include <utility>

namespace redoubt {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) {
      const int saved = errno;
      ::close(old);
      errno = saved;
    }
  }

 private:
  int fd_ = -1;
};

}  // namespace redoubt

#endif  // REDOUBT_BASE_UNIQUE_FD_H_
