#include "escalate-vm/host/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/str.h"
#include "sandbox/sha256.h"

namespace redoubt::vm {
namespace {

using ::testing::HasSubstr;

std::string digest_of(std::string_view text) {
  return sandbox::to_hex(sandbox::sha256(text));
}

class VerifyImage : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "imageXXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    write("vmlinux", "kernel");
    write("initrd", "files");
    describe("kernel", "files");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(concat(directory_, "/", name)) << text;
  }
  void describe(std::string_view kernel, std::string_view initrd) {
    text_ = concat(R"({"sha256": {"initrd": ")", digest_of(initrd), R"(", "vmlinux": ")", digest_of(kernel), "\"}}");
    write("image.json", text_);
  }
  // Old enough to be kept: the time of change cannot be set, so it is waited for.
  static void settle() {
    const timespec span{3, 100000000};
    ::nanosleep(&span, nullptr);
  }
  std::string cache() const { return concat(directory_, "/known"); }
  std::string error(const std::string& cache = "") const {
    const Result<ImageIdentity> image = verify_image(directory_, digest_, cache);
    return image ? "" : image.error().message();
  }

  std::string directory_, digest_;
  std::string text_;
};

TEST_F(VerifyImage, TakesTheFilesThatImageJsonDescribes) {
  EXPECT_EQ(error(), "");
  digest_ = concat("sha256:", digest_of(text_));
  EXPECT_EQ(error(), "");
}

TEST_F(VerifyImage, RefusesAnotherFile) {
  write("initrd", "filez");
  EXPECT_THAT(error(), HasSubstr(concat("initrd has the digest ", digest_of("filez"), ", not ", digest_of("files"))));
  EXPECT_THAT(error(), HasSubstr("redoubt-build-image"));
}

TEST_F(VerifyImage, RefusesAnImageThatTheNodeDoesNotName) {
  digest_ = concat("sha256:", digest_of("another"));
  EXPECT_THAT(error(), HasSubstr(concat("vm.imageDigest: ", directory_, "/image.json is sha256:", digest_of(text_))));
}

TEST_F(VerifyImage, RefusesWhatHasNoDigests) {
  write("image.json", R"({"sha256": {"vmlinux": "12"}})");
  EXPECT_THAT(error(), HasSubstr("no digest sha256.vmlinux"));
  write("image.json", "{");
  EXPECT_NE(error(), "");
  std::filesystem::remove(concat(directory_, "/image.json"));
  EXPECT_THAT(error(), HasSubstr("image.json: no such file or directory; make the image again"));
}

TEST_F(VerifyImage, KeepsNothingOfAFileThatMayStillChange) {
  EXPECT_EQ(error(cache()), "");
  EXPECT_TRUE(std::filesystem::is_empty(cache()));
}

TEST_F(VerifyImage, KnowsWhatItHashedUntilTheFileChanges) {
  settle();
  EXPECT_EQ(error(cache()), "");
  const std::string known = concat(cache(), "/", digest_of("kernel"));
  ASSERT_TRUE(std::filesystem::exists(known));
  // The same size and time of modification: the time of change tells.
  struct stat st {};
  ASSERT_EQ(::stat(concat(directory_, "/vmlinux").c_str(), &st), 0);
  write("vmlinux", "kernez");
  const timespec times[] = {st.st_atim, st.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, concat(directory_, "/vmlinux").c_str(), times, 0), 0);
  EXPECT_THAT(error(cache()), HasSubstr("vmlinux has the digest"));
}

TEST_F(VerifyImage, BelievesOnlyADirectoryThatNobodyElseReads) {
  ASSERT_EQ(::mkdir(cache().c_str(), 0700), 0);
  ASSERT_EQ(::chmod(cache().c_str(), 0777), 0);
  settle();
  EXPECT_EQ(error(cache()), "");
  EXPECT_TRUE(std::filesystem::is_empty(cache()));
}

}  // namespace
}  // namespace redoubt::vm
