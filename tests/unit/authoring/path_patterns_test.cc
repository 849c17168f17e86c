#include "policy/authoring/path_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Made {
  std::vector<std::string> trees, lists;
  std::string notes;
};

Made allowed(const std::vector<std::string>& patterns, Field field = Field::kFilesRead) {
  AllowedTrees trees(field);
  for (const std::string& pattern : patterns) {
    EXPECT_TRUE(trees.add(pattern, "p:1")) << pattern;
  }
  Draft draft("x", "d", "p");
  std::vector<Note> notes;
  draft.restrict_to(field);
  trees.write(draft, notes);
  Made made;
  const Result<Document> profile = read_document(*std::move(draft).take(), "x");
  made.trees = keys_of(*profile, field);
  made.lists = keys_of(*profile, Field::kFilesList);
  for (const Note& note : notes) {
    made.notes += note_text(note) + "\n";
  }
  return made;
}

TEST(PathPatterns, ATreeIsReadAsItIsWritten) {
  for (const std::string path : {"/", "/usr", "/a b/c", "/x{y}", "/q\"r", "/@{z}", "/*?[a]", "/a,b", "/back\\slash"}) {
    const Made made = allowed({tree_pattern(path)});
    EXPECT_THAT(made.trees, ElementsAre(path));
    EXPECT_EQ(made.notes, "") << path;
  }
}

TEST(PathPatterns, SayWhereATreeIsMoreThanThePattern) {
  EXPECT_THAT(allowed({"/var/log/*.log"}).trees, ElementsAre("/var/log"));
  EXPECT_THAT(allowed({"/var/log/*.log"}).notes, HasSubstr("p:1: wider: \"/var/log/*.log\" becomes all of /var/log"));
  EXPECT_THAT(allowed({"/srv/**"}).notes, HasSubstr("wider: files.read: a tree is also its directory itself: \"/srv\""));
  EXPECT_EQ(allowed({"/srv/**", "/srv/"}).notes, "");
  EXPECT_THAT(allowed({"/x{,/}"}).notes, HasSubstr("wider"));
}

TEST(PathPatterns, LeaveOutWhatWouldBecomeFarTooMuch) {
  const Made made = allowed({"/*/secret", "/usr/{bin,sbin}/tool"});
  EXPECT_THAT(made.trees, ElementsAre("/usr/bin/tool", "/usr/sbin/tool"));
  EXPECT_THAT(made.notes, HasSubstr("tighter: \"/*/secret\" has only / in common"));
  const Made written = allowed({"/etc/", "/srv"}, Field::kFilesWrite);
  EXPECT_THAT(written.trees, ElementsAre("/srv"));
  EXPECT_THAT(written.notes, HasSubstr("tighter: \"/etc/\" is a directory without what lies in it"));
}

TEST(PathPatterns, DirectoriesThatAreReadAreListed) {
  const Made made = allowed({"/usr/**", "/", "/etc/*/", "/usr/share/"});
  EXPECT_THAT(made.lists, ElementsAre("/"));
  EXPECT_THAT(made.notes, HasSubstr("p:1: wider: \"/\" lists / and all directories beneath it"));
  EXPECT_THAT(allowed({"/srv/x", "/etc/*/"}).lists, ElementsAre("/etc"));
  EXPECT_THAT(allowed({"/srv/{,*}", "/srv/*/"}).lists, testing::IsEmpty());
  for (const std::string path : {"/", "/usr", "/a b/c", "/x{y}"}) {
    const Made same = allowed({directories_pattern(path), "/srv/x"});
    EXPECT_THAT(same.lists, ElementsAre(path));
    EXPECT_EQ(same.notes, "") << path;
  }
}

TEST(PathPatterns, ADenialThatIsNoTreeIsToldAndNotStretched) {
  DeniedTrees trees(Field::kFilesMasked);
  std::vector<Note> notes;
  EXPECT_TRUE(trees.add("/proc/[^1]*", "p:1", notes));
  EXPECT_TRUE(trees.add("/sys/firmware/**", "p:2", notes));
  Draft draft("x", "d", "p");
  trees.write(draft, notes);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(note_text(notes[0]), HasSubstr("p:1: wider: denied \"/proc/[^1]*\" is no whole tree"));
  EXPECT_THAT(*std::move(draft).take(), HasSubstr("\"/sys/firmware\""));
}

TEST(PathPatterns, AreBounded) {
  EXPECT_FALSE(expand_alternations("/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
  EXPECT_FALSE(expand_alternations("/{a,b"));
  EXPECT_FALSE(match_of("relative"));
  EXPECT_FALSE(match_of("/a/../b"));
  EXPECT_THAT(*expand_alternations("/{a,{b,c}}[{,]"), ElementsAre("/a[{,]", "/b[{,]", "/c[{,]"));
}

}  // namespace
}  // namespace redoubt::policy
