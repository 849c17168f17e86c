#include "sandbox/cgroup_writes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/cgroup_undo.h"

namespace redoubt::sandbox {
namespace {

struct DefaultValue {
  std::string_view file, value;
};

// What the kernel has in these files of a new cgroup; sorted.
constexpr auto kDefaults = std::to_array<DefaultValue>({
    {"cpu.idle", "0"},
    {"cpu.max", "max"},
    {"cpu.max.burst", "0"},
    {"cpu.weight", "100"},
    {"cpu.weight.nice", "0"},
    {"io.bfq.weight", "100"},
    {"io.weight", "100"},
    {"memory.low", "0"},
    {"memory.min", "0"},
    {"memory.oom.group", "0"},
});

// "max 100000" -> "max", "default 100" -> "100", "max" -> "max".
std::string_view significant_word(std::string_view value) {
  value = trim(value);
  if (value.starts_with("default ")) {
    value = trim(value.substr(8));
  }
  return value.substr(0, value.find(' '));
}

// "rbps=max" and the like: every key of a keyed line takes a limit away.
bool lifts_keyed_limit(std::string_view value) {
  bool keyed = false;
  for (const std::string& word : split(trim(value), ' ')) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    keyed = true;
    if (word.substr(equals + 1) != "max") {
      return false;
    }
  }
  return keyed;
}

Error write_error(const std::string& directory,
                  const plan::CgroupWrite& write,
                  const Error& cause) {
  if (is_unified(write)) {
    return Error(
        cause.kind(),
        concat("unable to set unified resource ", quote(write.file), ": ", cause.message()),
        cause.err());
  }
  return Error(
      cause.kind(), concat(write.field, ": ", directory, ": ", cause.message()), cause.err());
}

// The file to write to and the value: the preferred one where the kernel has it.
struct Target {
  const std::string& file;
  const std::string& value;
};

Target target_of(int directory_fd, const plan::CgroupWrite& write) {
  if (!write.preferred_file.empty() &&
      ::faccessat(directory_fd, write.preferred_file.c_str(), F_OK, 0) == 0) {
    return {write.preferred_file, write.preferred_value};
  }
  return {write.file, write.value};
}

bool sets_idle(const std::vector<plan::CgroupWrite>& writes) {
  return std::any_of(writes.begin(), writes.end(), [](const plan::CgroupWrite& w) {
    return w.file == "cpu.idle" && trim(w.value) == "1";
  });
}

// True when the failure does not matter.
bool is_tolerable(const plan::CgroupWrite& write,
                  const Error& error,
                  const std::vector<plan::CgroupWrite>& writes) {
  if (error.err() == ENOENT) {
    return write.skip_if_missing || !is_limit_request(write);
  }
  // An idle group has no weight (sched_group_set_shares() in kernel/sched/fair.c).
  return error.err() == EINVAL && write.file == "cpu.weight" && sets_idle(writes);
}

// The kernel keeps burst <= quota at every single write, so a pair that is right in the end may be
// wrong in between.
bool needs_burst_first(const plan::CgroupWrite& write, const Error& error) {
  return error.err() == EINVAL && write.file == "cpu.max";
}

Status write_once(int directory_fd, const plan::CgroupWrite& write, std::vector<CgroupUndo>* undo) {
  const Target target = target_of(directory_fd, write);
  if (undo != nullptr) {
    auto step = remember_setting(directory_fd, target.file, target.value);
    if (step) {
      undo->push_back(*std::move(step));
    }
  }
  Status status = write_kernel_file_at(directory_fd, target.file, target.value);
  if (!status && undo != nullptr && !undo->empty() && undo->back().file == target.file) {
    undo->pop_back();
  }
  return status;
}

Status write_with_quirks(int directory_fd,
                         const plan::CgroupWrite& write,
                         const std::vector<plan::CgroupWrite>& writes,
                         std::vector<CgroupUndo>* undo) {
  Status status = write_once(directory_fd, write, undo);
  if (status || !needs_burst_first(write, status.error())) {
    return status;
  }
  for (const plan::CgroupWrite& other : writes) {
    if (other.file == "cpu.max.burst" && write_once(directory_fd, other, undo)) {
      return write_once(directory_fd, write, undo);
    }
  }
  return status;
}

}  // namespace

std::string_view controller_of(std::string_view file) {
  const std::string_view name = file.substr(0, file.find('.'));
  return name == "cgroup" ? std::string_view() : name;
}

bool is_limit_request(const plan::CgroupWrite& write) {
  const std::string_view word = significant_word(write.value);
  if (word.empty() || word == "max" || word == "-1" || lifts_keyed_limit(write.value)) {
    return false;
  }
  return std::none_of(kDefaults.begin(), kDefaults.end(), [&](const DefaultValue& d) {
    return d.file == write.file && d.value == word;
  });
}

bool is_unified(const plan::CgroupWrite& write) {
  return write.field.find(".unified[") != std::string::npos;
}

std::vector<std::string> needed_controllers(const std::vector<plan::CgroupWrite>& writes) {
  std::vector<std::string> needed;
  for (const plan::CgroupWrite& write : writes) {
    const std::string controller(controller_of(write.file));
    const bool counts = !controller.empty() && !write.skip_if_missing && is_limit_request(write);
    if (counts && std::find(needed.begin(), needed.end(), controller) == needed.end()) {
      needed.push_back(controller);
    }
  }
  return needed;
}

Status apply_cgroup_writes(const std::string& directory,
                           const std::vector<plan::CgroupWrite>& writes,
                           bool rollback) {
  if (writes.empty()) {
    return {};
  }
  if (directory.empty()) {
    const std::vector<std::string> needed = needed_controllers(writes);
    return needed.empty()
               ? Status()
               : Error::unsupported(concat("cannot set ",
                                           needed.front(),
                                           " limit: container could not join or create cgroup"));
  }
  for (const plan::CgroupWrite& write : writes) {
    if (write.file.find('/') != std::string::npos) {
      return Error::invalid(
          concat("unified resource ", quote(write.file), " must be a file name (no slashes)"));
    }
  }
  TRY_ASSIGN(const UniqueFd fd, open_cgroup(directory));
  std::vector<CgroupUndo> undo;
  for (const plan::CgroupWrite& write : writes) {
    Status status = write_with_quirks(fd.get(), write, writes, rollback ? &undo : nullptr);
    if (!status && !is_tolerable(write, status.error(), writes)) {
      undo_settings(fd.get(), undo);
      return write_error(directory, write, status.error());
    }
  }
  return {};
}

Status check_memory_usage(const std::string& directory,
                          const std::vector<plan::CgroupWrite>& writes) {
  uint64_t memory = 0;
  uint64_t swap = 0;
  for (const plan::CgroupWrite& write : writes) {
    const uint64_t value = parse_number<uint64_t>(trim(write.value)).value_or(0);  // "max" -> 0
    if (write.file == "memory.max") {
      memory = value;
    } else if (write.file == "memory.swap.max") {
      swap = value;
    }
  }
  const auto text = read_kernel_file_at(AT_FDCWD, directory + "/memory.current");
  const auto usage = text ? parse_number<uint64_t>(trim(*text)) : std::nullopt;
  if (memory == 0 || !usage) {
    return {};
  }
  if (swap != 0 && memory + swap <= *usage) {
    return Error::invalid(
        concat("rejecting memory+swap limit ", memory + swap, " <= usage ", *usage));
  }
  if (memory <= *usage) {
    return Error::invalid(concat("rejecting memory limit ", memory, " <= usage ", *usage));
  }
  return {};
}

}  // namespace redoubt::sandbox
