#include "sandbox/seccomp_search.h"

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

// A longer chain costs a call more comparisons than a tree would.
constexpr size_t kMaxChain = 3;

class Search {
 public:
  explicit Search(std::span<const SeccompRun> runs) : runs_(runs) {}

  std::vector<SeccompBranch> build() && {
    if (runs_.size() > 1) {
      add(0, runs_.size());
    }
    return std::move(branches_);
  }

 private:
  using Side = SeccompBranch::Side;

  bool is_single(size_t run) const {
    return run + 1 < runs_.size() && runs_[run + 1].first - runs_[run].first == 1;
  }

  // Whether of these runs every second one, from `from + odd` on, is a single value, and the others are
  // alike.
  bool is_chain(size_t from, size_t to, size_t odd) const {
    if ((to - from + 1 - odd) / 2 > kMaxChain) {
      return false;
    }
    for (size_t run = from; run < to; ++run) {
      const bool stands_out = (run - from) % 2 == odd;
      if (stands_out ? !is_single(run) : runs_[run].target != runs_[from + 1 - odd].target) {
        return false;
      }
    }
    return true;
  }

  Side add(size_t from, size_t to) {
    if (to - from == 1) {
      return {true, runs_[from].target};
    }
    for (const size_t odd : {size_t{1}, size_t{0}}) {
      if (to - from > 2 && is_chain(from, to, odd)) {
        return add_chain(from, to, odd);
      }
    }
    const size_t middle = (from + to) / 2, at = branches_.size();
    branches_.push_back({kAtLeast, runs_[middle].first, {}, {}});
    const Side below = add(from, middle);
    branches_[at].no = below;
    const Side above = add(middle, to);
    branches_[at].yes = above;
    return {false, at};
  }

  Side add_chain(size_t from, size_t to, size_t odd) {
    const size_t begin = branches_.size();
    for (size_t run = from + odd; run < to; run += 2) {
      const Side next{false, branches_.size() + 1};
      branches_.push_back({kEqual, runs_[run].first, {true, runs_[run].target}, next});
    }
    branches_.back().no = {true, runs_[from + 1 - odd].target};
    return {false, begin};
  }

  std::span<const SeccompRun> runs_;
  std::vector<SeccompBranch> branches_;
};

}  // namespace

std::vector<SeccompBranch> search_runs(std::span<const SeccompRun> runs) {
  return Search(runs).build();
}

}  // namespace redoubt::sandbox
