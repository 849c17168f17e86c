#include "policy/authoring/trees.h"

#include <gtest/gtest.h>

#include "base/str.h"

namespace redoubt::policy {
namespace {

std::vector<std::string> paths_of(const Trees& trees) {
  std::vector<std::string> paths;
  for (const auto& [path, step] : trees.paths()) {
    paths.push_back(path);
  }
  return paths;
}

using Paths = std::vector<std::string>;

TEST(Trees, FindsTheDirectoryOfMadeUpNamesOnly) {
  EXPECT_EQ(temporary_directory("/tmp/sess_0123456789abcdef/data"), "/tmp");
  EXPECT_EQ(temporary_directory("/var/log/app-20261127.log"), "/var/log");
  EXPECT_EQ(temporary_directory("/var/lib/redis/temp-1.rdb"), "");
  EXPECT_EQ(temporary_directory("/usr/lib/libicudata.so.20261127"), "") << "a package's";
  EXPECT_EQ(temporary_directory("/12345678"), "") << "the whole tree is no answer";
  EXPECT_EQ(temporary_directory("/srv/deadbeeffaceface"), "") << "a word without a digit";
}

TEST(Trees, KnowsWhatPackagesAndProcessesOwn) {
  EXPECT_EQ(package_directory("/usr/lib/x86_64-linux-gnu/libc.so.6"), "/usr/lib");
  EXPECT_EQ(package_directory("/lib/ld.so"), "/lib");
  EXPECT_EQ(package_directory("/opt/app/bin/x"), "/opt/app");
  EXPECT_EQ(package_directory("/opt/x"), "");
  EXPECT_EQ(package_directory("/library/x"), "");
  EXPECT_EQ(process_directory("/proc/12/stat"), "/proc");
  EXPECT_EQ(process_directory("/proc/meminfo"), "");
  EXPECT_EQ(process_directory("/dev/pts/0"), "/dev/pts");
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
}

TEST(Trees, ListsWhatAStepHasReplaced) {
  std::vector<GeneraliseStep> steps;
  Trees trees("files.read", steps);
  trees.add("/usr/lib/a");
  trees.add("/usr/lib/b");
  trees.add("/etc/passwd");
  trees.replace("packages", package_directory);
  EXPECT_EQ(paths_of(trees), (Paths{"/etc/passwd", "/usr/lib"}));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].from, (Paths{"/usr/lib/a", "/usr/lib/b"}));
  EXPECT_EQ(steps[0].to, "/usr/lib");
  EXPECT_EQ(steps[0].field, "files.read");
}

TEST(Trees, GathersManySiblingsButNeverAllOfEtc) {
  std::vector<GeneraliseStep> steps;
  Trees trees("files.read", steps);
  for (int i = 0; i < 9; ++i) {
    trees.add(concat("/etc/", i));
    trees.add(concat("/srv/www/", i));
  }
  trees.gather_siblings("siblings", 8);
  const Paths paths = paths_of(trees);
  EXPECT_EQ(paths.size(), 10U);
  EXPECT_EQ(paths.back(), "/srv/www");
}

TEST(Trees, DropsWhatLiesInAnotherTree) {
  std::vector<GeneraliseStep> steps;
  Trees trees("files.read", steps);
  for (const char* path : {"/srv/www", "/srv/www/a/b", "/srv/www2", "/srv/www/a"}) {
    trees.add(path);
  }
  trees.drop_covered();
  EXPECT_EQ(paths_of(trees), (Paths{"/srv/www", "/srv/www2"}));
  trees.add("/");
  trees.drop_covered();
  EXPECT_EQ(paths_of(trees), Paths{"/"});
}

}  // namespace
}  // namespace redoubt::policy
