#include "sandbox/cgroup_stats.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/cgroup_control.h"
#include "sandbox/cgroup_walk.h"

namespace redoubt::sandbox {
namespace {

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kNsPerUs = 1000;

using Table = std::map<std::string, uint64_t>;  // sorted, as Go prints maps

// The files of one cgroup; what cannot be read is absent.
class Files {
 public:
  explicit Files(int directory_fd) : directory_fd_(directory_fd) {}

  int directory_fd() const { return directory_fd_; }

  std::optional<std::string> text(const std::string& name) const {
    auto read = read_kernel_file_at(directory_fd_, name);
    return read ? std::optional(*std::move(read)) : std::nullopt;
  }

  // "max" is kUnlimited.
  std::optional<uint64_t> number(const std::string& name) const {
    const std::optional<std::string> content = text(name);
    if (!content) {
      return std::nullopt;
    }
    return trim(*content) == "max" ? kUnlimited : parse_number<uint64_t>(trim(*content));
  }

  std::optional<Table> table(const std::string& name) const {
    const std::optional<std::string> content = text(name);
    if (!content) {
      return std::nullopt;
    }
    Table values;
    for (const std::string& line : split(*content, '\n')) {
      const size_t blank = line.find(' ');
      const auto value = blank == std::string::npos
                             ? std::nullopt
                             : parse_number<uint64_t>(std::string_view(line).substr(blank + 1));
      if (value) {
        values[line.substr(0, blank)] = *value;
      }
    }
    return values;
  }

