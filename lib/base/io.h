// Whole-file and whole-buffer input and output on descriptors: EINTR-safe, bounded, atomic where it says so.
#ifndef REDOUBT_BASE_IO_H_
#define REDOUBT_BASE_IO_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt {

// openat(2) with O_CLOEXEC added. The error names the path.
Result<UniqueFd> open_at(int dir_fd, const std::string& path, int flags, mode_t mode = 0);

// Writes everything or fails.
Status write_all(int fd, std::string_view data, std::string_view what);

// Reads to the end, or to the `expected` size of a regular file, whose end then need not be looked for (0: not known); more than `limit` bytes is an error
// that names `what` and the limit.
Result<std::string> read_all(int fd, size_t limit, std::string_view what, size_t expected = 0);

// Reads a regular file (never blocks on a FIFO: opened O_NONBLOCK and refused) of at most `limit` bytes.
Result<std::string> read_file(const std::string& path, size_t limit);
Result<std::string> read_file_at(int dir_fd, const std::string& path, size_t limit);

// Reads a kernel file (procfs, sysfs, cgroupfs), whose size is unknown to stat.
Result<std::string> read_kernel_file_at(int dir_fd, const std::string& path);

// The same of a file that the kernel writes in one piece (a cgroup's single values, /proc/PID/stat), not of a list: a read(2) that does not fill its
// buffer has all of it, and no second one is made (seq_file, single_open).
Result<std::string> read_kernel_value_at(int dir_fd, const std::string& path);

// One write(2) to an existing kernel file, opened O_WRONLY without O_CREAT.
Status write_kernel_file_at(int dir_fd, const std::string& path, std::string_view value);

// Writes a temporary file beside `name`, syncs it and renames it over `name`: readers see the old or the new content.
Status replace_file_at(int dir_fd, const std::string& name, std::string_view data, mode_t mode);

// Absolute, lexically cleaned path (no "..", no symlink resolution), relative ones against `base`.
std::string absolute_path(std::string_view path, std::string_view base);

// Lexical cleaning as Go's filepath.Clean: "a/../b//c/." -> "b/c", "" -> ".".
std::string clean_path(std::string_view path);

}  // namespace redoubt

#endif  // REDOUBT_BASE_IO_H_
