#include "runc-compat/cli/global_flags.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/str.h"
#include "tests/unit/cli/describe.h"

namespace redoubt::cli {
namespace {

struct Host {
  uid_t euid;
  std::string_view xdg_runtime_dir, user;
  bool in_user_namespace;
};

constexpr Host kRoot = {0, "", "root", false};

Environment environment_of(const Host& host, std::string_view directory = "/work") {
  static std::string current;
  current = directory;
  Environment environment;
  environment.euid = host.euid;
  environment.xdg_runtime_dir = host.xdg_runtime_dir;
  environment.user = host.user;
  environment.in_user_namespace =
      host.in_user_namespace ? +[] { return true; } : +[] { return false; };
  environment.current_directory = [] { return Result<std::string>(current); };
  return environment;
}

Result<Globals> resolve(std::string_view words, const Host& host, std::string_view directory) {
  return resolve_globals(
      parse_text(words).globals, "/usr/bin/runc", environment_of(host, directory));
}

TEST(ResolveRoot, FollowsTheCallerAndItsRuntimeDirectory) {
  struct Row {
    Host host;
    std::string_view root;
  };
  constexpr Row kRows[] = {
      {kRoot, "/run/redoubt"},
      {{0, "/run/user/0", "root", false}, "/run/redoubt"},
      {{0, "/run/user/1000", "ann", false}, "/run/redoubt"},
      {{0, "/run/user/1000", "ann", true}, "/run/user/1000/redoubt"},
      {{0, "/run/user/1000", "", true}, "/run/user/1000/redoubt"},
      {{0, "/run/user/0", "root", true}, "/run/redoubt"},
      {{1000, "/run/user/1000", "ann", false}, "/run/user/1000/redoubt"},
      {{1000, "/run/user/1000/", "ann", false}, "/run/user/1000/redoubt"},
      {{1000, "", "ann", false}, "/run/redoubt"},
  };
  for (const Row& row : kRows) {
    const Result<Globals> globals = resolve("list", row.host, "/");
    ASSERT_TRUE(globals);
    EXPECT_EQ(globals->runtime.root, row.root) << row.host.euid << row.host.xdg_runtime_dir;
    EXPECT_TRUE(globals->root_is_default);
    EXPECT_EQ(globals->root_is_private, row.root != "/run/redoubt");
  }
}

TEST(ResolveRoot, MakesTheGivenOneAbsolute) {
  struct Row {
    std::string_view root, directory, expected;
  };
  constexpr std::string_view kRefused = "Option --root argument should not be set to /";
  constexpr Row kRows[] = {
      {"/srv/state", "/work", "/srv/state"},
      {"state", "/work", "/work/state"},
      {"../state/", "/work/a", "/work/state"},
      {"''", "/work", "/work"},
      {"/", "/work", kRefused},
      {"//", "/work", kRefused},
      {"/a/..", "/work", kRefused},
      {"../..", "/work", kRefused},
      {".", "/", kRefused},
      {"''", "/", kRefused},
  };
  for (const Row& row : kRows) {
    const auto globals = resolve(concat("--root ", row.root, " list"), kRoot, row.directory);
    EXPECT_EQ(globals ? globals->runtime.root : globals.error().message(), row.expected)
        << row.root;
  }
  EXPECT_FALSE(resolve("--root /x list", kRoot, "/")->root_is_default);
}

TEST(ResolveGlobals, ReadsTheProgramNameAndModes) {
  const Result<Globals> globals = resolve("--systemd-cgroup --rootless=false list", kRoot, "/");
  ASSERT_TRUE(globals);
  EXPECT_EQ(globals->program_name, "runc");
  EXPECT_EQ(globals->argv0, "/usr/bin/runc");
  EXPECT_TRUE(globals->runtime.systemd_cgroup);
  EXPECT_EQ(globals->runtime.rootless, launch::Rootless::kFalse);
  EXPECT_EQ(resolve("list", kRoot, "/")->runtime.rootless, launch::Rootless::kAuto);
}

TEST(ResolveGlobals, LetsCgroupManagerOverrideSystemdCgroup) {
  EXPECT_TRUE(resolve("--cgroup-manager systemd list", kRoot, "/")->runtime.systemd_cgroup);
  const auto cgroupfs = resolve("--systemd-cgroup --cgroup-manager cgroupfs list", kRoot, "/");
  EXPECT_FALSE(cgroupfs->runtime.systemd_cgroup);
  const auto disabled = resolve("--cgroup-manager disabled list", kRoot, "/");
  EXPECT_TRUE(disabled->cgroup_disabled);
  EXPECT_FALSE(disabled->runtime.systemd_cgroup);
}

TEST(ResolveGlobals, RefusesUnknownModes) {
  EXPECT_EQ(resolve("--rootless maybe list", kRoot, "/").error().message(),
            "invalid rootless: \"maybe\"; must be true, false or auto");
  EXPECT_EQ(resolve("--cgroup-manager lxc list", kRoot, "/").error().message(),
            "invalid cgroup-manager: \"lxc\"; must be cgroupfs, systemd or disabled");
}

TEST(ResolveLog, KeepsFilesFreeOfWarnings) {
  struct Row {
    std::string_view words;
    bool quiet;
    log::Level threshold;
  };
  constexpr Row kRows[] = {
      {"list", false, log::Level::kWarning},
      {"list", true, log::Level::kError},
      {"--log F list", false, log::Level::kError},
      {"--log F --debug list", true, log::Level::kDebug},
      {"--debug list", true, log::Level::kDebug},
      {"--log F --log-level warning list", true, log::Level::kWarning},
      {"--log-level info list", true, log::Level::kInfo},
      {"--log-level error list", false, log::Level::kError},
  };
  for (const Row& row : kRows) {
    const auto config = resolve_log(parse_text(row.words).globals, "redoubt", row.quiet);
    ASSERT_TRUE(config) << row.words;
    EXPECT_EQ(config->threshold, row.threshold) << row.words;
  }
}

TEST(ResolveLog, RefusesUnknownFormatsAndLevels) {
  EXPECT_EQ(
      resolve_log(parse_text("--log-format xml list").globals, "redoubt", false).error().message(),
      "invalid log-format: xml");
  EXPECT_FALSE(resolve_log(parse_text("--log-level loud list").globals, "redoubt", false));
  EXPECT_EQ(resolve_log(parse_text("--log-format json list").globals, "redoubt", false)->format,
            log::Format::kJson);
}

TEST(CreatePrivateRoot, MakesItPrivateAndSticky) {
  char directory[] = "/tmp/redoubt-cli-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  Globals globals;
  globals.runtime.root = concat(directory, "/redoubt");
  ASSERT_TRUE(create_private_root(globals));
  struct stat st = {};
  EXPECT_NE(::stat(globals.runtime.root.c_str(), &st), 0);  // not private: not ours to make
  globals.root_is_private = true;
  ASSERT_TRUE(create_private_root(globals));
  ASSERT_TRUE(create_private_root(globals));
  ASSERT_EQ(::stat(globals.runtime.root.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 01700U);
  ::rmdir(globals.runtime.root.c_str());
  ::rmdir(directory);
  const Status missing = create_private_root(globals);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(),
            concat("the path in $XDG_RUNTIME_DIR must be writable by the user: mkdir ",
                   globals.runtime.root,
                   ": no such file or directory"));
}

TEST(BaseName, IsTheLastComponent) {
  EXPECT_EQ(base_name("/usr/bin/runc"), "runc");
  EXPECT_EQ(base_name("redoubt"), "redoubt");
  EXPECT_EQ(base_name("./a/b"), "b");
}

}  // namespace
}  // namespace redoubt::cli
