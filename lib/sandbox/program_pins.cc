#include "sandbox/program_pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/str.h"
#include "sandbox/sha256.h"

namespace redoubt::sandbox {
namespace {

constexpr size_t kMaxPins = 64;

bool is_ours() {
  struct stat st {};
  return ::lstat(kProgramPins, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::geteuid() &&
         (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

std::string pin_of(const CgroupHook& hook, const std::vector<bpf_insn>& code) {
  std::string text = concat(hook.name, ' ', static_cast<uint32_t>(hook.type), ' ', static_cast<uint32_t>(hook.attach_type), '\n');
  text.append(reinterpret_cast<const char*>(code.data()), code.size() * sizeof code.front());
  return concat(kProgramPins, "/", to_hex(sha256(text)));
}

// Leaves room for one more.
void drop_oldest() {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(kProgramPins), ::closedir);
  std::vector<std::pair<int64_t, std::string>> pins;
  while (const dirent* entry = listing != nullptr ? ::readdir(listing.get()) : nullptr) {
    struct stat st {};
    if (entry->d_name[0] != '.' && ::fstatat(::dirfd(listing.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
      pins.emplace_back(int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec, entry->d_name);
    }
  }
  if (pins.size() >= kMaxPins) {
    ::unlinkat(::dirfd(listing.get()), std::min_element(pins.begin(), pins.end())->second.c_str(), 0);
  }
}

}  // namespace

UniqueFd find_pinned_program(const CgroupHook& hook, const std::vector<bpf_insn>& code) {
  if (!is_ours()) {
    return UniqueFd();
  }
  const std::string path = pin_of(hook, code);
  bpf_attr attr = {};
  attr.pathname = reinterpret_cast<uint64_t>(path.c_str());
  UniqueFd program(static_cast<int>(bpf_call(BPF_OBJ_GET, attr)));
  if (!program.valid()) {
    return UniqueFd();
  }
  const Result<bpf_prog_info> info = program_info(program.get(), hook);
  return info && info->type == hook.type && strncmp(info->name, hook.name, sizeof info->name) == 0
             ? std::move(program)
             : UniqueFd();
}

void pin_program(const CgroupHook& hook, const std::vector<bpf_insn>& code, int program_fd) {
  ::mkdir(kProgramPins, 0700);
  if (!is_ours()) {
    return;
  }
  drop_oldest();
  const std::string path = pin_of(hook, code);
  bpf_attr attr = {};
  attr.pathname = reinterpret_cast<uint64_t>(path.c_str());
  attr.bpf_fd = static_cast<uint32_t>(program_fd);
  bpf_call(BPF_OBJ_PIN, attr);  // EEXIST: another container was faster
}

}  // namespace redoubt::sandbox
