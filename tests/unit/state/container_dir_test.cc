#include "runc-compat/state/container_dir.h"

#include <sys/file.h>
#include <sys/wait.h>

#include <atomic>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/state/temporary_root.h"

namespace redoubt::state {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

mode_t mode_of(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(::lstat(path.c_str(), &st), 0) << path;
  return st.st_mode & 07777;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

TEST(ContainerDirClaim, MakesTheRootAndTheDirectoryWithTheirModesWhateverTheUmask) {
  const TemporaryRoot temporary;
  const mode_t umask = ::umask(0077);
  const Result<ContainerDir> dir = ContainerDir::claim(temporary.root() + "/deep/er", "c1");
  ::umask(umask);
  ASSERT_TRUE(dir.has_value()) << dir.error().message();
  EXPECT_TRUE(dir->is_locked());
  EXPECT_EQ(mode_of(temporary.root()), 0700u);
  EXPECT_EQ(mode_of(temporary.root() + "/deep/er"), 0700u);
  EXPECT_EQ(mode_of(temporary.root() + "/deep/er/c1"), 0711u);
}

TEST(ContainerDirClaim, RefusesATakenId) {
  const TemporaryRoot temporary;
  ASSERT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
  const Result<ContainerDir> again = ContainerDir::claim(temporary.root(), "c1");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().message(), "container with given ID already exists");
}

TEST(ContainerDirClaim, LetsExactlyOneOfFiftyThreadsWin) {
  const TemporaryRoot temporary;
  std::atomic<int> wins = 0;
  std::atomic<int> others = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
      if (dir) {
        ++wins;
      } else if (dir.error().message() != "container with given ID already exists") {
        ++others;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wins, 1);
  EXPECT_EQ(others, 0);
}

TEST(ContainerDirClaim, SurvivesConcurrentDeletes) {
  const TemporaryRoot temporary;
  std::atomic<bool> stop = false;
  std::thread remover([&] {
    while (!stop) {
      ignore(remove_leftover(temporary.root(), "c1"), "races on purpose");
    }
  });
  int wins = 0;
  for (int i = 0; i < 200; ++i) {
    Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
    if (dir) {
      ++wins;
      ignore(dir->remove(), "races on purpose");
    } else {
      EXPECT_EQ(dir.error().message(), "container with given ID already exists");
    }
  }
  stop = true;
  remover.join();
  EXPECT_GT(wins, 0);
}

TEST(ContainerDirOpen, KnowsMissingRootsAndIds) {
  const TemporaryRoot temporary;
  for (const std::string& root : {temporary.root(), temporary.base()}) {
    const Result<ContainerDir> dir = ContainerDir::open(root, "c1");
    ASSERT_FALSE(dir.has_value());
    EXPECT_EQ(dir.error().message(), "container does not exist");
    EXPECT_TRUE(is_missing(dir.error()));
  }
}

TEST(ContainerDirOpen, RefusesSymbolicLinksAndFiles) {
  const TemporaryRoot temporary;
  ASSERT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
  ASSERT_EQ(::symlink("c1", (temporary.root() + "/link").c_str()), 0);
  temporary.write(temporary.root() + "/file", "x");
  for (const char* id : {"link", "file"}) {
    const Result<ContainerDir> dir = ContainerDir::open(temporary.root(), id);
    ASSERT_FALSE(dir.has_value()) << id;
    EXPECT_FALSE(is_missing(dir.error())) << id;
    EXPECT_THAT(dir.error().message(), HasSubstr(std::string("delete --force ") + id));
    EXPECT_TRUE(remove_leftover(temporary.root(), id).has_value());
    EXPECT_FALSE(exists(temporary.root() + "/" + id));
  }
  EXPECT_TRUE(exists(temporary.root() + "/c1"));
}

TEST(ContainerDirOpen, RefusesRootsThatOthersMayWrite) {
  const TemporaryRoot temporary;
  ASSERT_EQ(::mkdir(temporary.root().c_str(), 0700), 0);
  ASSERT_EQ(::chmod(temporary.root().c_str(), 0777), 0);
  const Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
  ASSERT_FALSE(dir.has_value());
  EXPECT_THAT(dir.error().message(), HasSubstr("writable by everybody"));
  ASSERT_EQ(::chmod(temporary.root().c_str(), 01777), 0);
  EXPECT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
}

TEST(ContainerDirOpen, RefusesRootsAndDirectoriesOfOtherUsers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to give a directory away";
  }
  const TemporaryRoot temporary;
  ASSERT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
  ASSERT_EQ(::chown((temporary.root() + "/c1").c_str(), 4242, 4242), 0);
  EXPECT_TRUE(ContainerDir::open(temporary.root(), "c1").has_value())
      << "nobody but us can have put it there";
  ASSERT_EQ(::chmod(temporary.root().c_str(), 01777), 0);
  EXPECT_THAT(ContainerDir::open(temporary.root(), "c1").error().message(),
              AllOf(HasSubstr("owned by uid 4242, refusing"), Not(HasSubstr("delete --force"))));
  EXPECT_THAT(remove_leftover(temporary.root(), "c1").error().message(),
              HasSubstr("owned by uid 4242, refusing"));
  EXPECT_TRUE(exists(temporary.root() + "/c1"));
  ASSERT_EQ(::chmod(temporary.root().c_str(), 0700), 0);
  ASSERT_EQ(::chown(temporary.root().c_str(), 4242, 4242), 0);
  EXPECT_THAT(ContainerDir::claim(temporary.root(), "c2").error().message(),
              AllOf(HasSubstr("--root"), HasSubstr("owned by uid 4242, refusing")));
  const std::string link = temporary.base() + "/link";
  ASSERT_EQ(::symlink("/run", link.c_str()), 0);
  ASSERT_EQ(::lchown(link.c_str(), 4242, 4242), 0);
  EXPECT_THAT(ContainerDir::claim(link, "c2").error().message(),
              HasSubstr("owned by uid 4242, refusing"));
}

