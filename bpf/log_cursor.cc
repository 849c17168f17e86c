#include "bpf/log_cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::bpf {
namespace {

using Words = std::array<uint64_t, 2>;  // log, sequence

}  // namespace

Result<LogCursor> LogCursor::open(const std::string& directory) {
  const std::string path = directory + "/journal-cursor";
  TRY_ASSIGN(UniqueFd fd, open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Error::state(
          concat("the log is being copied to the journal already, by the process that holds ",
                 path,
                 " (redoubt-audit.service?)"));
    }
    return Error::system(errno, concat("flock ", path));
  }
  LogCursor cursor(std::move(fd));
  Words words = {};
  // A short read is a new file, or a write that a crash of the kernel cut: begins at the start.
  if (::pread(cursor.fd_.get(), words.data(), sizeof words, 0) == ssize_t{sizeof words}) {
    cursor.log_ = words[0];
    cursor.sequence_ = words[1];
  }
  return cursor;
}

Status LogCursor::advance(uint64_t log, uint64_t sequence) {
  const Words words = {log, sequence};
  if (::pwrite(fd_.get(), words.data(), sizeof words, 0) != ssize_t{sizeof words}) {
    return Error::system(errno, "write the cursor of the journal");
  }
  log_ = log;
  sequence_ = sequence;
  return {};
}

}  // namespace redoubt::bpf
