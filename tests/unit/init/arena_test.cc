#include "init/arena.h"

#include <gtest/gtest.h>

namespace redoubt::init {
namespace {

// The address that the child will see, back to the bytes here.
const char* at(const Arena& arena, const void* address) {
  return arena.bytes().data() + (reinterpret_cast<uintptr_t>(address) - kArenaAddress);
}

TEST(Arena, HandsOutTextAtTheChildsAddress) {
  Arena arena;
  arena.reserve(3, 1);
  const char* text = arena.text("hello");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(text), kArenaAddress + 3);
  EXPECT_STREQ(at(arena, text), "hello");
}

TEST(Arena, AlignsAndCountsSpans) {
  Arena arena;
  arena.text("x");
  const Span<uint64_t> span = arena.copy(std::vector<uint64_t>{7, 8});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(span.data) % alignof(uint64_t), 0U);
  EXPECT_EQ(span.size, 2U);
  uint64_t second = 0;
  memcpy(&second, at(arena, span.data) + sizeof second, sizeof second);
  EXPECT_EQ(second, 8U);
}

TEST(Arena, EndsTextArraysWithNullAndSpareSlots) {
  Arena arena;
  char** array = arena.text_array({"a", "bc"}, 1);
  const char* slots[4];
  memcpy(slots, at(arena, array), sizeof slots);
  EXPECT_STREQ(at(arena, slots[1]), "bc");
  EXPECT_EQ(slots[2], nullptr);
  EXPECT_EQ(slots[3], nullptr);
}

TEST(Arena, GivesNullForEmptyOptionalText) {
  Arena arena;
  EXPECT_EQ(arena.optional_text(""), nullptr);
  EXPECT_NE(arena.optional_text("x"), nullptr);
}

TEST(Arena, KeepsWhatWasStoredWhenItGrows) {
  Arena arena;
  const size_t offset = arena.reserve(sizeof(int), alignof(int));
  arena.store(offset, 42);
  for (int i = 0; i < 10000; ++i) {
    arena.text("filling the block until it has moved several times");
  }
  int value = 0;
  memcpy(&value, arena.bytes().data() + offset, sizeof value);
  EXPECT_EQ(value, 42);
}

}  // namespace
}  // namespace redoubt::init
