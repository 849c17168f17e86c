#include "sandbox/seccomp_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Runs = std::vector<SeccompRun>;

size_t found(const Runs& runs, const std::vector<SeccompBranch>& branches, uint32_t value) {
  if (branches.empty()) {
    return runs.front().target;
  }
  for (size_t at = 0;;) {
    const SeccompBranch& branch = branches.at(at);
    const bool yes = branch.code == kEqual ? value == branch.constant : value >= branch.constant;
    const SeccompBranch::Side& side = yes ? branch.yes : branch.no;
    if (side.is_target) {
      return side.index;
    }
    EXPECT_GT(side.index, at) << "a filter jumps forward only";
    at = side.index;
  }
}

size_t expected(const Runs& runs, uint32_t value) {
  return std::prev(std::upper_bound(runs.begin(), runs.end(), value, [](uint32_t v, const SeccompRun& run) { return v < run.first; }))->target;
}

void expect_finds_all(const Runs& runs) {
  const std::vector<SeccompBranch> branches = search_runs(runs);
  EXPECT_LE(branches.size(), runs.size());
  for (const SeccompRun& run : runs) {
    for (const uint32_t value : {run.first, run.first - 1, run.first + 1}) {
      ASSERT_EQ(found(runs, branches, value), expected(runs, value)) << value << " of " << runs.size() << " runs";
    }
  }
}

TEST(SearchRuns, NeedsNothingForOne) { EXPECT_TRUE(search_runs(Runs{{0, 5}}).empty()); }

TEST(SearchRuns, ComparesASingleValueOnce) {
  const std::vector<SeccompBranch> branches = search_runs(Runs{{0, 1}, {7, 2}, {8, 1}});
  ASSERT_EQ(branches.size(), 1U);
  EXPECT_EQ(branches[0].code, kEqual);
  EXPECT_EQ(branches[0].constant, 7U);
}

TEST(SearchRuns, FindsEveryRun) {
  std::minstd_rand random(7);
  for (int round = 0; round < 500; ++round) {
    Runs runs = {{0, random() % 3}};
    for (size_t count = random() % 60; count > 0; --count) {
      const size_t former = runs.back().target;
      const auto step = static_cast<uint32_t>(random() % 2 == 0 ? 1 : 2 + random() % 9);
      runs.push_back({runs.back().first + step, (former + 1 + random() % 2) % 3});
    }
    expect_finds_all(runs);
  }
}

TEST(SearchRuns, FindsTheLargestValue) { expect_finds_all({{0, 0}, {5, 1}, {6, 0}, {UINT32_MAX - 1, 2}, {UINT32_MAX, 1}}); }

}  // namespace
}  // namespace redoubt::sandbox
