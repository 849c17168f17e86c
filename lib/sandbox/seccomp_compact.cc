#include "sandbox/seccomp_compact.h"

#include <linux/seccomp.h>
#include <string.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>

#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_fold.h"
#include "sandbox/seccomp_residue.h"
#include "sandbox/seccomp_search.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;
using Points = SeccompResidue::Points;

// An architecture that no kernel has: what happens to all that the filter does not name.
constexpr uint32_t kNoArch = 0;
using Runs = std::vector<SeccompRun>;  // the target is a kind
// So many runs have fewer than 128 comparisons and at most as many answers: all within the 255
// instructions that a comparison can skip.
constexpr size_t kChunk = 128;
constexpr int kArgumentTries = 48;

bool same(const Program& a, const Program& b) {
  return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * sizeof(sock_filter)) == 0;
}

// What is left of the filter for some calls, each kind once.
class Kinds {
 public:
  size_t index_of(Program residue) {
    const auto known = std::find_if(
        kinds_.begin(), kinds_.end(), [&](const Program& kind) { return same(kind, residue); });
    if (known != kinds_.end()) {
      return static_cast<size_t>(known - kinds_.begin());
    }
    kinds_.push_back(std::move(residue));
    return kinds_.size() - 1;
  }
  const std::vector<Program>& all() const { return kinds_; }
  bool is_answer(size_t kind) const { return kinds_[kind].size() == 1; }

 private:
  std::vector<Program> kinds_;
};

// A jump whose place is known and whose target is not yet: the code of a kind.
struct Call {
  size_t at;
  size_t kind;
};

struct Output {
  Program program;
  std::vector<Call> calls;
};

std::optional<Runs> runs_of(const SeccompResidue& residue,
                            uint32_t arch,
                            const Points& numbers,
                            Kinds& kinds) {
  Runs runs;
  for (const uint32_t number : numbers) {
    std::optional<Program> left = residue(arch, number);
    if (!left) {
      return std::nullopt;
    }
    const size_t kind = kinds.index_of(fold_arguments(*left));
    if (runs.empty() || runs.back().target != kind) {
      runs.push_back({number, kind});
    }
  }
  return runs;
}

// The smallest trees: comparisons, and behind them each answer once, near enough to be jumped to.
class Chunk {
 public:
  explicit Chunk(const Kinds& kinds) : kinds_(kinds) {}

  Output build(std::span<const SeccompRun> runs) && {
    const std::vector<SeccompBranch> branches = search_runs(runs);
    if (branches.empty()) {
      add_answer(runs.front().target, 0);
    }
    for (const SeccompBranch& branch : branches) {
      out_.program.push_back({branch.code, 0, 0, branch.constant});
    }
    for (size_t at = 0; at < branches.size(); ++at) {
      out_.program[at].jt = skip(branches[at].yes, at);
      out_.program[at].jf = skip(branches[at].no, at);
    }
    return std::move(out_);
  }

 private:
  uint8_t skip(const SeccompBranch::Side& side, size_t at) {
    const size_t target = side.is_target ? answer_place(side.index) : side.index;
    return static_cast<uint8_t>(target - at - 1);
  }

  size_t answer_place(size_t kind) {
    const auto known = answers_.find(kind);
    return known != answers_.end() ? known->second : add_answer(kind, out_.program.size());
  }

  size_t add_answer(size_t kind, size_t at) {
    if (kinds_.is_answer(kind)) {
      out_.program.push_back(kinds_.all()[kind].front());
    } else {
      out_.calls.push_back({at, kind});
      out_.program.push_back({kJump, 0, 0, 0});
    }
    return answers_[kind] = at;
  }

  const Kinds& kinds_;
  Output out_;
  std::map<size_t, size_t> answers_;  // kind -> place
};

// A search tree over the runs: the kernel tries the filter out for every number when it is loaded.
Output search(const Runs& runs, size_t from, size_t to, const Kinds& kinds) {
  if (to - from <= kChunk) {
    return Chunk(kinds).build(std::span(runs).subspan(from, to - from));
  }
  const size_t middle = (from + to) / 2;
  Output out;
  const Output low = search(runs, from, middle, kinds), high = search(runs, middle, to, kinds);
  out.program = {{kAtLeast, 0, 1, runs[middle].first},
                 {kJump, 0, 0, static_cast<uint32_t>(low.program.size())}};
  for (const Output* part : {&low, &high}) {
    for (const Call& call : part->calls) {
      out.calls.push_back({out.program.size() + call.at, call.kind});
    }
    out.program.insert(out.program.end(), part->program.begin(), part->program.end());
  }
  return out;
}

