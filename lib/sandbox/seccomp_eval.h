// Evaluates a seccomp filter for one system call, as the kernel would: a small interpreter of the
// classic BPF subset that seccomp(2) accepts. Used to check, before anything is started, that a
// profile lets init's last steps pass, and by the tests that compare compiled programs with the
// profile's meaning.
#ifndef REDOUBT_SANDBOX_SECCOMP_EVAL_H_
#define REDOUBT_SANDBOX_SECCOMP_EVAL_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace redoubt::sandbox {

// The SECCOMP_RET_* value with its data, or nothing when the program is not one that the kernel
// accepts (jump out of bounds, odd load, unknown instruction, end without return).
std::optional<uint32_t> evaluate_seccomp(const std::vector<sock_filter>& filter,
                                         const seccomp_data& call);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_EVAL_H_
