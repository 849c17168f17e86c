// What is left of a seccomp filter when the architecture and the number of the system call are known:
// one answer for nearly all, the comparisons of arguments for a few.
//
// Understands what libseccomp and our own builders write (loads, comparisons, masks, forward jumps).
// Pure; used by seccomp_compact.cc.
#ifndef REDOUBT_SANDBOX_SECCOMP_RESIDUE_H_
#define REDOUBT_SANDBOX_SECCOMP_RESIDUE_H_

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace redoubt::sandbox {

class SeccompResidue {
 public:
  using Program = std::vector<sock_filter>;
  using Points = std::set<uint32_t>;

  // Nothing when the program does anything else. `program` must outlive the result.
  static std::optional<SeccompResidue> of(const Program& program);

  // Between two neighbouring points what is left does not change.
  const Points& numbers() const { return numbers_; }
  const Points& archs() const { return archs_; }
  // What arguments are compared and masked with.
  const Points& operands() const { return operands_; }

  // The same for two calls that the filter treats alike. Nothing when a jump would be too far.
  std::optional<Program> operator()(uint32_t arch, uint32_t number) const;

 private:
  enum class Held : uint8_t { kUnreached, kNothing, kNumber, kArch, kArgument };

  explicit SeccompResidue(const Program& program);
  bool walk();
  bool step(size_t at);
  bool reach(size_t target, Held held);
  // Where the program goes on at `at` before it has to look at an argument or answers.
  size_t settle(size_t at, uint32_t arch, uint32_t number) const;
  std::set<size_t> kept(uint32_t arch, uint32_t number) const;

  const Program& program_;
  std::vector<Held> held_;  // by the accumulator, before each instruction
  Points numbers_, archs_, operands_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_SECCOMP_RESIDUE_H_
