#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/str.h"

namespace redoubt {
namespace {

constexpr size_t kKernelFileLimit = size_t{4} << 20;
constexpr size_t kPage = 4096;  // nearly everything that is read is smaller

}  // namespace

Result<UniqueFd> open_at(int dir_fd, const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int fd = ::openat(dir_fd, path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) {
      return UniqueFd(fd);
    }
    if (errno != EINTR) {
      return Error::system(errno, concat("open ", path));
    }
  }
}

Status write_all(int fd, std::string_view data, std::string_view what) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return Error::system(errno, concat("write ", what));
    }
    data.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<std::string> read_all(int fd, size_t limit, std::string_view what, size_t expected) {
  std::string out;
  char buffer[kPage];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return Error::system(errno, concat("read ", what));
    }
    if (n == 0) {
      return out;
    }
    if (out.size() + static_cast<size_t>(n) > limit) {
      return Error::invalid(concat(what, ": larger than the limit of ", limit, " bytes"));
    }
    out.append(buffer, static_cast<size_t>(n));
    if (out.size() == expected) {
      return out;
    }
  }
}

Result<std::string> read_file_at(int dir_fd, const std::string& path, size_t limit) {
  TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  if (!S_ISREG(st.st_mode)) {
    return Error::invalid(concat(path, ": not a regular file"));
  }
  if (static_cast<size_t>(st.st_size) > limit) {
    return Error::invalid(concat(path, ": larger than the limit of ", limit, " bytes"));
  }
  return read_all(fd.get(), limit, path, static_cast<size_t>(st.st_size));
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  return read_file_at(AT_FDCWD, path, limit);
}

Result<std::string> read_kernel_file_at(int dir_fd, const std::string& path) {
  TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, path, O_RDONLY));
  return read_all(fd.get(), kKernelFileLimit, path);
}

Result<std::string> read_kernel_value_at(int dir_fd, const std::string& path) {
  TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, path, O_RDONLY));
  char buffer[kPage];
  ssize_t n = 0;
  do {
    n = ::read(fd.get(), buffer, sizeof buffer);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return Error::system(errno, concat("read ", path));
  }
  std::string out(buffer, static_cast<size_t>(n));
  if (out.size() == sizeof buffer) {
    TRY_ASSIGN(const std::string rest, read_all(fd.get(), kKernelFileLimit, path));
    out += rest;
  }
  return out;
}

Status write_kernel_file_at(int dir_fd, const std::string& path, std::string_view value) {
  TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, path, O_WRONLY));
  ssize_t n = 0;
  do {
    n = ::write(fd.get(), value.data(), value.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return Error::system(errno, concat("write ", quote(value), " to ", path));
  }
  return {};
}

Status replace_file_at(int dir_fd, const std::string& name, std::string_view data, mode_t mode) {
  const std::string temporary = concat(name, ".tmp", ::getpid());
  auto write_temporary = [&]() -> Status {
    TRY_ASSIGN(UniqueFd fd, open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
    TRY(write_all(fd.get(), data, temporary));
    if (::fdatasync(fd.get()) != 0) {
      return Error::system(errno, concat("fdatasync ", temporary));
    }
    if (::renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) != 0) {
      return Error::system(errno, concat("rename ", temporary, " to ", name));
    }
    return {};
  };
  Status status = write_temporary();
  if (!status) {
    ::unlinkat(dir_fd, temporary.c_str(), 0);
  }
  return status;
}

std::string clean_path(std::string_view path) {
  const bool absolute = !path.empty() && path.front() == '/';
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !absolute) {
      kept.push_back(std::move(part));
    }
  }
  const std::string joined = join(kept, "/");
  if (absolute) {
    return "/" + joined;
  }
  return joined.empty() ? "." : joined;
}

std::string absolute_path(std::string_view path, std::string_view base) {
  if (!path.empty() && path.front() == '/') {
    return clean_path(path);
  }
  return clean_path(concat(base, "/", path));
}

}  // namespace redoubt
