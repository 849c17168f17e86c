#include "sandbox/seccomp_split.h"

#include <errno.h>
#include <linux/seccomp.h>

#include <algorithm>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

// io_uring_setup, io_uring_enter and io_uring_register have these numbers on every architecture
// (asm-generic/unistd.h); x32 adds its bit.
constexpr uint32_t kFirstIoUring = 425;
constexpr uint32_t kLastIoUring = 427;
constexpr uint32_t kAnswerEnosys = SECCOMP_RET_ERRNO | ENOSYS;

bool is_answer(const sock_filter& op) {
  return op.code == kReturn;
}

// The filter with every answer allowed that `keeps` does not keep.
template <typename Keeps>
std::vector<sock_filter> keep_answers(std::vector<sock_filter> filter, Keeps keeps) {
  for (sock_filter& op : filter) {
    if (is_answer(op) && !keeps(op.k)) {
      op.k = SECCOMP_RET_ALLOW;
    }
  }
  return filter;
}

// `otherwise`, or `for_io_uring` for its three calls.
std::vector<sock_filter> choose_by_number(const std::vector<sock_filter>& otherwise,
                                          const std::vector<sock_filter>& for_io_uring) {
  const auto length = static_cast<uint32_t>(otherwise.size());
  constexpr uint16_t kAbove = BPF_JMP | BPF_JGT | BPF_K;
  std::vector<sock_filter> out = {
      BPF_STMT(kLoadWord, kNumberAt),
      BPF_JUMP(kAtLeast, kFirstIoUring | kX32Bit, 2, 0),
      BPF_JUMP(kAtLeast, kFirstIoUring, 0, 2),
      BPF_JUMP(kAbove, kLastIoUring, 1, 2),
      BPF_JUMP(kAbove, kLastIoUring | kX32Bit, 0, 1),
      BPF_STMT(kJump, 1),       // to `otherwise`, which may be longer than a condition can jump
      BPF_STMT(kJump, length),  // to `for_io_uring`
  };
  out.insert(out.end(), otherwise.begin(), otherwise.end());
  out.insert(out.end(), for_io_uring.begin(), for_io_uring.end());
  return out;
}

}  // namespace

std::vector<sock_filter> split_filter(const std::vector<sock_filter>& filter, SeccompPart part) {
  const auto is_enosys = [](uint32_t answer) { return answer == kAnswerEnosys; };
  switch (part) {
    case SeccompPart::kAll:
      break;
    case SeccompPart::kQuiet:
      return choose_by_number(keep_answers(filter, is_enosys),
                              {BPF_STMT(kReturn, SECCOMP_RET_ALLOW)});
    case SeccompPart::kLoud:
      return choose_by_number(
          keep_answers(filter, [&](uint32_t answer) { return !is_enosys(answer); }), filter);
  }
  return filter;
}

bool allows_everything(const std::vector<sock_filter>& filter) {
  return std::all_of(filter.begin(), filter.end(), [](const sock_filter& op) {
    return !is_answer(op) || op.k == SECCOMP_RET_ALLOW;
  });
}

}  // namespace redoubt::sandbox
