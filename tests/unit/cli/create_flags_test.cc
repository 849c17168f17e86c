#include "runc-compat/cli/create_flags.h"

#include <stdlib.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/str.h"
#include "tests/unit/cli/describe.h"

namespace redoubt::cli {
namespace {

Result<launch::CreateOptions> options_of(std::string_view words, const Globals& globals = {}) {
  const CommandLine line = parse_text(words);
  EXPECT_EQ(line.action, Action::kRunVerb) << words;
  return create_options(globals, line.arguments);
}

TEST(CreateOptions, TakesEveryFlagToItsOwnField) {
  Globals globals;
  globals.runtime.root = "/srv/state";
  const auto options = options_of(
      "create --bundle /b --console-socket /c --pidfd-socket /d --pid-file /p --no-pivot "
      "--no-new-keyring --preserve-fds 3 web1",
      globals);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->runtime.root, "/srv/state");
  EXPECT_EQ(options->id, "web1");
  EXPECT_EQ(options->bundle, "/b");
  EXPECT_EQ(options->console_socket, "/c");
  EXPECT_EQ(options->pidfd_socket, "/d");
  EXPECT_EQ(options->pid_file, "/p");
  EXPECT_TRUE(options->no_pivot);
  EXPECT_TRUE(options->no_new_keyring);
  EXPECT_EQ(options->preserve_fds, 3);
}

TEST(CreateOptions, KeepsTheDefaultsOfAnEmptyCommandLine) {
  for (const std::string_view words : {"create web1", "create --bundle= --pid-file= web1"}) {
    const auto options = options_of(words);
    ASSERT_TRUE(options) << words;
    EXPECT_EQ(options->bundle, ".") << words;
    EXPECT_EQ(options->pid_file, "") << words;
    EXPECT_FALSE(options->no_pivot) << words;
    EXPECT_EQ(options->preserve_fds, 0) << words;
  }
}

TEST(CreateOptions, ResolvesThePidFileAgainstTheCallersDirectory) {
  char directory[] = "/tmp/redoubt-cli-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  char* before = ::getcwd(nullptr, 0);
  ASSERT_EQ(::chdir(directory), 0);
  const auto options = options_of("create --bundle /elsewhere --pid-file sub/../a.pid web1");
  ASSERT_EQ(::chdir(before), 0);
  ::free(before);
  ::rmdir(directory);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->pid_file, concat(directory, "/a.pid"));
}

TEST(CreateOptions, RefusesWhatCannotBeDone) {
  Globals disabled;
  disabled.cgroup_disabled = true;
  EXPECT_EQ(
      options_of("create web1", disabled).error().message(),
      "cgroup-manager: disabled is not supported for new containers; use cgroupfs or systemd");
  EXPECT_EQ(options_of("create --preserve-fds 1048577 web1").error().message(),
            "preserve-fds: 1048577 is more than the limit of 1048576");
  EXPECT_TRUE(options_of("create --preserve-fds 1048576 web1"));
}

}  // namespace
}  // namespace redoubt::cli