void add_arch(uint32_t arch, const Runs& runs, const Kinds& kinds, Output& out) {
  const Output tree = search(runs, 0, runs.size(), kinds);
  out.program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, arch});
  out.program.push_back({kJump, 0, 0, static_cast<uint32_t>(tree.program.size() + 1)});
  out.program.push_back({kLoadWord, 0, 0, kNumberAt});
  for (const Call& call : tree.calls) {
    out.calls.push_back({out.program.size() + call.at, call.kind});
  }
  out.program.insert(out.program.end(), tree.program.begin(), tree.program.end());
}

// The code of each kind that is called, once, behind all trees.
void add_kinds(const Kinds& kinds, Output& out) {
  for (size_t kind = 0; kind < kinds.all().size(); ++kind) {
    bool is_called = false;
    for (const Call& call : out.calls) {
      if (call.kind == kind) {
        is_called = true;
        out.program[call.at].k = static_cast<uint32_t>(out.program.size() - call.at - 1);
      }
    }
    if (is_called) {
      const Program& code = kinds.all()[kind];
      out.program.insert(out.program.end(), code.begin(), code.end());
    }
  }
}

std::optional<Program> rewrite(const SeccompResidue& residue, const Points& archs, const Points& numbers) {
  Kinds kinds;
  const auto others = runs_of(residue, kNoArch, numbers, kinds);
  if (!others || others->size() != 1 || !kinds.is_answer(others->front().target)) {
    return std::nullopt;
  }
  Output out = {{{kLoadWord, 0, 0, kArchAt}}, {}};
  for (auto arch = archs.rbegin(); arch != archs.rend(); ++arch) {  // 64 bits first
    const auto runs = runs_of(residue, *arch, numbers, kinds);
    if (!runs) {
      return std::nullopt;
    }
    if (runs->size() > 1 || runs->front().target != others->front().target) {
      add_arch(*arch, *runs, kinds, out);
    }
  }
  out.program.push_back(kinds.all()[others->front().target].front());
  add_kinds(kinds, out);
  return std::move(out.program);
}

// Calls with arguments that have to do with what the filter compares with.
class Tries {
 public:
  explicit Tries(const Points& operands) : operands_(operands.begin(), operands.end()) {
    operands_.insert(operands_.end(), {0, 1, UINT32_MAX});
  }

  seccomp_data next(uint32_t arch, uint32_t number) {
    seccomp_data call{static_cast<int>(number), arch, 0, {}};
    for (__u64& argument : call.args) {
      argument = uint64_t{draw()} << 32 | draw();
    }
    return call;
  }

 private:
  uint32_t draw() {
    const uint32_t value = operands_[random_() % operands_.size()];
    return random_() % 4 == 0 ? ~value : random_() % 4 == 0 ? value | static_cast<uint32_t>(random_()) : value;
  }

  std::vector<uint32_t> operands_;
  std::minstd_rand random_;  // the same each time: a filter is compacted or it is not
};

bool is_equivalent(const Program& a, const Program& b, const SeccompResidue& residue, const Points& archs, const Points& numbers) {
  Tries tries(residue.operands());
  for (const uint32_t arch : archs) {
    for (const uint32_t number : numbers) {
      const std::optional<Program> left = residue(arch, number);
      for (int i = left && left->size() == 1 ? 1 : kArgumentTries; i > 0; --i) {
        const seccomp_data call = tries.next(arch, number);
        const std::optional<uint32_t> answer = evaluate_seccomp(a, call);
        if (!answer || answer != evaluate_seccomp(b, call)) {
          return false;
        }
      }
    }
  }
  return true;
}

}  // namespace

std::vector<sock_filter> compact_filter(const std::vector<sock_filter>& filter) {
  const std::optional<SeccompResidue> residue = SeccompResidue::of(filter);
  if (!residue || residue->archs().empty() || residue->numbers().empty()) {
    return filter;
  }
  Points archs = residue->archs(), numbers = residue->numbers();
  archs.insert(kNoArch);
  numbers.insert({0, UINT32_MAX});
  const std::optional<Program> out = rewrite(*residue, archs, numbers);
  return out && out->size() < filter.size() && is_equivalent(filter, *out, *residue, archs, numbers) ? *out : filter;
}

}  // namespace redoubt::sandbox
