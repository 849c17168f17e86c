#include "bpf/load/recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "bpf/load/complaint.h"
#include "bpf/load/object.h"
#include "bpf/load/syscall_names.h"
#include "bpf/maps/kernel.h"
#include "bpf/record/abi.h"
#include "plan/capability_names.h"
#include "plan/socket_families.h"

namespace redoubt::bpf {
namespace {

void set_phase(ObservedRow& row, uint32_t phase) {
  (phase == REDOUBT_RECORD_STARTING ? row.at_start
   : phase == REDOUBT_RECORD_STEADY ? row.when_steady
                                    : row.refused) = true;
}

std::string access_letters(uint16_t access) {
  constexpr std::pair<uint16_t, char> kLetters[] = {{REDOUBT_RECORD_READ, 'r'},
                                                    {REDOUBT_RECORD_WRITE, 'w'},
                                                    {REDOUBT_RECORD_EXECUTE, 'x'},
                                                    {REDOUBT_RECORD_CHANGE, 'c'},
                                                    {REDOUBT_RECORD_DIRECTORY, 'd'}};
  std::string letters;
  for (const auto& [bit, letter] : kLetters) {
    if ((access & bit) != 0) {
      letters += letter;
    }
  }
  return letters;
}

void add_syscalls(const sandbox::SeccompLibrary& lib,
                  const redoubt_record_summary& all,
                  Observed& observed) {
  for (uint32_t number = 0; number < REDOUBT_RECORD_SYSCALLS; ++number) {
    const bool at_start = all.syscalls[REDOUBT_RECORD_STARTING][number] != 0;
    const bool when_steady = all.syscalls[REDOUBT_RECORD_STEADY][number] != 0;
    const bool refused = all.syscalls[REDOUBT_RECORD_REFUSED][number] != 0;
    if (!at_start && !when_steady && !refused) {
      continue;
    }
    std::string name = syscall_name(lib, number);
    if (name.empty()) {
      observed.lost.push_back(concat("system call ", number, " has no name that is known here"));
      continue;
    }
    observed.rows.push_back({"syscalls", std::move(name), "", at_start, when_steady, refused});
  }
}

void add_capabilities(const redoubt_record_summary& all, Observed& observed) {
  const uint64_t start = all.capabilities[REDOUBT_RECORD_STARTING];
  const uint64_t steady = all.capabilities[REDOUBT_RECORD_STEADY];
  const uint64_t refused = all.capabilities[REDOUBT_RECORD_REFUSED] & ~(start | steady);
  for (const std::string& name : plan::capability_names_of(start | steady | refused)) {
    const uint64_t bit = uint64_t{1} << plan::capability_number(name).value_or(0);
    observed.rows.push_back(
        {"capabilities", name, "", (start & bit) != 0, (steady & bit) != 0, (refused & bit) != 0});
  }
}

std::string family_name(uint32_t number) {
  for (const plan::NamedNumber& family : plan::socket_family_names()) {
    if (family.number == number) {
      return std::string(family.name);
    }
  }
  return "";
}

// "tcp 192.0.2.1 443": as an endpoint of the policy.
std::string endpoint_text(const redoubt_record_socket& key) {
  char address[INET6_ADDRSTRLEN] = "";
  const int family = key.family == AF_INET6 ? AF_INET6 : AF_INET;
  ::inet_ntop(family, key.address, address, sizeof address);
  return concat(key.protocol == IPPROTO_UDP ? "udp" : "tcp", " ", address, " ", key.port);
}

void add_socket(const redoubt_record_socket& key, Observed& observed) {
  ObservedRow row;
  set_phase(row, key.phase);
  if (key.act == REDOUBT_RECORD_SOCKET) {
    row.section = "sockets";
    row.key = family_name(key.family);
  } else if (key.protocol == IPPROTO_TCP || key.protocol == IPPROTO_UDP) {
    row.section = key.act == REDOUBT_RECORD_CONNECT ? "connect" : "bind";
    row.key = endpoint_text(key);
  }
  if (!row.key.empty()) {
    observed.rows.push_back(std::move(row));
  }
}

bool is_usable(const redoubt_record_file& file) {
  return file.cut == 0 && file.detached == 0 && file.start < REDOUBT_RECORD_PATH;
}

std::string path_of(const redoubt_record_file& file) {
  const char* path = file.text + file.start;
  return std::string(path, ::strnlen(path, REDOUBT_RECORD_PATH - file.start));
}

void add_file(const std::string& path, uint16_t access, uint32_t phase, Observed& observed) {
  ObservedRow row;
  set_phase(row, phase);
  row.key = path;
  if ((access & REDOUBT_RECORD_PROGRAM) != 0) {
    row.section = "programs";
    observed.rows.push_back(row);
  }
  row.section = "files";
  row.access = access_letters(access);
  observed.rows.push_back(std::move(row));
}

void add_loss(uint64_t count, std::string_view what, Observed& observed) {
  if (count != 0) {
    observed.lost.push_back(concat(count, " ", what));
  }
}

}  // namespace

Result<Recorder> Recorder::start(const RecordRequest& request, bool verbose) {
  const auto size = static_cast<size_t>(redoubt_record_object_end - redoubt_record_object);
  if (size == 0) {
    return Error::unsupported("this build has no BPF programs (REDOUBT_BPF=OFF)");
  }
  TRY_ASSIGN(const BpfLibrary lib, load_bpf_library());
  keep_complaints(lib, verbose);
  BpfObject object(lib.object_open_mem(redoubt_record_object, size, nullptr), {lib.object_close});
  if (!object || lib.object_load(object.get()) != 0) {
    return failed(errno, "load the recording programs");
  }
  Recorder recorder(lib, std::move(object));
  TRY_ASSIGN(recorder.maps_, RecorderMaps::open(lib, recorder.object_.get()));
  TRY(recorder.maps_.prepare(request));
  TRY(recorder.attach());
  return recorder;
}

Status Recorder::attach() {
  bool sees_capabilities = false;
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    const std::string name = lib_.program_name(program);
    const bool is_capability = name.starts_with("record_capability");
    if (is_capability && sees_capabilities) {
      continue;
    }
    BpfLink link(lib_.attach(program), {lib_.link_destroy});
    if (link) {
      sees_capabilities |= is_capability;
      links_.push_back(std::move(link));
    } else if (!is_capability) {
      return failed(errno, concat("attach ", name));
    }
  }
  if (!sees_capabilities) {
    not_seen_.emplace_back(
        "capabilities: this kernel has neither kprobes nor the tracepoint cap_capable (Linux 6.14)");
  }
  return {};
}

