#include "runc-compat/cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/cli/version.h"

namespace redoubt::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kRuncVerbs[] = {"checkpoint",
                                           "create",
                                           "delete",
                                           "events",
                                           "exec",
                                           "features",
                                           "kill",
                                           "list",
                                           "pause",
                                           "ps",
                                           "restore",
                                           "resume",
                                           "run",
                                           "spec",
                                           "start",
                                           "state",
                                           "update"};

TEST(Verbs, AreRuncsAndOurOwnAndSorted) {
  std::vector<std::string_view> names, own;
  for (const Verb* verb : all_verbs()) {
    (verb->group == VerbGroup::kPolicy ? own : names).push_back(verb->name);
  }
  EXPECT_THAT(names, ::testing::ElementsAreArray(kRuncVerbs));
  EXPECT_THAT(own, ::testing::ElementsAre("bpf", "doctor", "policy", "profile"));
  EXPECT_EQ(find_verb("nonsense"), nullptr);
}

TEST(Verbs, HaveWholeTables) {
  for (const Verb* verb : all_verbs()) {
    EXPECT_NE(verb->run, nullptr) << verb->name;
    EXPECT_FALSE(verb->summary.empty()) << verb->name;
    EXPECT_TRUE(verb->max_args == kAnyNumber || verb->max_args >= verb->min_args) << verb->name;
    for (const Flag& flag : verb->flags) {
      EXPECT_FALSE(flag.help.empty()) << verb->name << " --" << flag.name;
      EXPECT_EQ(flag.placeholder.empty(), flag.kind == FlagKind::kBool)
          << verb->name << " --" << flag.name;
      EXPECT_LE(flag.short_name.size(), 1U) << verb->name << " --" << flag.name;
      EXPECT_NE(flag.help.back(), '.') << verb->name << " --" << flag.name;
    }
    Arguments defaults(verb->flags);  // asserts that every default_text is a value of its kind
    EXPECT_TRUE(defaults.positional().empty());
  }
}

TEST(VerbHelp, StartsWithTheHeadThatToolsLookFor) {
  for (const Verb* verb : all_verbs()) {
    EXPECT_THAT(
        verb_help("runc", *verb),
        StartsWith(concat("NAME:\n   runc ", verb->name, " - ", verb->summary, "\n\nUSAGE:\n")));
  }
}

TEST(VerbHelp, ShowsEveryVisibleFlagOnALineOfItsOwn) {
  for (const Verb* verb : all_verbs()) {
    const std::string help = verb_help("redoubt", *verb);
    for (const Flag& flag : verb->flags) {
      const std::string line = concat("\n   --", flag.name);
      EXPECT_EQ(help.find(line + " ") != std::string::npos ||
                    help.find(line + ",") != std::string::npos ||
                    help.find(line + "\n") != std::string::npos,
                !flag.hidden)
          << verb->name << " --" << flag.name;
    }
  }
}

TEST(Help, FitsTheTerminal) {
  std::string all = root_help("redoubt");
  for (const Verb* verb : all_verbs()) {
    all += verb_help("redoubt", *verb);
  }
  for (const std::string& line : split(all, '\n')) {
    EXPECT_LE(line.size(), 103U) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
}

TEST(RootHelp, ListsVerbsButNoHiddenFlags) {
  const std::string help = root_help("redoubt");
  EXPECT_THAT(help,
              StartsWith("NAME:\n   redoubt - Open Container Initiative runtime\n\nUSAGE:\n"));
  for (const std::string_view name : kRuncVerbs) {
    EXPECT_THAT(help, HasSubstr(concat("\n    ", name, " ")));
  }
  EXPECT_THAT(help, HasSubstr("\n   --root DIR "));
  EXPECT_THAT(help, Not(HasSubstr("--criu")));
}

TEST(VersionText, HasTheLinesThatEnginesParse) {
  const std::vector<std::string> lines = split(version_text("runc"), '\n');
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines[0], concat("runc version ", version_number()));
  const size_t spec = commit_id().empty() ? 1 : 2;
  EXPECT_EQ(lines[spec], "spec: 1.3.0");
  EXPECT_THAT(version_text("redoubt"), StartsWith("redoubt version "));
}

}  // namespace
}  // namespace redoubt::cli
