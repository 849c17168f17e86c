#include "base/utf8.h"

#include <gtest/gtest.h>

namespace redoubt {
namespace {

TEST(Utf8SequenceLength, TakesTheBoundsOfEachLength) {
  for (const std::string_view good : {"\x7f",
                                      "\xc2\x80",
                                      "\xdf\xbf",
                                      "\xe0\xa0\x80",
                                      "\xed\x9f\xbf",
                                      "\xee\x80\x80",
                                      "\xf0\x90\x80\x80",
                                      "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8_sequence_length(good), good.size());
  }
}

TEST(Utf8SequenceLength, RefusesOverlongSurrogatesAndBeyond) {
  for (const std::string_view bad : {"",
                                     "\x80",
                                     "\xc0\xaf",
                                     "\xc1\xbf",
                                     "\xe0\x9f\xbf",
                                     "\xed\xa0\x80",
                                     "\xf0\x8f\xbf\xbf",
                                     "\xf4\x90\x80\x80",
                                     "\xf5\x80\x80\x80",
                                     "\xff",
                                     "\xe2\x82",
                                     "\xc3(",
                                     "\xe2\x82("}) {
    EXPECT_EQ(utf8_sequence_length(bad), 0U);
  }
}

TEST(FindInvalidUtf8, GivesTheOffset) {
  EXPECT_EQ(find_invalid_utf8("a\xc3\xa4z"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("ab\xff"), 2U);
  EXPECT_EQ(find_invalid_utf8("ab\xc3\xa4\xe2\x82"), 4U);
}

}  // namespace
}  // namespace redoubt
