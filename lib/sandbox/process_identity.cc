#include "sandbox/process_identity.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

// Indices after the closing parenthesis of comm, where proc(5)'s field 3 (state) is index 0.
constexpr size_t kStateIndex = 0;
constexpr size_t kParentIndex = 1;
constexpr size_t kStartTimeIndex = 19;

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  // comm is chosen by the process: only the last ')' ends it.
  const size_t comm_end = text.rfind(')');
  if (comm_end == std::string_view::npos || comm_end + 2 >= text.size()) {
    return Error::internal("process stat: no command field");
  }
  std::string_view fields[kStartTimeIndex + 1];
  std::string_view rest = trim(text.substr(comm_end + 2));
  for (std::string_view& field : fields) {
    field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  }
  if (fields[kStartTimeIndex].empty() || fields[kStateIndex].size() != 1) {
    return Error::internal("process stat: too few fields");
  }
  const std::optional<pid_t> parent = parse_number<pid_t>(fields[kParentIndex]);
  const std::optional<uint64_t> start_time = parse_number<uint64_t>(fields[kStartTimeIndex]);
  if (!parent || !start_time) {
    return Error::internal("process stat: a field is no number");
  }
  return ProcessStat{fields[kStateIndex][0], *parent, *start_time};
}

Result<ProcessStat> read_process_stat(pid_t pid) {
  Result<std::string> text = read_kernel_value_at(AT_FDCWD, concat("/proc/", pid, "/stat"));
  if (!text) {
    const int err = text.error().err();
    // The file vanishes with ENOENT at open(2) and with ESRCH at read(2).
    if (err == ENOENT || err == ESRCH) {
      return Error::system(ESRCH, concat("process ", pid));
    }
    return std::move(text).error();
  }
  return parse_process_stat(*text).context(concat("process ", pid));
}

Result<ProcessIdentity> identity_of(pid_t pid) {
  TRY_ASSIGN(const ProcessStat stat, read_process_stat(pid));
  return ProcessIdentity{pid, stat.start_time};
}

Result<bool> is_running(const ProcessIdentity& identity) {
  if (identity.pid <= 0) {
    return false;
  }
  Result<ProcessStat> stat = read_process_stat(identity.pid);
  if (!stat) {
    if (stat.error().err() == ESRCH) {
      return false;
    }
    return std::move(stat).error();
  }
  return stat->start_time == identity.start_time && !stat->has_exited();
}

Result<std::string> read_boot_id() {
  static const Result<std::string> text =
      read_kernel_value_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id");
  TRY(text);
  return std::string(trim(*text));
}

}  // namespace redoubt::sandbox
