#include "escalate-vm/guest/agent/process_row.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::agent {
namespace {

// After the closing parenthesis of comm, where proc(5)'s field 3 is index 0.
constexpr size_t kParentIndex = 1;
constexpr size_t kUserTimeIndex = 11;
constexpr size_t kSystemTimeIndex = 12;
constexpr size_t kArgumentsLimit = size_t{1} << 22;  // of execve(2), which may be larger than a command

}  // namespace

std::string command_line(std::string_view cmdline, std::string_view comm) {
  while (cmdline.ends_with('\0')) {
    cmdline.remove_suffix(1);
  }
  std::string out = cmdline.empty() ? concat("[", comm, "]") : std::string(cmdline);
  out.resize(std::min(out.size(), vm::kMaxCommand));
  for (char& c : out) {
    const bool text = static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7f;
    c = text ? c : c == '\0' ? ' ' : '?';
  }
  return out;
}

std::optional<vm::ProcessRow> read_process(pid_t pid) {
  const std::string folder = concat("/proc/", pid);
  struct stat owner {};
  const Result<std::string> stat = read_kernel_file_at(AT_FDCWD, folder + "/stat");
  const Result<std::string> cmdline = read_file(folder + "/cmdline", kArgumentsLimit);
  if (!stat || !cmdline || ::stat(folder.c_str(), &owner) != 0) {
    return std::nullopt;
  }
  const size_t begin = stat->find('(');
  const size_t end = stat->rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end + 2 > stat->size()) {
    return std::nullopt;
  }
  const std::vector<std::string> fields = split(trim(std::string_view(*stat).substr(end + 2)), ' ');
  if (fields.size() <= kSystemTimeIndex) {
    return std::nullopt;
  }
  const uint64_t ticks = parse_number<uint64_t>(fields[kUserTimeIndex]).value_or(0) +
                         parse_number<uint64_t>(fields[kSystemTimeIndex]).value_or(0);
  vm::ProcessRow row;
  row.pid = pid;
  row.parent = parse_number<int32_t>(fields[kParentIndex]).value_or(0);
  row.user = owner.st_uid;
  row.cpu_ms = ticks * 1000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  row.command = command_line(*cmdline, std::string_view(*stat).substr(begin + 1, end - begin - 1));
  return row;
}

}  // namespace redoubt::agent
