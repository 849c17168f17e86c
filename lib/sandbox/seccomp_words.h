// Words of seccomp filters that more than one of their builders writes or reads (seccomp(2), linux/filter.h).
#ifndef REDOUBT_SANDBOX_SECCOMP_WORDS_H_
#define REDOUBT_SANDBOX_SECCOMP_WORDS_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include <cstdint>

namespace redoubt::sandbox {

// Set in the numbers of x32 calls, whose architecture is that of x86-64 (__X32_SYSCALL_BIT of asm/unistd.h).
inline constexpr uint32_t kX32Bit = 0x40000000;
// Loads a word of struct seccomp_data.
inline constexpr uint16_t kLoadWord = BPF_LD | BPF_W | BPF_ABS;
inline constexpr uint32_t kNumberAt = offsetof(seccomp_data, nr);
inline constexpr uint32_t kArchAt = offsetof(seccomp_data, arch);
inline constexpr uint16_t kJump = BPF_JMP | BPF_JA;
inline constexpr uint16_t kReturn = BPF_RET | BPF_K;
inline constexpr uint16_t kMask = BPF_ALU | BPF_AND | BPF_K;
inline constexpr uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
inline constexpr uint16_t kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
inline constexpr uint16_t kAnyBit = BPF_JMP | BPF_JSET | BPF_K;
// As far as a comparison can jump.
inline constexpr size_t kMaxSkip = 255;

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_WORDS_H_
