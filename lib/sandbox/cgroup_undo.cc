#include "sandbox/cgroup_undo.h"

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

bool is_keyed(std::string_view file) {
  return file == "io.max" || file == "io.latency" || file == "rdma.max" || file == "misc.max" ||
         file == "io.weight" || file == "io.bfq.weight" || file == "io.cost.qos" ||
         file == "io.cost.model";
}

// "8:0 rbps=1000 wbps=max" -> "8:0"; "100" -> "default" (the weight files).
std::string key_of(std::string_view file, std::string_view value) {
  value = trim(value);
  const size_t blank = value.find(' ');
  const bool weight = file == "io.weight" || file == "io.bfq.weight";
  return blank == std::string_view::npos && weight ? "default"
                                                   : std::string(value.substr(0, blank));
}

// Every "name=x" of the value, taken back to "name=max"; a plain value back to its default.
std::string default_line(std::string_view file, std::string_view key, std::string_view value) {
  std::string line(key);
  for (const std::string& word : split(trim(value), ' ')) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos) {
      line += concat(" ", word.substr(0, equals), file == "io.latency" ? "=0" : "=max");
    }
  }
  if (line == key) {
    line += file == "misc.max" ? " max" : key == "default" ? " 100" : " default";
  }
  return line;
}

}  // namespace

std::string undo_value(std::string_view file, std::string_view current, std::string_view value) {
  if (!is_keyed(file)) {
    // An empty write to cpuset.cpus and .mems means "as the parent"; a write of zero bytes is no
    // write at all.
    const std::string_view text = trim(current);
    return text.empty() ? "\n" : std::string(text);
  }
  const std::string key = key_of(file, value);
  for (const std::string& line : split(current, '\n')) {
    if (line.starts_with(key + " ")) {
      return line;
    }
  }
  return default_line(file, key, value);
}

Result<CgroupUndo> remember_setting(int directory_fd,
                                    const std::string& file,
                                    const std::string& value) {
  TRY_ASSIGN(const std::string current, read_kernel_file_at(directory_fd, file));
  return CgroupUndo{file, undo_value(file, current, value)};
}

void undo_settings(int directory_fd, const std::vector<CgroupUndo>& undo) {
  for (auto it = undo.rbegin(); it != undo.rend(); ++it) {
    ignore(write_kernel_file_at(directory_fd, it->file, it->value),
           "best effort; the first error is reported");
  }
}

}  // namespace redoubt::sandbox