uint64_t Recorder::count_skipped() const {
  uint64_t count = 0;
  bpf_program* program = nullptr;
  while ((program = lib_.next_program(object_.get(), program)) != nullptr) {
    const Result<uint64_t> misses = count_misses(lib_.program_fd(program));
    count += misses ? *misses : 0;
  }
  return count;
}

Status Recorder::read_files(Observed& observed) const {
  redoubt_record_file_key key{};
  redoubt_record_file file{};
  uint64_t cut = 0;
  bool more = next_key(maps_.files(), nullptr, &key);
  while (more) {
    TRY(lookup(maps_.files(), &key, &file));
    cut += file.cut;
    if (is_usable(file)) {
      add_file(path_of(file), key.access, key.phase, observed);
    }
    const redoubt_record_file_key last = key;
    more = next_key(maps_.files(), &last, &key);
  }
  add_loss(cut, "paths are longer than 1023 bytes or deeper than 48 steps", observed);
  return {};
}

// The text that a system call was given, cleaned as a text: a link in it is not followed here. That is
// done where the path is used.
Status Recorder::read_names(Observed& observed) const {
  redoubt_record_name_key key{};
  redoubt_record_file directory{};
  uint64_t lost = 0;
  bool more = next_key(maps_.names(), nullptr, &key);
  while (more) {
    TRY(lookup(maps_.names(), &key, &directory));
    const std::string name(key.text, ::strnlen(key.text, REDOUBT_RECORD_NAME));
    if (name.starts_with('/') || is_usable(directory)) {
      add_file(absolute_path(name, is_usable(directory) ? path_of(directory) : "/"),
               key.access,
               key.phase,
               observed);
    } else {
      ++lost;
    }
    const redoubt_record_name_key last = key;
    more = next_key(maps_.names(), &last, &key);
  }
  add_loss(lost, "names start from a directory without a path in the container", observed);
  return {};
}

Result<Observed> Recorder::read() const {
  TRY_ASSIGN(const sandbox::SeccompLibrary seccomp, sandbox::load_seccomp_library());
  Observed observed;
  redoubt_record_summary all{};
  const uint32_t zero = 0;
  TRY(lookup(maps_.summary(), &zero, &all));
  add_syscalls(seccomp, all, observed);
  add_capabilities(all, observed);
  TRY(read_files(observed));
  TRY(read_names(observed));
  redoubt_record_socket key{};
  for (bool more = next_key(maps_.sockets(), nullptr, &key); more;) {
    add_socket(key, observed);
    const redoubt_record_socket last = key;
    more = next_key(maps_.sockets(), &last, &key);
  }
  add_loss(all.lost_files, "accesses to files were lost: the map was full", observed);
  add_loss(all.lost_names,
           "names were lost: the map was full, or they are longer than 191 bytes",
           observed);
  add_loss(all.lost_messages, "calls of sendmmsg(2) had more than 16 messages", observed);
  add_loss(all.lost_sockets, "uses of the network were lost: the map was full", observed);
  add_loss(all.lost_tasks, "processes were not followed: the map was full", observed);
  add_loss(all.lost_syscalls, "or more system calls have a number beyond the table", observed);
  add_loss(count_skipped(), "events were skipped by the kernel", observed);
  observed.not_seen = not_seen_;
  observed.privileged_execs = all.privileged_execs;
  observed.foreign_architecture = all.foreign != 0;
  observed.sessions = all.sessions;
  return observed;
}

}  // namespace redoubt::bpf
