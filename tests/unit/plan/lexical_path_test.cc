#include "plan/lexical_path.h"

#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

TEST(CleanAbsolute, DropsWhatDoesNotNameAnything) {
  const struct {
    const char* path;
    const char* clean;
  } cases[] = {
      {"", "/"},
      {"/", "/"},
      {"a", "/a"},
      {"/a//b/./c/", "/a/b/c"},
      {"/a/../b", "/b"},
      {"/../../etc", "/etc"},
      {"a/../../..", "/"},
      {"/a/..b/...", "/a/..b/..."},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(clean_absolute(c.path), c.clean) << c.path;
  }
}

TEST(AbsoluteFrom, TakesRelativePathsFromTheDirectory) {
  EXPECT_EQ(absolute_from("/bundle", "rootfs"), "/bundle/rootfs");
  EXPECT_EQ(absolute_from("/bundle", "../x"), "/x");
  EXPECT_EQ(absolute_from("/bundle", "/x/"), "/x");
  EXPECT_EQ(absolute_from("/bundle", ""), "/bundle");
}

}  // namespace
}  // namespace redoubt::plan