 private:
  int directory_fd_;
};

uint64_t value_of(const Table& table, const char* key) {
  const auto found = table.find(key);
  return found == table.end() ? 0 : found->second;
}

void set_nonzero(json::Value& object, std::string_view key, uint64_t value) {
  if (value != 0) {
    object.set(key, value);
  }
}

json::Value empty_object() {
  return json::Value(json::Object());
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0".
std::optional<json::Value> pressure_line(const std::vector<std::string>& words) {
  json::Value data = empty_object();
  bool any = false;
  for (size_t i = 1; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string key = words[i].substr(0, equals);
    const std::string_view text = std::string_view(words[i]).substr(equals + 1);
    if (key == "total") {
      const uint64_t total = parse_number<uint64_t>(text).value_or(0);
      any = any || total != 0;
      data.set(key, total);
    } else {
      double average = 0;
      std::from_chars(text.data(), text.data() + text.size(), average);
      any = any || average != 0;
      data.set(key, average);
    }
  }
  return any ? std::optional(std::move(data)) : std::nullopt;
}

// Without PSI in the kernel (or with psi=0) the file is missing or not supported: no key.
void add_pressure(const Files& files, const std::string& name, json::Value& object) {
  const std::optional<std::string> text = files.text(name);
  if (!text) {
    return;
  }
  json::Value pressure = empty_object();
  for (const std::string& line : split(*text, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words[0] != "some" && words[0] != "full") {
      continue;
    }
    if (std::optional<json::Value> data = pressure_line(words)) {
      pressure.set(words[0], *std::move(data));
    }
  }
  object.set("psi", std::move(pressure));
}

json::Value cpu_stats(const Files& files) {
  const Table stat = files.table("cpu.stat").value_or(Table());
  json::Value cpu = empty_object();
  const uint64_t total = value_of(stat, "usage_usec") * kNsPerUs;
  const uint64_t kernel = value_of(stat, "system_usec") * kNsPerUs;
  const uint64_t user = value_of(stat, "user_usec") * kNsPerUs;
  if ((total | kernel | user) != 0) {
    json::Value usage = empty_object();
    set_nonzero(usage, "total", total);
    usage.set("kernel", kernel);
    usage.set("user", user);
    cpu.set("usage", std::move(usage));
  }
  json::Value throttling = empty_object();
  set_nonzero(throttling, "periods", value_of(stat, "nr_periods"));
  set_nonzero(throttling, "throttledPeriods", value_of(stat, "nr_throttled"));
  set_nonzero(throttling, "throttledTime", value_of(stat, "throttled_usec") * kNsPerUs);
  if (!throttling.as_object().empty()) {
    cpu.set("throttling", std::move(throttling));
  }
  add_pressure(files, "cpu.pressure", cpu);
  return cpu;
}

// cgroup v2 has none of it; runc prints the zeros.
json::Value cpuset_stats() {
  json::Value cpuset = empty_object();
  for (const char* key : {"cpu_exclusive",
                          "mem_hardwall",
                          "mem_exclusive",
                          "memory_migrate",
                          "memory_spread_page",
                          "memory_spread_slab",
                          "memory_pressure",
                          "sched_load_balance",
                          "sched_relax_domain_level"}) {
    cpuset.set(key, 0);
  }
  return cpuset;
}

struct MemoryEntry {
  uint64_t limit = 0, usage = 0, max = 0;
};

void add_memory_entry(json::Value& memory, std::string_view key, const MemoryEntry& entry) {
  if ((entry.limit | entry.usage | entry.max) == 0) {
    return;
  }
  json::Value object = empty_object();
  object.set("limit", entry.limit);
  set_nonzero(object, "usage", entry.usage);
  set_nonzero(object, "max", entry.max);
  object.set("failcnt", 0);
  memory.set(key, std::move(object));
}

MemoryEntry memory_entry(const Files& files, const std::string& prefix) {
  return {files.number(prefix + ".max").value_or(0),
          files.number(prefix + ".current").value_or(0),
          files.number(prefix + ".peak").value_or(0)};
}

json::Value memory_stats(const Files& files) {
  json::Value memory = empty_object();
  if (const std::optional<Table> stat = files.table("memory.stat")) {
    set_nonzero(memory, "cache", value_of(*stat, "file"));
    const MemoryEntry usage = memory_entry(files, "memory");
    add_memory_entry(memory, "usage", usage);
    // v1 counted memory and swap together; a common peak cannot be known.
    MemoryEntry swap = memory_entry(files, "memory.swap");
    swap.usage += usage.usage;
    swap.limit = swap.limit == kUnlimited || usage.limit == kUnlimited ? kUnlimited
                                                                       : swap.limit + usage.limit;
    swap.max = 0;
    add_memory_entry(memory, "swap", swap);
    json::Value raw = empty_object();
    for (const auto& [key, value] : *stat) {
      raw.set(key, value);
    }
    if (!raw.as_object().empty()) {
      memory.set("raw", std::move(raw));
    }
  }
  add_pressure(files, "memory.pressure", memory);
  return memory;
}

json::Value pids_stats(const Files& files) {
  json::Value pids = empty_object();
  std::optional<uint64_t> current = files.number("pids.current");
  if (!current) {
    std::vector<pid_t> processes;
    ignore(collect_processes(files.directory_fd(), processes),
           "the number is then what could be read");
    current = processes.size();
  }
  set_nonzero(pids, "current", *current);
  const uint64_t limit = files.number("pids.max").value_or(0);
  set_nonzero(pids, "limit", limit == kUnlimited ? 0 : limit);
  return pids;
}

struct IoKey {
  std::string_view key, operation;
  bool bytes;
};
constexpr IoKey kIoKeys[] = {{"rbytes", "Read", true},
                             {"wbytes", "Write", true},
                             {"rios", "Read", false},
                             {"wios", "Write", false}};

void add_io_word(const std::string& word,
                 uint64_t major,
                 uint64_t minor,
                 json::Value& bytes,
                 json::Value& count) {
  const size_t equals = word.find('=');
  const std::string_view key = std::string_view(word).substr(0, equals);
  for (const IoKey& known : kIoKeys) {
    if (equals == std::string::npos || known.key != key) {
      continue;
    }
    json::Value entry = empty_object();
    set_nonzero(entry, "major", major);
    set_nonzero(entry, "minor", minor);
    entry.set("op", known.operation);
    set_nonzero(entry,
                "value",
                parse_number<uint64_t>(std::string_view(word).substr(equals + 1)).value_or(0));
    (known.bytes ? bytes : count).push(std::move(entry));
  }
}

json::Value blkio_stats(const Files& files) {
  json::Value bytes{json::Array()};
  json::Value count{json::Array()};
  for (const std::string& line : split(files.text("io.stat").value_or(""), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    const std::vector<std::string> device = split(words[0], ':');
    const auto major = parse_number<uint64_t>(device[0]);
    const auto minor = device.size() == 2 ? parse_number<uint64_t>(device[1]) : std::nullopt;
    for (size_t i = 1; major && minor && i < words.size(); ++i) {
      add_io_word(words[i], *major, *minor, bytes, count);
    }
  }
  json::Value blkio = empty_object();
  if (!bytes.as_array().empty()) {
    blkio.set("ioServiceBytesRecursive", std::move(bytes));
  }
  if (!count.as_array().empty()) {
    blkio.set("ioServicedRecursive", std::move(count));
  }
  add_pressure(files, "io.pressure", blkio);
  return blkio;
}

// "hugepages-2048kB" -> "2MB", as in the names of the cgroup's files.
std::optional<std::string> page_size_name(std::string_view directory) {
  constexpr std::string_view kPrefix = "hugepages-";
  if (!directory.starts_with(kPrefix) || !directory.ends_with("kB")) {
    return std::nullopt;
  }
  auto size = parse_number<uint64_t>(
      directory.substr(kPrefix.size(), directory.size() - kPrefix.size() - 2));
  if (!size) {
    return std::nullopt;
  }
  const char* unit = "KB";
  for (const char* larger : {"MB", "GB"}) {
    if (*size >= 1024) {
      *size /= 1024;
      unit = larger;
    }
  }
  return concat(*size, unit);
}

json::Value hugetlb_stats(const Files& files) {
  json::Value sizes = empty_object();
  auto root = open_at(AT_FDCWD, "/sys/kernel/mm/hugepages", O_RDONLY | O_DIRECTORY);
  const auto names = root ? child_cgroups(root->get())
                          : Result<std::vector<std::string>>(std::vector<std::string>());
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const std::optional<std::string> size = page_size_name(name);
    const std::string prefix = concat("hugetlb.", size.value_or(""));
    // Reservations where the kernel counts them (5.7): a page is spoken for before it is touched.
    std::optional<uint64_t> usage = size ? files.number(prefix + ".rsvd.current") : std::nullopt;
    if (size && !usage) {
      usage = files.number(prefix + ".current");
    }
    if (!usage) {
      continue;
    }
    json::Value entry = empty_object();
    set_nonzero(entry, "usage", *usage);
    entry.set("failcnt", value_of(files.table(prefix + ".events").value_or(Table()), "max"));
    sizes.set(*size, std::move(entry));
  }
  return sizes;
}

}  // namespace

Result<json::Value> read_stats(const std::string& directory) {
  TRY_ASSIGN(const UniqueFd fd, open_cgroup(directory));
  const Files files(fd.get());
  json::Value data = empty_object();
  data.set("cpu", cpu_stats(files));
  data.set("cpuset", cpuset_stats());
  data.set("memory", memory_stats(files));
  data.set("pids", pids_stats(files));
  data.set("blkio", blkio_stats(files));
  data.set("hugetlb", hugetlb_stats(files));
  data.set("intel_rdt", empty_object());
  data.set("network_interfaces", json::Value());
  return data;
}

}  // namespace redoubt::sandbox
