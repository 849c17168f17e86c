#include "sandbox/seccomp_residue.h"

#include <linux/seccomp.h>
#include <stddef.h>

#include <map>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = SeccompResidue::Program;
using Points = SeccompResidue::Points;

bool is_branch(uint16_t code) {
  return code == kEqual || code == (BPF_JMP | BPF_JGT | BPF_K) || code == kAtLeast || code == kAnyBit;
}

bool is_taken(const sock_filter& op, uint32_t value) {
  switch (BPF_OP(op.code)) {
    case BPF_JEQ:
      return value == op.k;
    case BPF_JGT:
      return value > op.k;
    case BPF_JGE:
      return value >= op.k;
    default:
      return (value & op.k) != 0;
  }
}

void add_points(uint32_t constant, Points& points) {
  points.insert(constant);
  if (constant != 0) {
    points.insert(constant - 1);
  }
  if (constant != UINT32_MAX) {
    points.insert(constant + 1);
  }
}

// The instructions at `kept`, one after the other, with a jump behind each that does not go on with
// the next. `next(at)` is where the one at `at` goes on.
template <typename Next>
std::optional<Program> lay_out(const Program& program, const std::set<size_t>& kept, Next next) {
  std::map<size_t, size_t> place;
  size_t size = 0;
  for (auto it = kept.begin(); it != kept.end(); ++it) {
    place[*it] = size++;
    const bool runs_on = program[*it].code != kReturn && !is_branch(program[*it].code);
    size += runs_on && (std::next(it) == kept.end() || next(*it + 1) != *std::next(it)) ? 1 : 0;
  }
  Program out;
  for (const size_t at : kept) {
    sock_filter op = program[at];
    const auto distance = [&](size_t target) { return place[next(target)] - out.size() - 1; };
    if (is_branch(op.code)) {
      const size_t yes = distance(at + 1 + op.jt), no = distance(at + 1 + op.jf);
      if (yes > kMaxSkip || no > kMaxSkip) {
        return std::nullopt;
      }
      op.jt = static_cast<uint8_t>(yes);
      op.jf = static_cast<uint8_t>(no);
    }
    out.push_back(op);
    if (op.code != kReturn && !is_branch(op.code) && place[next(at + 1)] != out.size()) {
      out.push_back({kJump, 0, 0, static_cast<uint32_t>(distance(at + 1))});
    }
  }
  return out;
}

}  // namespace

SeccompResidue::SeccompResidue(const Program& program)
    : program_(program), held_(program.size() + 1, Held::kUnreached) {
  held_[0] = Held::kNothing;
}

std::optional<SeccompResidue> SeccompResidue::of(const Program& program) {
  SeccompResidue residue(program);
  return residue.walk() ? std::optional<SeccompResidue>(std::move(residue)) : std::nullopt;
}

// All jumps go forward, so one walk is enough.
bool SeccompResidue::walk() {
  for (size_t at = 0; at < program_.size(); ++at) {
    if (held_[at] != Held::kUnreached && !step(at)) {
      return false;
    }
  }
  return !program_.empty();
}

bool SeccompResidue::step(size_t at) {
  const sock_filter& op = program_[at];
  const Held held = held_[at];
  if (op.code == kReturn) {
    return true;
  }
  if (op.code == kLoadWord) {
    return reach(at + 1, op.k == kNumberAt ? Held::kNumber : op.k == kArchAt ? Held::kArch : Held::kArgument);
  }
  if (op.code == kJump) {
    return reach(at + 1 + op.k, held);
  }
  if (op.code == kMask && held == Held::kArgument) {
    operands_.insert(op.k);
    return reach(at + 1, held);
  }
  const bool tests_bits = op.code == kAnyBit;
  if (!is_branch(op.code) || held == Held::kNothing ||
      (tests_bits && held != Held::kArgument && op.k != kX32Bit)) {
    return false;
  }
  Points& points = held == Held::kNumber ? numbers_ : held == Held::kArch ? archs_ : operands_;
  add_points(op.k, points);
  if (tests_bits && held != Held::kArgument) {  // that bit changes twice more
    add_points(2 * kX32Bit, points);
    add_points(3 * kX32Bit, points);
  }
  return reach(at + 1 + op.jt, held) && reach(at + 1 + op.jf, held);
}

bool SeccompResidue::reach(size_t target, Held held) {
  if (target >= program_.size()) {
    return false;
  }
  // Paths that meet with different values: fine as long as a load comes next.
  Held& known = held_[target];
  known = known == Held::kUnreached || known == held ? held : Held::kNothing;
  return true;
}

size_t SeccompResidue::settle(size_t at, uint32_t arch, uint32_t number) const {
  for (;;) {
    const sock_filter& op = program_[at];
    if (op.code == kJump) {
      at += 1 + op.k;
    } else if (op.code == kLoadWord && (op.k == kNumberAt || op.k == kArchAt)) {
      ++at;
    } else if (is_branch(op.code) && held_[at] != Held::kArgument) {
      const uint32_t value = held_[at] == Held::kNumber ? number : arch;
      at += 1 + (is_taken(op, value) ? op.jt : op.jf);
    } else {
      return at;
    }
  }
}

std::set<size_t> SeccompResidue::kept(uint32_t arch, uint32_t number) const {
  std::set<size_t> kept = {settle(0, arch, number)};
  for (auto it = kept.begin(); it != kept.end(); ++it) {  // what is added comes behind
    const sock_filter& op = program_[*it];
    if (is_branch(op.code)) {
      kept.insert(settle(*it + 1 + op.jt, arch, number));
      kept.insert(settle(*it + 1 + op.jf, arch, number));
    } else if (op.code != kReturn) {
      kept.insert(settle(*it + 1, arch, number));
    }
  }
  return kept;
}

std::optional<Program> SeccompResidue::operator()(uint32_t arch, uint32_t number) const {
  return lay_out(program_, kept(arch, number), [&](size_t at) { return settle(at, arch, number); });
}

}  // namespace redoubt::sandbox