TEST(ContainerDirLock, ExcludesOthersAndNamesTheHolder) {
  const TemporaryRoot temporary;
  Result<ContainerDir> holder = ContainerDir::claim(temporary.root(), "c1");
  ASSERT_TRUE(holder.has_value());
  Result<ContainerDir> other = ContainerDir::open(temporary.root(), "c1");
  ASSERT_TRUE(other.has_value());
  const Status refused = other->lock(30);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("container c1 is locked by "));
  holder->unlock();
  EXPECT_TRUE(other->lock(30).has_value());
  EXPECT_TRUE(other->lock(30).has_value()) << "a second lock is a no-op";
}

TEST(ContainerDirLock, IsReleasedWhenTheHolderDies) {
  const TemporaryRoot temporary;
  ASSERT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Result<ContainerDir> dir = ContainerDir::open(temporary.root(), "c1");
    const char answer = dir && dir->lock() ? 'y' : 'n';
    ignore(write_all(ready[1], std::string_view(&answer, 1), "pipe"), "the parent notices");
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  Result<ContainerDir> dir = ContainerDir::open(temporary.root(), "c1");
  EXPECT_FALSE(dir->lock(20).has_value());
  if (const pid_t holder = dir->lock_holder();
      holder != 0) {  // 0: a file system with other device numbers in /proc/locks
    EXPECT_EQ(holder, child);
  }
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(dir->lock().has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(ContainerDirLock, OfARemovedContainerSaysThatItDoesNotExist) {
  const TemporaryRoot temporary;
  Result<ContainerDir> owner = ContainerDir::claim(temporary.root(), "c1");
  Result<ContainerDir> late = ContainerDir::open(temporary.root(), "c1");
  ASSERT_TRUE(owner->remove().has_value());
  owner->unlock();
  EXPECT_TRUE(is_missing(late->lock().error()));
  ASSERT_TRUE(ContainerDir::claim(temporary.root(), "c1").has_value());
  EXPECT_TRUE(is_missing(late->lock().error()))
      << "another container of the same id is not the one that was opened";
}

TEST(ContainerDirLoad, ReturnsWhatWasSaved) {
  const TemporaryRoot temporary;
  Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
  EXPECT_TRUE(is_missing(dir->load().error())) << "nothing saved yet";
  ASSERT_TRUE(dir->save(sample_record("c1")).has_value());
  EXPECT_EQ(mode_of(temporary.file("c1", "state.json")), 0600u);
  const Result<Record> record = dir->load();
  ASSERT_TRUE(record.has_value()) << record.error().message();
  EXPECT_EQ(record->bundle, "/bundles/c1");
}

TEST(ContainerDirLoad, KeepsTheRecordBefore) {
  const TemporaryRoot temporary;
  Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
  Record record = sample_record("c1");
  for (const char* bundle : {"/first", "/second", "/third"}) {
    const Result<Record> before = dir->load();
    record.bundle = bundle;
    ASSERT_TRUE(dir->save(record).has_value());
    EXPECT_EQ(dir->load()->bundle, bundle);
    const Result<Record> former = dir->load_former();
    ASSERT_EQ(former.has_value(), before.has_value());
    EXPECT_TRUE(!former || former->bundle == before->bundle);
  }
  temporary.write(temporary.file("c1", "state.json"), "");
  EXPECT_FALSE(dir->load().has_value());
  EXPECT_EQ(dir->load_former()->bundle, "/second");
}

// Row 52 of the fault plan: whatever lies there instead of a state file is named, with the remedy,
// and can be removed.
TEST(ContainerDirLoad, NamesTheFileAndTheRemedyForEveryDamage) {
  const TemporaryRoot temporary;
  const std::string file = temporary.file("c1", "state.json");
  const std::function<void()> damages[] = {
      [&] { temporary.write(file, ""); },
      [&] { temporary.write(file, format_record(sample_record("c1")).substr(0, 100)); },
      [&] { temporary.write(file, std::string(4096, '\xff')); },
      [&] { temporary.write(file, format_record(sample_record("other"))); },
      [&] { temporary.write(file, "[]"); },
      [&] { temporary.write(file, R"({"version":99})"); },
      [&] {
        temporary.write(file, "");
        ASSERT_EQ(::truncate(file.c_str(), int64_t{1} << 30), 0);
      },
      [&] { ASSERT_EQ(::mkdir(file.c_str(), 0700), 0); },
      [&] { ASSERT_EQ(::symlink("/proc/self/environ", file.c_str()), 0); },
      [&] { ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0); },
  };
  size_t index = 0;
  for (const std::function<void()>& damage : damages) {
    Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
    ASSERT_TRUE(dir.has_value()) << index;
    damage();
    const Result<Record> record = dir->load();
    ASSERT_FALSE(record.has_value()) << index;
    EXPECT_FALSE(is_missing(record.error())) << index;
    EXPECT_THAT(record.error().message(),
                AllOf(HasSubstr(file), HasSubstr("; run: delete --force c1")))
        << index;
    ASSERT_TRUE(dir->remove().has_value()) << index;
    ASSERT_FALSE(exists(temporary.root() + "/c1")) << index;
    ++index;
  }
}

TEST(ContainerDirRemove, TakesEverythingBelowAndIsIdempotent) {
  const TemporaryRoot temporary;
  Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
  ASSERT_TRUE(dir->save(sample_record("c1")).has_value());
  ASSERT_EQ(::mkfifo(temporary.file("c1", "exec.fifo").c_str(), 0622), 0);
  ASSERT_EQ(::mkdir(temporary.file("c1", "notify").c_str(), 0755), 0);
  temporary.write(temporary.file("c1", "notify/x"), "x");
  temporary.write(temporary.base() + "/precious", "x");
  ASSERT_EQ(::symlink(temporary.base().c_str(), temporary.file("c1", "outside").c_str()), 0);
  EXPECT_TRUE(dir->remove().has_value());
  EXPECT_FALSE(exists(temporary.root() + "/c1"));
  EXPECT_TRUE(exists(temporary.base() + "/precious"));
  EXPECT_TRUE(dir->remove().has_value());
  EXPECT_TRUE(remove_leftover(temporary.root(), "c1").has_value());
}

TEST(ContainerDirRemove, UnwrittenLeavesFilesOfOthers) {
  const TemporaryRoot temporary;
  Result<ContainerDir> dir = ContainerDir::claim(temporary.root(), "c1");
  temporary.write(temporary.file("c1", "precious"), "x");
  EXPECT_EQ(dir->remove_unwritten().error().err(), ENOTEMPTY);
  EXPECT_TRUE(exists(temporary.file("c1", "precious")));
  ASSERT_EQ(::unlink(temporary.file("c1", "precious").c_str()), 0);
  temporary.write(temporary.file("c1", kFormerStateFile), "{");
  EXPECT_TRUE(dir->remove_unwritten().has_value());
  EXPECT_FALSE(exists(temporary.root() + "/c1"));
}

TEST(StateRoot, ReturnsSortedDirectoriesWithValidNames) {
  const TemporaryRoot temporary;
  EXPECT_EQ(StateRoot::open(temporary.root()).error().err(), ENOENT);
  for (const char* id : {"b", "a", "c"}) {
    ASSERT_TRUE(ContainerDir::claim(temporary.root(), id).has_value());
  }
  ASSERT_EQ(::mkdir((temporary.root() + "/not valid").c_str(), 0700), 0);
  temporary.write(temporary.root() + "/file", "");
  EXPECT_THAT(*StateRoot::open(temporary.root())->ids(), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace redoubt::state
