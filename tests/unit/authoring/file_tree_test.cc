#include "policy/authoring/file_tree.h"

#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::policy {
namespace {

using Access = FileMark::Access;

size_t nodes_of(const FileNode& node) {
  size_t count = 1;
  for (const FileNode& child : node.children) {
    count += nodes_of(child);
  }
  return count;
}

size_t told_of(const FileNode& node) {
  size_t count = (node.marks.empty() ? 0 : 1) + node.folded;
  for (const FileNode& child : node.children) {
    count += told_of(child);
  }
  return count;
}

TEST(FileTree, JoinsDirectoriesThatHaveNothingOfTheirOwn) {
  FileTree tree;
  tree.add("/usr/lib/x/a.so", {Access::kRead});
  tree.add("/usr/lib/x/b.so", {Access::kExecute});
  tree.add("/etc", {Access::kWrite});
  const FileNode root = tree.folded(100, 100);
  ASSERT_EQ(root.children.size(), 2U);
  EXPECT_EQ(root.children[0].name, "etc");
  EXPECT_EQ(root.children[1].name, "usr/lib/x");
  EXPECT_EQ(root.children[1].children.size(), 2U);
  EXPECT_EQ(root.paths, 3U);
}

TEST(FileTree, KeepsADirectoryWithAMarkApart) {
  FileTree tree;
  tree.add("/var/lib", {Access::kRead});
  tree.add("/var/lib/data/db", {Access::kWrite});
  const FileNode root = tree.folded(100, 100);
  ASSERT_EQ(root.children.size(), 1U);
  EXPECT_EQ(root.children[0].name, "var/lib");
  EXPECT_EQ(root.children[0].children.at(0).name, "data/db");
}

TEST(FileTree, OnePathHasAllItsMarks) {
  FileTree tree;
  tree.add("/", {Access::kRead});
  tree.add("/a", {Access::kRead});
  tree.add("/a", {Access::kWrite, FileMark::Change::kNone, true});
  const FileNode root = tree.folded(100, 100);
  EXPECT_EQ(root.marks.size(), 1U);
  EXPECT_EQ(root.children.at(0).marks.size(), 2U);
  EXPECT_EQ(root.paths, 2U);
  EXPECT_EQ(root.risky, 1U);
}

TEST(FileTree, ShowsWhatIsRiskyFirst) {
  FileTree tree;
  for (int i = 0; i < 50; ++i) {
    tree.add(concat("/a", i), {Access::kRead});
  }
  tree.add("/z/y", {Access::kWrite, FileMark::Change::kNone, true});
  EXPECT_EQ(tree.folded(100, 3).children.at(0).name, "z/y");
}

TEST(FileTree, IsBoundedAndTellsWhatItLeavesOut) {
  FileTree tree;
  constexpr size_t kPaths = 100000;
  for (size_t i = 0; i < kPaths; ++i) {
    tree.add(concat("/d", i % 100, "/e", i % 1000, "/f", i), {Access::kRead});
  }
  const FileNode root = tree.folded(500, 40);
  EXPECT_LE(nodes_of(root), 501U);
  EXPECT_EQ(told_of(root), kPaths);
  EXPECT_EQ(root.paths, kPaths);
}

TEST(FileTree, DeepPathsStayShallow) {
  FileTree tree;
  std::string path;
  for (int i = 0; i < 500; ++i) {
    path += "/d";
    tree.add(path, {Access::kRead});
  }
  const FileNode* node = nullptr;
  const FileNode root = tree.folded(10000, 10000);
  size_t depth = 0;
  for (node = &root; !node->children.empty(); node = &node->children.front()) {
    ++depth;
  }
  EXPECT_LE(depth, 24U);
  EXPECT_EQ(told_of(root), 500U);
}

}  // namespace
}  // namespace redoubt::policy
