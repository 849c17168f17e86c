#include "bpf/maps/kernel.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

namespace redoubt::bpf {
namespace {

uint64_t as_u64(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

Status element(bpf_cmd command, int map_fd, const void* key, const void* value, const char* what) {
  bpf_attr attr = {};
  attr.map_fd = static_cast<uint32_t>(map_fd);
  attr.key = as_u64(key);
  attr.value = as_u64(value);
  if (::syscall(SYS_bpf, command, &attr, sizeof attr) != 0) {
    return Error::system(errno, what);
  }
  return {};
}

}  // namespace

Result<UniqueFd> open_pinned(const std::string& path, bool read_only) {
  bpf_attr attr = {};
  attr.pathname = as_u64(path.c_str());
  attr.file_flags = read_only ? BPF_F_RDONLY : 0;
  const long fd = ::syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof attr);
  if (fd < 0) {
    return Error::system(errno, concat("open pinned ", path));
  }
  return UniqueFd(static_cast<int>(fd));
}

Status lookup(int map_fd, const void* key, void* value) {
  return element(BPF_MAP_LOOKUP_ELEM, map_fd, key, value, "look up BPF map element");
}

Status update(int map_fd, const void* key, const void* value) {
  return element(BPF_MAP_UPDATE_ELEM, map_fd, key, value, "update BPF map element");
}

bool next_key(int map_fd, const void* key, void* next) {
  return element(BPF_MAP_GET_NEXT_KEY, map_fd, key, next, "next key of BPF map").has_value();
}

Result<uint32_t> run_program(int program_fd) {
  bpf_attr attr = {};
  attr.test.prog_fd = static_cast<uint32_t>(program_fd);
  if (::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr) != 0) {
    return Error::system(errno, "run a BPF program");
  }
  return attr.test.retval;
}

Result<uint64_t> count_misses(int program_fd) {
  bpf_prog_info info = {};
  bpf_attr attr = {};
  attr.info.bpf_fd = static_cast<uint32_t>(program_fd);
  attr.info.info_len = sizeof info;
  attr.info.info = as_u64(&info);
  if (::syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) != 0) {
    return Error::system(errno, "ask for a BPF program");
  }
  return info.recursion_misses;
}

}  // namespace redoubt::bpf
