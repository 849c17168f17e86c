#include "base/trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "base/unique_fd.h"

namespace redoubt {
namespace {

using ::testing::HasSubstr;

class TrustedPath : public testing::Test {
 protected:
  void SetUp() override {
    char text[] = "/tmp/redoubt-trusted-XXXXXX";
    root_ = ::mkdtemp(text);
    for (const char* name : {"/etc", "/etc/profiles", "/other", "/drop"}) {
      ASSERT_EQ(::mkdir(path(name).c_str(), 0755), 0);
    }
    for (const char* name : {"/etc/config.json", "/other/config.json", "/drop/config.json"}) {
      ASSERT_GE(UniqueFd(::open(path(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)).get(), 0);
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + name; }
  void link(const std::string& target, const std::string& name) const { ASSERT_EQ(::symlink(target.c_str(), path(name).c_str()), 0); }
  void mode(const std::string& name, mode_t mode) const { ASSERT_EQ(::chmod(path(name).c_str(), mode), 0); }
  static std::string answer(const std::string& whole) {
    const Result<std::string> real = TrustedPaths().resolve(whole);
    return real ? *real : real.error().message();
  }
  std::string of(const std::string& name) const { return answer(path(name)); }

  std::string root_;
};

TEST_F(TrustedPath, IsOfRootAloneDownToTheFile) {
  EXPECT_EQ(of("/etc/config.json"), path("/etc/config.json"));
  EXPECT_EQ(of("/etc/./profiles/../config.json"), path("/etc/config.json"));
  EXPECT_EQ(of("//etc//profiles/"), path("/etc/profiles"));
  EXPECT_EQ(answer("/"), "/");
  EXPECT_EQ(answer("/../../etc"), "/etc");
}

TEST_F(TrustedPath, IsRefusedByTheComponentThatOthersMayWrite) {
  for (const char* name : {"/etc/config.json", "/etc"}) {
    for (const mode_t bits : {S_IWGRP, S_IWOTH}) {
      mode(name, 0755 | bits);
      EXPECT_THAT(of("/etc/config.json"), HasSubstr(concat("only root or the caller may write to; run: chmod go-w ", path(name)))) << bits;
      mode(name, 0755);
    }
  }
  EXPECT_EQ(of("/etc/config.json"), path("/etc/config.json"));
}

TEST_F(TrustedPath, IsRefusedByAForeignOwner) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  for (const char* name : {"/etc/config.json", "/etc"}) {
    ASSERT_EQ(::chown(path(name).c_str(), 1234, 0), 0);
    EXPECT_THAT(of("/etc/config.json"), HasSubstr(concat("and belongs to uid 1234; run: chown root:root ", path(name))));
    ASSERT_EQ(::chown(path(name).c_str(), 0, 0), 0);
  }
  // Of the initial namespace the overflow id is a user as others are.
  ASSERT_EQ(::chown(path("/etc").c_str(), 65534, 0), 0);
  EXPECT_THAT(of("/etc/config.json"), HasSubstr("belongs to uid 65534"));
}

TEST_F(TrustedPath, MayLeadThroughADirectoryWithTheStickyBitButNotEndInOne) {
  mode("/drop", 01777);
  EXPECT_EQ(of("/drop/config.json"), path("/drop/config.json"));
  EXPECT_THAT(of("/drop"), HasSubstr("must be a directory that only root"));
  TrustedPaths paths;
  EXPECT_TRUE(paths.resolve(path("/etc/config.json")).has_value());
  EXPECT_TRUE(paths.is_directory(path("/etc")));
  EXPECT_FALSE(paths.is_directory(path("/etc/config.json")));
  EXPECT_TRUE(paths.resolve(path("/drop/config.json")).has_value());
  EXPECT_FALSE(paths.resolve(path("/drop")).has_value());
}

TEST_F(TrustedPath, FollowsLinksAndLooksAtWhatIsBehindThem) {
  link("../other/config.json", "/etc/near");
  link(path("/other"), "/etc/far");
  EXPECT_EQ(of("/etc/near"), path("/other/config.json"));
  EXPECT_EQ(of("/etc/far/config.json"), path("/other/config.json"));
  EXPECT_EQ(of("/etc/far/../etc/config.json"), path("/etc/config.json"));
  mode("/other", 0777);
  EXPECT_THAT(of("/etc/near"), HasSubstr(concat("run: chmod go-w ", path("/other"))));
  EXPECT_THAT(of("/etc/far/config.json"), HasSubstr(concat("run: chmod go-w ", path("/other"))));
}

TEST_F(TrustedPath, IsRefusedByALinkThatSomebodyElseHasPutIntoAStickyDirectory) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  mode("/drop", 01777);
  link(path("/etc"), "/drop/link");
  ASSERT_EQ(::lchown(path("/drop/link").c_str(), 1234, 1234), 0);
  EXPECT_THAT(of("/drop/link/config.json"), HasSubstr("must be a link that only root"));
  EXPECT_THAT(of("/drop/link/config.json"), HasSubstr("chown -h root:root"));
}

TEST_F(TrustedPath, ThatIsNotThereOrACircleSaysSo) {
  EXPECT_EQ(TrustedPaths().resolve(path("/etc/none")).error().err(), ENOENT);
  EXPECT_EQ(TrustedPaths().resolve(path("/none/none")).error().err(), ENOENT);
  EXPECT_EQ(TrustedPaths().resolve(path("/etc/config.json/x")).error().err(), ENOTDIR);
  EXPECT_TRUE(is_absence(TrustedPaths().resolve(path("/etc/none")).error()));
  link("b", "/a");
  link("a", "/b");
  EXPECT_EQ(TrustedPaths().resolve(path("/a/x")).error().err(), ELOOP);
}

// A policy must not vanish with a file system that is not mounted.
TEST_F(TrustedPath, IsNotAbsentWhereALinkLeadsNowhere) {
  link("none/config.json", "/etc/near");
  link(path("/none"), "/etc/far");
  link("far/below", "/etc/chain");
  link("../etc", "/other/etc");
  for (const char* name : {"/etc/near", "/etc/far", "/etc/far/config.json", "/etc/chain", "/other/etc/near"}) {
    const Result<std::string> real = TrustedPaths().resolve(path(name));
    ASSERT_FALSE(real.has_value()) << name;
    EXPECT_FALSE(is_absence(real.error())) << name;
    EXPECT_THAT(real.error().message(), HasSubstr("which is not there; put it there, or remove the link")) << name;
  }
  // Behind a link that leads somewhere, absent is absent.
  for (const char* name : {"/other/etc/none", "/other/etc/profiles/none", "/other/etc/none/config.json"}) {
    EXPECT_TRUE(is_absence(TrustedPaths().resolve(path(name)).error())) << name;
  }
}

}  // namespace
}  // namespace redoubt
