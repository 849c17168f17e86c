#include "runc-compat/launch/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::launch {
namespace {

Status write_and_rename(const std::string& temporary, const std::string& path, pid_t pid) {
  TRY_ASSIGN(const UniqueFd fd,
             open_at(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
  TRY(write_all(fd.get(), concat(pid), temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return Error::system(errno, concat("rename ", temporary));
  }
  return {};
}

}  // namespace

Status write_pid_file(const std::string& path, pid_t pid) {
  if (path.empty()) {
    return {};
  }
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string temporary = concat(directory, ".", path.substr(directory.size()));
  Status status = write_and_rename(temporary, path, pid);
  if (!status && status.error().err() == EEXIST) {
    // Left by a runtime that was killed between the two calls.
    ::unlink(temporary.c_str());
    status = write_and_rename(temporary, path, pid);
  }
  return std::move(status).context("--pid-file");
}

}  // namespace redoubt::launch
