#include "oci/bundle.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"
#include "documents.h"

namespace redoubt::oci {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LoadBundle : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "bundleXXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = std::filesystem::canonical(pattern);
    config_ = dir_ + "/config.json";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void write(const std::string& text) {
    ASSERT_TRUE(replace_file_at(AT_FDCWD, config_, text, 0600));
  }

  std::string load() {
    Warnings warnings;
    const Result<LoadedBundle> bundle = load_bundle(dir_, warnings);
    return bundle ? "accepted" : bundle.error().message();
  }

  std::string dir_, config_;
};

TEST_F(LoadBundle, HandsOnTheTextThatItChecked) {
  const std::string text = bundle_text("docker");
  write(text);
  Warnings warnings;
  const Result<LoadedBundle> bundle = load_bundle(dir_ + "/.//", warnings);
  ASSERT_TRUE(bundle) << bundle.error().message();
  EXPECT_EQ(bundle->config_text, text);
  EXPECT_EQ(bundle->path, dir_);
  EXPECT_EQ(bundle->spec.hostname, "b7ad62dbd6d8");
}

TEST_F(LoadBundle, ResolvesLinksInThePath) {
  write(bundle_text("minimal"));
  const std::string link = dir_ + "-link";
  ASSERT_EQ(::symlink(dir_.c_str(), link.c_str()), 0);
  Warnings warnings;
  const Result<LoadedBundle> bundle = load_bundle(link, warnings);
  ::unlink(link.c_str());
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->path, dir_);
}

TEST_F(LoadBundle, SaysWhatIsMissing) {
  EXPECT_EQ(load(), "JSON specification file config.json not found");
  Warnings warnings;
  const Result<LoadedBundle> absent = load_bundle(dir_ + "/absent", warnings);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().message(),
            concat("bundle \"", dir_, "/absent\": no such file or directory"));
}

TEST_F(LoadBundle, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo(config_.c_str(), 0600), 0);
  EXPECT_EQ(load(), "config.json: not a regular file");  // and does not wait for a writer
  ::unlink(config_.c_str());
  ASSERT_EQ(::mkdir(config_.c_str(), 0700), 0);
  EXPECT_EQ(load(), "config.json: not a regular file");
  ::rmdir(config_.c_str());
  ASSERT_EQ(::symlink("/dev/zero", config_.c_str()), 0);
  EXPECT_EQ(load(), "config.json: not a regular file");
  ::unlink(config_.c_str());
  ASSERT_EQ(::symlink("nowhere", config_.c_str()), 0);
  EXPECT_EQ(load(), "JSON specification file config.json not found");
}

TEST_F(LoadBundle, RefusesAHugeFileWithoutReadingIt) {
  write("{}");
  ASSERT_EQ(::truncate(config_.c_str(), off_t{512} << 20), 0);
  EXPECT_THAT(load(), HasSubstr("config.json: larger than"));
}

TEST_F(LoadBundle, RefusesWhatIsNoObject) {
  write("null");
  EXPECT_EQ(load(), "config cannot be null");
  write("[]");
  EXPECT_EQ(load(), "config.json: top level must be an object, got array");
  write("\"x\"");
  EXPECT_EQ(load(), "config.json: top level must be an object, got string");
  write("");
  EXPECT_EQ(load(), "config.json: empty document");
  write("{}");
  EXPECT_EQ(load(), "process property must not be empty");
}

TEST(LoadSpecText, EveryPrefixOfADocumentIsAnError) {
  std::string text = bundle_text("containerd-sandbox");
  text.erase(text.find_last_not_of('\n') + 1);
  Warnings warnings;
  ASSERT_TRUE(load_spec_text(text, "config.json", warnings));
  for (size_t i = 0; i < text.size(); ++i) {
    const Result<Spec> spec =
        load_spec_text(std::string_view(text).substr(0, i), "config.json", warnings);
    ASSERT_FALSE(spec) << i;
    EXPECT_THAT(spec.error().message(), HasSubstr(i == 0 ? "empty document" : "unexpected end"))
        << i;
  }
}

TEST(LoadSpecText, AnnotationsMayDifferInCaseOnlyButFieldsMayNot) {
  json::Value document = parse_text(bundle_text("minimal"));
  put(document, "annotations", R"({"a":"1","A":"2"})");
  Warnings warnings;
  EXPECT_TRUE(load_spec_text(json::dump(document), "config.json", warnings));
  put(document, "Process", "{}");
  const Result<Spec> spec = load_spec_text(json::dump(document), "config.json", warnings);
  ASSERT_FALSE(spec);
  EXPECT_THAT(spec.error().message(), HasSubstr("duplicate key \"Process\""));
}

TEST(LoadProcessText, ReadsAndChecks) {
  Warnings warnings;
  EXPECT_TRUE(load_process_text(R"({"args":["a"],"cwd":"/"})", "process.json", warnings));
  const std::pair<const char*, const char*> cases[] = {
      {R"({"args":["a"],"cwd":"x"})", "process.cwd: Cwd must be an absolute path"},
      {R"({"cwd":"/"})", "process.args: args must not be empty"},
      {"null", "process property must not be empty"},
      {"[1]", "process.json: top level must be an object, got array"},
      {"{", "process.json:1:2: unexpected end"},
  };
  for (const auto& [text, wanted] : cases) {
    const Result<Process> process = load_process_text(text, "process.json", warnings);
    ASSERT_FALSE(process) << text;
    EXPECT_THAT(process.error().message(), StartsWith(wanted));
  }
}

TEST(LoadResourcesText, ReadsAndChecks) {
  EXPECT_TRUE(load_resources_text(R"({"pids":{"limit":5}})", "-"));
  EXPECT_TRUE(load_resources_text("null", "-"));
  EXPECT_THAT(load_resources_text(R"({"cpu":{"cpus":"3-1"}})", "-").error().message(),
              StartsWith("resources.cpu.cpus: "));
}

}  // namespace
}  // namespace redoubt::oci
