#include "sandbox/seccomp_fold.h"

#include <gtest/gtest.h>

#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

using Program = std::vector<sock_filter>;

constexpr uint32_t kFirst = 16, kSecond = 24;
constexpr sock_filter kAllow = {kReturn, 0, 0, SECCOMP_RET_ALLOW};
constexpr sock_filter kRefuse = {kReturn, 0, 0, SECCOMP_RET_ERRNO | 1};

uint32_t answer_for(const Program& program, uint64_t first, uint64_t second = 0) {
  return evaluate_seccomp(program, {0, 0, 0, {first, second}}).value_or(0xdeadbeef);
}

// Allows what comes after `values`; each of them is refused.
Program value_list(const std::vector<uint32_t>& values) {
  Program program = {{kLoadWord, 0, 0, kFirst}};
  for (size_t i = 0; i < values.size(); ++i) {
    program.push_back({kEqual, static_cast<uint8_t>(values.size() - i), 0, values[i]});
  }
  program.insert(program.end(), {kAllow, kRefuse});
  return program;
}

TEST(FoldArguments, SearchesAListOfValues) {
  std::vector<uint32_t> values;
  for (uint32_t value = 45; value > 2; --value) {
    if (value != 17 && value != 10) {
      values.push_back(value);
    }
  }
  const Program list = value_list(values), folded = fold_arguments(list);
  EXPECT_LE(folded.size(), 10U);
  for (uint64_t value = 0; value < 100; ++value) {
    ASSERT_EQ(answer_for(folded, value), answer_for(list, value)) << value;
  }
}

TEST(FoldArguments, ReachesTheEndsOfAWord) {
  const Program list = value_list({UINT32_MAX, 0, 1, UINT32_MAX - 1}), folded = fold_arguments(list);
  EXPECT_LT(folded.size(), list.size());
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{UINT32_MAX}, uint64_t{UINT32_MAX} - 2}) {
    EXPECT_EQ(answer_for(folded, value), answer_for(list, value)) << value;
  }
}

TEST(FoldArguments, LeavesValuesThatStandApart) {
  const Program list = value_list({5, 90, 1000});
  EXPECT_EQ(fold_arguments(list).size(), list.size());
}

TEST(FoldArguments, KeepsTheFirstWordOfTwoAboutOneValue) {
  Program list = {{kLoadWord, 0, 0, kFirst}, {kEqual, 4, 0, 7}, {kEqual, 3, 0, 8}, {kEqual, 2, 0, 9}, {kEqual, 0, 0, 7}, kAllow, kRefuse};
  list[4].jt = 1;
  const Program folded = fold_arguments(list);
  for (uint64_t value = 0; value < 20; ++value) {
    EXPECT_EQ(answer_for(folded, value), answer_for(list, value)) << value;
  }
}

// Refuses when one of `bits` is set, as a filter made of a rule a bit does.
Program bit_list(const std::vector<uint32_t>& bits, bool against_zero) {
  Program program;
  for (size_t i = 0; i < bits.size(); ++i) {
    const auto behind = static_cast<uint8_t>(3 * (bits.size() - i - 1) + 1);
    program.insert(program.end(), {{kLoadWord, 0, 0, kFirst}, {kMask, 0, 0, bits[i]}});
    program.push_back(against_zero ? sock_filter{kEqual, 0, behind, 0} : sock_filter{kEqual, behind, 0, bits[i]});
  }
  program.insert(program.end(), {kAllow, kRefuse});
  return program;
}

TEST(FoldArguments, TestsBitsAtOnce) {
  for (const bool against_zero : {false, true}) {
    const Program list = bit_list({0x40000000, 0x20000, 0x80}, against_zero), folded = fold_arguments(list);
    EXPECT_EQ(folded.size(), 4U);
    for (const uint64_t value : {0U, 0x80U, 0x20000U, 0x40000000U, 0x40020080U, ~0x40020080U, ~0U, 1U, 0x40U}) {
      EXPECT_EQ(answer_for(folded, value), answer_for(list, value)) << value;
    }
  }
}

TEST(FoldArguments, KeepsMasksOfMoreThanOneBit) {
  Program list = bit_list({0xf, 0x80}, false);
  list[2].k = 0x5;  // these four bits are 0101
  const Program folded = fold_arguments(list);
  for (uint64_t value = 0; value < 512; ++value) {
    ASSERT_EQ(answer_for(folded, value), answer_for(list, value)) << value;
  }
}

TEST(FoldArguments, KeepsBitsOfTwoWordsApart) {
  Program list = bit_list({0x10, 0x10}, false);
  list[3].k = kSecond;
  const Program folded = fold_arguments(list);
  for (const uint64_t first : {0x10U, 0U}) {
    for (const uint64_t second : {0x10U, 0U}) {
      EXPECT_EQ(answer_for(folded, first, second), answer_for(list, first, second));
    }
  }
}

TEST(FoldArguments, DecidesWhatComparesWithNothing) {
  const Program list = {{kLoadWord, 0, 0, kSecond}, {kMask, 0, 0, 0}, {kEqual, 0, 2, 0}, {kLoadWord, 0, 0, kFirst}, {kEqual, 1, 0, 3}, kAllow, kRefuse};
  const Program folded = fold_arguments(list);
  EXPECT_EQ(folded.size(), 4U);
  EXPECT_EQ(answer_for(folded, 3, 99), answer_for(list, 3, 99));
  EXPECT_EQ(answer_for(folded, 4, 99), answer_for(list, 4, 99));
}

TEST(FoldArguments, LeavesAnAnswerAlone) { EXPECT_EQ(fold_arguments({kRefuse}).size(), 1U); }

}  // namespace
}  // namespace redoubt::sandbox
