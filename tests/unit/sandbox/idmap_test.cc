#include "sandbox/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

using Map = std::vector<plan::IdMapping>;

TEST(MapToHost, TranslatesInsideRangesOnly) {
  const Map map = {{0, 100000, 1000}, {1000, 5, 1}, {70000, 4294967290U, 5}};
  const struct {
    uint32_t id;
    std::optional<uint32_t> host;
  } cases[] = {{0, 100000},
               {999, 100999},
               {1000, 5},
               {1001, std::nullopt},
               {69999, std::nullopt},
               {70004, 4294967294U},
               {70005, std::nullopt},
               {4294967295U, std::nullopt}};
  for (const auto& c : cases) {
    EXPECT_EQ(map_to_host(map, c.id), c.host) << c.id;
  }
  EXPECT_EQ(map_to_host({}, 7), std::optional<uint32_t>(7));
}

TEST(ValidateIdMaps, NamesTheFieldAndTheRange) {
  const struct {
    plan::IdMaps maps;
    const char* message;  // its start; "" = valid
  } cases[] = {
      {{{{0, 1000, 1}, {1, 2000, 10}}, {{0, 1000, 1}}}, ""},
      {{{{0, 1, 0}}, {}}, "linux.uidMappings[0]: size must not be 0"},
      {{{}, {{0, 1, 1}, {0, 5, 1}}}, "linux.gidMappings[1]: overlaps with [0]"},
      {{{{0, 1, 5}, {10, 3, 1}}, {}}, "linux.uidMappings[1]: overlaps with [0]"},
      {{{{4294967290U, 1, 6}}, {}}, "linux.uidMappings[0]: the range ends beyond"},
      {{{{0, 4294967295U, 1}}, {}}, "linux.uidMappings[0]: the range ends beyond"},
      {{{{0, 0, 4294967295U}}, {{0, 0, 4294967295U}}}, ""},
  };
  for (const auto& c : cases) {
    const Status status = validate_id_maps(c.maps);
    const std::string message = status ? "" : status.error().message();
    EXPECT_TRUE(*c.message == '\0' ? message.empty() : message.starts_with(c.message)) << message;
  }
}

TEST(ValidateIdMaps, RefusesWhatTheKernelCannotTake) {
  plan::IdMaps maps;
  for (uint32_t i = 0; i < 341; ++i) {
    maps.uid.push_back({2 * i, 2 * i, 1});
  }
  EXPECT_FALSE(validate_id_maps(maps));
  maps.uid.pop_back();
  EXPECT_TRUE(validate_id_maps(maps));
  for (plan::IdMapping& range : maps.uid) {
    range.host_id += 1000000000;
    range.container_id += 1000000000;
  }
  EXPECT_FALSE(validate_id_maps(maps)) << "a page or more of text";
}

TEST(WriteIdMaps, OwnIdNeedsNoPrivilege) {
  int ready[2], go[2];
  ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char byte = unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
    _exit(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1 && getuid() == 7 &&
                  getgid() == 8
              ? 0
              : 1);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  if (answer == 'n') {
    close(go[1]);
    waitpid(child, nullptr, 0);
    GTEST_SKIP() << "needs unprivileged user namespaces";
  }
  const Status written = write_id_maps(child, {{{7, uid, 1}}, {{8, gid, 1}}}, false);
  EXPECT_TRUE(written) << written.error().message();
  EXPECT_EQ(read_kernel_file_at(AT_FDCWD, concat("/proc/", child, "/setgroups")).value(), "deny\n");
  ASSERT_EQ(write(go[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WriteIdMaps, NamesTheFieldWhenTheKernelRefuses) {
  const Status written = write_id_maps(getpid(), {{{0, 12345, 1}}, {}}, true);
  ASSERT_FALSE(written);
  EXPECT_TRUE(written.error().message().starts_with("linux.uidMappings: "))
      << written.error().message();
}

TEST(CreateUserNamespace, KeepsTheMapsWithoutAProcess) {
  const plan::IdMaps maps = {{{0, 100000, 65536}}, {{0, 200000, 10}, {10, 300000, 5}}};
  const Result<UniqueFd> ns = create_user_namespace(maps);
  if (!ns && geteuid() != 0) {
    GTEST_SKIP() << "needs root";
  }
  ASSERT_TRUE(ns) << ns.error().message();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
  EXPECT_EQ(errno, ECHILD) << "the helper process has been reaped";
  const pid_t child = fork();
  if (child == 0) {
    const bool entered = setns(ns->get(), CLONE_NEWUSER) == 0;
    const Result<std::string> uid = read_kernel_file_at(AT_FDCWD, "/proc/self/uid_map");
    const Result<std::string> gid = read_kernel_file_at(AT_FDCWD, "/proc/self/gid_map");
    const auto squeezed = [](std::string text) {
      text.erase(std::unique(
                     text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
                 text.end());
      return text;
    };
    _exit(entered && uid && gid && squeezed(*uid) == " 0 100000 65536\n" &&
                  squeezed(*gid) == " 0 200000 10\n 10 300000 5\n"
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace redoubt::sandbox
