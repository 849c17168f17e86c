#include "sandbox/seccomp_guard.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>

#include <seccomp.h>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {

std::vector<sock_filter> architecture_guard(const std::vector<uint32_t>& tokens) {
  const auto has = [&](uint32_t token) {
    return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
  };
  const sock_filter allow = BPF_STMT(kReturn, SECCOMP_RET_ALLOW);
  const sock_filter kill = BPF_STMT(kReturn, SECCOMP_RET_KILL_THREAD);
  std::vector<sock_filter> code = {BPF_STMT(kLoadWord, kArchAt)};
  for (const uint32_t token : tokens) {
    if (token != SCMP_ARCH_X86_64 && token != SCMP_ARCH_X32) {
      code.push_back(BPF_JUMP(kEqual, token, 0, 1));
      code.push_back(allow);
    }
  }
  if (has(SCMP_ARCH_X86_64) && has(SCMP_ARCH_X32)) {
    code.push_back(BPF_JUMP(kEqual, AUDIT_ARCH_X86_64, 0, 1));
    code.push_back(allow);
  } else if (has(SCMP_ARCH_X86_64)) {
    code.insert(code.end(), {BPF_JUMP(kEqual, AUDIT_ARCH_X86_64, 0, 4),
                             BPF_STMT(kLoadWord, kNumberAt),
                             BPF_JUMP(kEqual, UINT32_MAX, 1, 0),
                             BPF_JUMP(kAtLeast, kX32Bit, 1, 0),
                             allow});
  } else if (has(SCMP_ARCH_X32)) {
    code.insert(code.end(), {BPF_JUMP(kEqual, AUDIT_ARCH_X86_64, 0, 3),
                             BPF_STMT(kLoadWord, kNumberAt),
                             BPF_JUMP(kAtLeast, kX32Bit, 0, 1),
                             allow});
  }
  code.push_back(kill);
  return code;
}

}  // namespace redoubt::sandbox
