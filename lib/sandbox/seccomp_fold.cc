#include "sandbox/seccomp_fold.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "sandbox/seccomp_search.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;


// An instruction that knows where it goes on: `no` for all that do not branch.
struct Node {
  uint16_t code;
  uint32_t k;
  size_t yes, no;
};

bool is_branch(const Node& node) { return BPF_CLASS(node.code) == BPF_JMP; }

// One bit of the word at `word`, and what follows when it is set and when it is not.
struct BitTest {
  uint32_t word, bit;
  size_t set, clear;
};

class Graph {
 public:
  explicit Graph(const Program& program) {
    for (size_t at = 0; at < program.size(); ++at) {
      const sock_filter& op = program[at];
      nodes_.push_back({op.code, op.k, at + 1 + op.jt, at + 1 + (op.code == kJump ? op.k : op.jf)});
    }
  }

  void fold() {
    const size_t count = nodes_.size();
    for (size_t at = count; at-- > 0;) {  // from the end on: the tests behind one are gathered before it
      decide(at);
      gather_bits(at);
    }
    for (size_t at = 0; at < count; ++at) {  // from the head of a chain on
      gather_values(at);
    }
  }

  std::optional<Program> lay_out() const {
    std::vector<size_t> order;
    std::set<size_t> seen;
    visit(settle(0), seen, order);
    std::reverse(order.begin(), order.end());
    return write(order);
  }

 private:
  size_t settle(size_t at) const {
    while (nodes_[at].code == kJump) {
      at = nodes_[at].no;
    }
    return at;
  }

  const Node& node(size_t at) const { return nodes_[settle(at)]; }

  // Nothing of the argument is left: it is zero, whatever it was.
  void decide(size_t at) {
    Node& load = nodes_[at];
    if (load.code != kLoadWord || node(load.no).code != kMask || node(load.no).k != 0) {
      return;
    }
    const Node& test = node(node(load.no).no);
    if (test.code == kEqual && needs_no_value(test.yes) && needs_no_value(test.no)) {
      load = {kJump, 0, 0, test.k == 0 ? test.yes : test.no};
    }
  }

  bool needs_no_value(size_t at) const {
    return node(at).code == kLoadWord || node(at).code == kReturn;
  }

  // "load, mask with one bit, compare with it or with zero", or the test of bits that was made of it.
  std::optional<BitTest> bit_test(size_t at) const {
    const Node& load = node(at);
    if (load.code != kLoadWord) {
      return std::nullopt;
    }
    const Node& second = node(load.no);
    if (second.code == kAnyBit) {
      return BitTest{load.k, second.k, settle(second.yes), settle(second.no)};
    }
    const bool single = second.code == kMask && second.k != 0 && (second.k & (second.k - 1)) == 0;
    if (!single) {
      return std::nullopt;
    }
    const Node& test = node(second.no);
    if (test.code != kEqual || (test.k != second.k && test.k != 0)) {
      return std::nullopt;
    }
    const size_t set = test.k == 0 ? test.no : test.yes, clear = test.k == 0 ? test.yes : test.no;
    return BitTest{load.k, second.k, settle(set), settle(clear)};
  }

  void gather_bits(size_t at) {
    std::optional<BitTest> test = bit_test(at);
    if (!test || nodes_[at].code != kLoadWord || !needs_no_value(test->set) || !needs_no_value(test->clear)) {
      return;
    }
    const std::optional<BitTest> next = bit_test(test->clear);
    if (next && next->word == test->word && next->set == test->set) {
      test->bit |= next->bit;
      test->clear = next->clear;
    }
    nodes_[at].no = nodes_.size();
    nodes_.push_back({kAnyBit, test->bit, test->set, test->clear});
  }

  // A chain of equalities: the first that holds decides.
  void gather_values(size_t at) {
    std::map<uint32_t, size_t> targets;
    size_t last = at;
    for (; nodes_[last].code == kEqual && gathered_.insert(last).second; last = settle(nodes_[last].no)) {
      targets.emplace(nodes_[last].k, settle(nodes_[last].yes));
    }
    if (targets.empty()) {
      return;
    }
    const std::vector<SeccompBranch> branches = search_runs(runs_of(targets, last));
    if (branches.empty() || branches.size() >= targets.size()) {
      return;
    }
    const size_t base = nodes_.size();
    const auto place = [&](const SeccompBranch::Side& side) {
      return side.is_target ? side.index : base + side.index;
    };
    for (const SeccompBranch& branch : branches) {
      nodes_.push_back({branch.code, branch.constant, place(branch.yes), place(branch.no)});
    }
    nodes_[at] = {kJump, 0, 0, base};
  }

  static std::vector<SeccompRun> runs_of(const std::map<uint32_t, size_t>& targets, size_t otherwise) {
    std::vector<SeccompRun> runs;
    const auto add = [&](uint32_t first, size_t target) {
      if (!runs.empty() && runs.back().first == first) {
        runs.pop_back();
      }
      if (runs.empty() || runs.back().target != target) {
        runs.push_back({first, target});
      }
    };
    add(0, otherwise);
    for (const auto& [value, target] : targets) {
      add(value, target);
      if (value != UINT32_MAX) {
        add(value + 1, otherwise);
      }
    }
    return runs;
  }

  // Each behind all that it leads to; where there is a choice, `no` is what comes next.
  void visit(size_t at, std::set<size_t>& seen, std::vector<size_t>& order) const {
    if (!seen.insert(at).second) {
      return;
    }
    if (is_branch(nodes_[at])) {
      visit(settle(nodes_[at].yes), seen, order);
    }
    if (nodes_[at].code != kReturn) {
      visit(settle(nodes_[at].no), seen, order);
    }
    order.push_back(at);
  }

  // An instruction that does not branch and whose successor stands elsewhere is followed by a jump.
  std::optional<Program> write(const std::vector<size_t>& order) const {
    std::map<size_t, size_t> place;
    size_t size = 0;
    const auto needs_jump = [&](size_t i) {
      const Node& node = nodes_[order[i]];
      return !is_branch(node) && node.code != kReturn && (i + 1 == order.size() || order[i + 1] != settle(node.no));
    };
    for (size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = size;
      size += needs_jump(i) ? 2 : 1;
    }
    Program out;
    for (size_t i = 0; i < order.size(); ++i) {
      const Node& node = nodes_[order[i]];
      sock_filter op{node.code, 0, 0, node.k};
      if (is_branch(node)) {
        const size_t yes = place[settle(node.yes)] - out.size() - 1, no = place[settle(node.no)] - out.size() - 1;
        if (yes > kMaxSkip || no > kMaxSkip) {
          return std::nullopt;
        }
        op.jt = static_cast<uint8_t>(yes);
        op.jf = static_cast<uint8_t>(no);
      }
      out.push_back(op);
      if (needs_jump(i)) {
        out.push_back({kJump, 0, 0, static_cast<uint32_t>(place[settle(node.no)] - out.size() - 1)});
      }
    }
    return out;
  }

  std::vector<Node> nodes_;
  std::set<size_t> gathered_;  // equalities that are part of a chain
};

}  // namespace

std::vector<sock_filter> fold_arguments(const std::vector<sock_filter>& program) {
  if (program.size() < 2) {
    return program;
  }
  Graph graph(program);
  graph.fold();
  std::optional<Program> folded = graph.lay_out();
  return folded && folded->size() < program.size() ? *std::move(folded) : program;
}

}  // namespace redoubt::sandbox
