// The cache of compiled programs: what is found again, and what must never be.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "base/io.h"
#include "sandbox/bpf_cache.h"
#include "sandbox/seccomp.h"
#include "sandbox/seccomp_library.h"
#include "tests/unit/sandbox/seccomp_profile.h"

namespace redoubt::sandbox {
namespace {

namespace fs = std::filesystem;

class SeccompCache : public testing::Test {
 protected:
  void SetUp() override {
    char text[] = "/tmp/redoubt-cache-XXXXXX";
    ASSERT_NE(mkdtemp(text), nullptr);
    base_ = text;
    directory_ = base_ + "/cache";
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string only_entry() const {
    std::string found;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_)) {
      EXPECT_TRUE(found.empty()) << entry.path();
      found = entry.path();
    }
    return found;
  }
  static std::string content(const std::string& path) { return *read_file(path, 1 << 20); }
  static void overwrite(const std::string& path, const std::string& text, mode_t mode = 0600) {
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(write_all(fd.get(), text, path));
    ASSERT_EQ(fchmod(fd.get(), mode), 0);
  }
  // Quick to compile: most tests do it again and again.
  static plan::Seccomp small_profile() {
    plan::Seccomp profile;
    profile.default_action = plan::SeccompAction::kErrno;
    profile.rules = {allow({"read", "write", "openat2", "no_such_call"})};
    return profile;
  }
  SeccompProgram compile() const {
    const plan::Seccomp profile = small_profile();
    Result<std::vector<SeccompProgram>> programs = SeccompCompiler(directory_).compile({&profile});
    EXPECT_TRUE(programs);
    return std::move(programs->front());
  }
  static bool same(const SeccompProgram& a, const SeccompProgram& b) {
    return a.filter.size() == b.filter.size() && a.unknown_syscalls == b.unknown_syscalls &&
           memcmp(a.filter.data(), b.filter.data(), a.filter.size() * sizeof(sock_filter)) == 0;
  }

  std::string base_, directory_;
};

TEST_F(SeccompCache, SecondCompilationComesFromAPrivateFile) {
  const SeccompProgram first = compile();
  struct stat st {};
  ASSERT_EQ(stat(directory_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700U);
  const std::string entry = only_entry();
  ASSERT_EQ(stat(entry.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600U);
  const ino_t inode = st.st_ino;
  EXPECT_TRUE(same(compile(), first));
  ASSERT_EQ(stat(only_entry().c_str(), &st), 0);
  EXPECT_EQ(st.st_ino, inode) << "was rewritten, so it was not used";
}

TEST_F(SeccompCache, DifferentProfilesNeverShareAnEntry) {
  std::vector<plan::Seccomp> profiles(8, engine_profile());
  profiles[1].default_errno_ret = 2;
  profiles[2].default_action = plan::SeccompAction::kKillProcess;
  profiles[3].architectures.pop_back();
  profiles[4].rules[1].arguments[0].value = 41;
  profiles[5].rules[0].names.pop_back();
  profiles[6].rules.back().errno_ret = 1;
  profiles[7].rules[1].arguments[0].op = plan::SeccompOperator::kEqual;
  for (const plan::Seccomp& profile : profiles) {
    ASSERT_TRUE(SeccompCompiler(directory_).compile({&profile}));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 8);
}

TEST_F(SeccompCache, EveryDamagedByteIsAMissAndIsRepaired) {
  const SeccompProgram good = compile();
  const std::string entry = only_entry();
  const std::string bytes = content(entry);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    overwrite(entry, damaged);
    ASSERT_TRUE(same(compile(), good)) << at;
    ASSERT_EQ(content(entry), bytes) << at;
  }
  for (const size_t length : {size_t{0}, size_t{7}, size_t{100}, bytes.size() - 1}) {
    overwrite(entry, bytes.substr(0, length));
    ASSERT_TRUE(same(compile(), good)) << length;
    ASSERT_EQ(content(entry), bytes);
  }
  overwrite(entry, bytes + "x");
  ASSERT_TRUE(same(compile(), good));
  ASSERT_EQ(content(entry), bytes);
}

TEST_F(SeccompCache, EntriesOfOthersAreNotUsed) {
  const SeccompProgram good = compile();
  const std::string entry = only_entry();
  const std::string bytes = content(entry);
  ASSERT_EQ(chmod(entry.c_str(), 0644), 0);  // readable by others: not written by us
  ASSERT_TRUE(same(compile(), good));
  struct stat st {};
  ASSERT_EQ(stat(entry.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600U);
  fs::rename(entry, base_ + "/elsewhere");
  fs::create_symlink(base_ + "/elsewhere", entry);
  ASSERT_TRUE(same(compile(), good));
  EXPECT_FALSE(fs::is_symlink(entry));
  EXPECT_EQ(content(base_ + "/elsewhere"), bytes);
}

TEST_F(SeccompCache, SharedDirectoriesAreNotUsed) {
  ASSERT_EQ(mkdir(directory_.c_str(), 0700), 0);
  ASSERT_EQ(chmod(directory_.c_str(), 0777), 0);
  EXPECT_FALSE(BpfCache::open(directory_));
  compile();
  EXPECT_EQ(only_entry(), "");
}

TEST_F(SeccompCache, AnotherLibraryIsAMiss) {
  const std::string library = base_ + "/libseccomp.so.2";
  overwrite(library, "one");
  const Result<BpfCache> cache = BpfCache::open(directory_);
  ASSERT_TRUE(cache);
  const std::string key = "key";
  ASSERT_TRUE(cache->store(key, {{{6, 0, 0, 0x7fff0000}}, {"new_call"}, library}));
  const std::optional<CachedProgram> found = cache->find(key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->unknown_syscalls, std::vector<std::string>{"new_call"});
  EXPECT_FALSE(cache->find("other"));
  overwrite(library, "three");
  EXPECT_FALSE(cache->find(key));
  fs::remove(library);
  EXPECT_FALSE(cache->find(key));
  EXPECT_FALSE(cache->store(key, {{{6, 0, 0, 0x7fff0000}}, {}, library}));
}

TEST_F(SeccompCache, SourcesOfOneFileNameAreNotTakenForEachOther) {
  const Result<BpfCache> cache = BpfCache::open(directory_);
  ASSERT_TRUE(cache);
  const std::string library = load_seccomp_library()->path;
  ASSERT_TRUE(cache->store("one", {{{6, 0, 0, 0x7fff0000}}, {}, library}));
  fs::rename(only_entry(), directory_ + "/" + BpfCache::file_name("two"));
  EXPECT_FALSE(cache->find("two"));
}

TEST_F(SeccompCache, OldestEntriesGoFirst) {
  const Result<BpfCache> cache = BpfCache::open(directory_);
  ASSERT_TRUE(cache);
  const std::string library = load_seccomp_library()->path;
  const CachedProgram program = {{{6, 0, 0, 0x7fff0000}}, {}, library};
  for (size_t i = 0; i < BpfCache::kMaxEntries; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_TRUE(cache->store(key, program));
    const timeval old[2] = {{static_cast<time_t>(1000 + i), 0}, {static_cast<time_t>(1000 + i), 0}};
    ASSERT_EQ(utimes((directory_ + "/" + BpfCache::file_name(key)).c_str(), old), 0);
  }
  ASSERT_TRUE(cache->store("one more", program));
  EXPECT_FALSE(cache->find("0"));
  EXPECT_TRUE(cache->find("1"));
  EXPECT_TRUE(cache->find("one more"));
}

}  // namespace
}  // namespace redoubt::sandbox
