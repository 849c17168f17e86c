#include "sandbox/seccomp_compact.h"

#include <linux/seccomp.h>
#include <stddef.h>

#include <cstdint>
#include <optional>
#include <set>

#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;
using Points = std::set<uint32_t>;

constexpr uint16_t kReturn = BPF_RET | BPF_K;
constexpr uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr uint32_t kArchAt = offsetof(seccomp_data, arch);
// An architecture that no kernel has: what happens to all that the filter does not name.
constexpr uint32_t kNoArch = 0;

enum class Held : uint8_t { kUnreached, kNothing, kNumber, kArch };

// What the program compares with. Between two neighbouring points its answer cannot change.
struct Comparisons {
  Points numbers, archs;
};

bool is_comparison(uint16_t code) {
  return code == (BPF_JMP | BPF_JEQ | BPF_K) || code == (BPF_JMP | BPF_JGT | BPF_K) ||
         code == (BPF_JMP | BPF_JGE | BPF_K);
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

// Follows what the accumulator holds; all jumps go forward, so one walk is enough.
class Walk {
 public:
  explicit Walk(const Program& program)
      : program_(program), held_(program.size() + 1, Held::kUnreached) {
    held_[0] = Held::kNothing;
  }

  // Nothing when the program does anything but compare number and architecture.
  std::optional<Comparisons> run() {
    for (size_t i = 0; i < program_.size(); ++i) {
      if (held_[i] != Held::kUnreached && !step(i)) {
        return std::nullopt;
      }
    }
    return std::move(found_);
  }

 private:
  bool step(size_t i) {
    const sock_filter& op = program_[i];
    if (op.code == kReturn) {
      return true;
    }
    if (op.code == kLoadWord && (op.k == kNumberAt || op.k == kArchAt)) {
      return reach(i + 1, op.k == kNumberAt ? Held::kNumber : Held::kArch);
    }
    if (op.code == (BPF_JMP | BPF_JA)) {
      return reach(i + 1 + op.k, held_[i]);
    }
    const bool tests_bit = op.code == (BPF_JMP | BPF_JSET | BPF_K) && op.k == kX32Bit;
    if ((!is_comparison(op.code) && !tests_bit) || held_[i] == Held::kNothing) {
      return false;
    }
    Points& points = held_[i] == Held::kNumber ? found_.numbers : found_.archs;
    add_points(op.k, points);
    if (tests_bit) {  // that bit changes twice more
      add_points(2 * kX32Bit, points);
      add_points(3 * kX32Bit, points);
    }
    return reach(i + 1 + op.jt, held_[i]) && reach(i + 1 + op.jf, held_[i]);
  }

  bool reach(size_t target, Held held) {
    if (target >= program_.size()) {
      return false;
    }
    // Paths that meet with different values: fine as long as a load comes next.
    Held& known = held_[target];
    known = known == Held::kUnreached || known == held ? held : Held::kNothing;
    return true;
  }

  const Program& program_;
  std::vector<Held> held_;
  Comparisons found_;
};

uint32_t answer(const Program& program, uint32_t arch, uint32_t number) {
  const seccomp_data call{static_cast<int>(number), arch, 0, {}};
  return evaluate_seccomp(program, call).value_or(SECCOMP_RET_KILL_PROCESS);
}

// From here on up to the next run.
struct Run {
  uint32_t first;
  uint32_t result;
};

std::vector<Run> runs_of(const Program& program, uint32_t arch, const Points& numbers) {
  std::vector<Run> runs = {{0, answer(program, arch, 0)}};
  for (const uint32_t number : numbers) {
    const uint32_t result = answer(program, arch, number);
    if (result != runs.back().result) {
      runs.push_back({number, result});
    }
  }
  return runs;
}

void add_arch(uint32_t arch, const std::vector<Run>& runs, Program& out) {
  const auto length = static_cast<uint32_t>(2 * runs.size());
  out.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, arch});
  out.push_back({BPF_JMP | BPF_JA, 0, 0, length});
  out.push_back({kLoadWord, 0, 0, kNumberAt});
  for (size_t i = 0; i + 1 < runs.size(); ++i) {
    out.push_back({BPF_JMP | BPF_JGE | BPF_K, 1, 0, runs[i + 1].first});
    out.push_back({kReturn, 0, 0, runs[i].result});
  }
  out.push_back({kReturn, 0, 0, runs.back().result});
}

bool is_equivalent(const Program& a, const Program& b, const Comparisons& at) {
  for (const uint32_t arch : at.archs) {
    for (const uint32_t number : at.numbers) {
      if (answer(a, arch, number) != answer(b, arch, number)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

std::vector<sock_filter> compact_filter(const std::vector<sock_filter>& filter) {
  std::optional<Comparisons> at = Walk(filter).run();
  if (!at || at->archs.empty() || at->numbers.empty()) {
    return filter;
  }
  at->archs.insert(kNoArch);
  at->numbers.insert({0, UINT32_MAX});
  const std::vector<Run> others = runs_of(filter, kNoArch, at->numbers);
  if (others.size() != 1) {
    return filter;
  }
  Program out = {{kLoadWord, 0, 0, kArchAt}};
  for (const uint32_t arch : at->archs) {
    const std::vector<Run> runs = runs_of(filter, arch, at->numbers);
    if (runs.size() > 1 || runs.front().result != others.front().result) {
      add_arch(arch, runs, out);
    }
  }
  out.push_back({kReturn, 0, 0, others.front().result});
  return out.size() < filter.size() && is_equivalent(filter, out, *at) ? out : filter;
}

}  // namespace redoubt::sandbox
