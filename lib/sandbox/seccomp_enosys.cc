#include "sandbox/seccomp_enosys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

constexpr uint32_t kReturnEnosys = SECCOMP_RET_ERRNO | ENOSYS;

sock_filter load(size_t offset) {
  return BPF_STMT(kLoadWord, static_cast<uint32_t>(offset));
}
sock_filter jump(unsigned condition, uint32_t value, uint8_t yes, uint8_t no) {
  return BPF_JUMP(BPF_JMP | condition | BPF_K, value, yes, no);
}
sock_filter skip(uint32_t distance) {
  return BPF_STMT(BPF_JMP | BPF_JA, distance);
}
sock_filter return_enosys() {
  return BPF_STMT(BPF_RET | BPF_K, kReturnEnosys);
}
// Its distance is known only at the end; see patch_leaves.
sock_filter leave() {
  return skip(0);
}

// The part of one architecture, entered with the number not yet loaded; every way out is an ENOSYS
// or the leave at the end.
std::vector<sock_filter> section(const KnownSyscalls& known) {
  std::vector<sock_filter> code = {load(offsetof(seccomp_data, nr))};
  if (known.audit_arch == AUDIT_ARCH_S390X || known.audit_arch == AUDIT_ARCH_S390) {
    // Number 0 is the multiplexer that s390 leaves in place for numbers the kernel does not know.
    code.push_back(jump(BPF_JEQ, 0, 0, 1));
    code.push_back(return_enosys());
  }
  if (known.audit_arch == AUDIT_ARCH_X86_64) {
    code.push_back(jump(BPF_JSET, kX32Bit, 1, 0));
    code.push_back(known.last ? jump(BPF_JGT, *known.last, 1, 2) : skip(2));
    code.push_back(known.last_x32 ? jump(BPF_JGT, *known.last_x32, 0, 1) : skip(1));
  } else {
    code.push_back(jump(BPF_JGT, known.last.value_or(UINT32_MAX), 0, 1));
  }
  code.push_back(return_enosys());
  code.push_back(leave());
  return code;
}

// Every JA with distance 0 leaves the stub: point it behind the last instruction.
void patch_leaves(std::vector<sock_filter>& code) {
  for (size_t at = 0; at < code.size(); ++at) {
    if (code[at].code == (BPF_JMP | BPF_JA) && code[at].k == 0) {
      code[at].k = static_cast<uint32_t>(code.size() - at - 1);
    }
  }
}

}  // namespace

std::vector<sock_filter> enosys_stub(const std::vector<KnownSyscalls>& known) {
  std::vector<sock_filter> code;
  for (const KnownSyscalls& arch : known) {
    if (!arch.last && !arch.last_x32) {
      continue;
    }
    if (code.empty()) {
      code.push_back(load(offsetof(seccomp_data, arch)));
    }
    const std::vector<sock_filter> part = section(arch);
    code.push_back(jump(BPF_JEQ, arch.audit_arch, 0, static_cast<uint8_t>(part.size())));
    code.insert(code.end(), part.begin(), part.end());
  }
  patch_leaves(code);
  return code;
}

}  // namespace redoubt::sandbox
