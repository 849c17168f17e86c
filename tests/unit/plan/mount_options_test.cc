#include "plan/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountOptions, TableIsSortedAndComplete) {
  const auto table = mount_options();
  EXPECT_TRUE(std::is_sorted(
      table.begin(), table.end(), [](const auto& a, const auto& b) { return a.word < b.word; }));
  EXPECT_EQ(listed_mount_options().size(), 60U);
  for (const MountOption& option : table) {
    ASSERT_TRUE(find_mount_option(option.word).has_value()) << option.word;
  }
  EXPECT_FALSE(find_mount_option("acl").has_value());
  EXPECT_FALSE(find_mount_option("").has_value());
}

TEST(MountOptions, EveryAttributeHasItsContrary) {
  for (const MountOption& option : mount_options()) {
    if (option.kind != MountOptionKind::kAttribute &&
        option.kind != MountOptionKind::kRecursiveAttribute) {
      continue;
    }
    const auto contrary = std::find_if(
        mount_options().begin(), mount_options().end(), [&option](const MountOption& other) {
          return other.kind == option.kind && other.bits == option.bits &&
                 other.clears != option.clears;
        });
    EXPECT_NE(contrary, mount_options().end()) << option.word;
  }
}

TEST(ParseMountOptions, LaterWordsTakeBackEarlierOnes) {
  const MountOptionSet set = parse_mount_options({"ro", "nosuid", "rw", "noexec"});
  EXPECT_EQ(set.attr_set, uint64_t{MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC});
  EXPECT_EQ(set.attr_clear, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_TRUE(set.any_flag);
}

// The promise of every flag word, whatever stands around it: the last word about an attribute
// decides.
TEST(ParseMountOptions, LastWordDecidesInEveryOrder) {
  std::vector<MountOption> words;
  for (const MountOption& option : mount_options()) {
    if (option.kind == MountOptionKind::kAttribute) {
      words.push_back(option);
    }
  }
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> list;
    uint64_t set = 0;
    uint64_t clear = 0;
    for (int i = 0; i < 8; ++i) {
      const MountOption& option = words[random() % words.size()];
      list.emplace_back(option.word);
      (option.clears ? clear : set) |= option.bits;
      (option.clears ? set : clear) &= ~option.bits;
    }
    const MountOptionSet result = parse_mount_options(list);
    EXPECT_EQ(result.attr_set, set);
    EXPECT_EQ(result.attr_clear, clear);
  }
}

TEST(ParseMountOptions, AccessTimeIsOneValue) {
  constexpr uint64_t kField = MOUNT_ATTR__ATIME;
  const struct {
    std::vector<std::string> words;
    uint64_t set, clear;
  } cases[] = {
      {{"noatime"}, MOUNT_ATTR_NOATIME, kField},
      {{"strictatime"}, MOUNT_ATTR_STRICTATIME, kField},
      {{"relatime"}, MOUNT_ATTR_RELATIME, kField},
      {{"noatime", "strictatime"}, MOUNT_ATTR_STRICTATIME, kField},
      {{"noatime", "atime"}, MOUNT_ATTR_RELATIME, kField},
      {{"strictatime", "atime"}, MOUNT_ATTR_STRICTATIME, kField},
      {{"norelatime"}, 0, 0},
      {{"relatime", "norelatime"}, 0, kField},
      {{"atime"}, 0, kField},
      {{"nodiratime", "noatime"}, MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME, kField},
  };
  for (const auto& c : cases) {
    const MountOptionSet set = parse_mount_options(c.words);
    EXPECT_EQ(set.attr_set, c.set) << testing::PrintToString(c.words);
    EXPECT_EQ(set.attr_clear, c.clear) << testing::PrintToString(c.words);
  }
}

TEST(ParseMountOptions, RecursiveWordsStayApart) {
  const MountOptionSet set = parse_mount_options({"rro", "rnosuid", "rsuid", "rnoatime"});
  EXPECT_EQ(set.attr_set | set.attr_clear, 0U);
  EXPECT_EQ(set.rec_attr_set, uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME});
  EXPECT_EQ(set.rec_attr_clear, uint64_t{MOUNT_ATTR_NOSUID} | MOUNT_ATTR__ATIME);
  EXPECT_FALSE(set.any_flag);
}

TEST(ParseMountOptions, UnknownWordsAreFileSystemData) {
  const MountOptionSet set =
      parse_mount_options({"mode=755", "nosuid", "size=64k", "defaults", "acl"});
  EXPECT_THAT(set.data, ElementsAre("mode=755", "size=64k", "acl"));
}

TEST(ParseMountOptions, SuperblockWordsBecomeFsconfigWords) {
  EXPECT_THAT(parse_mount_options({"sync", "lazytime", "sync"}).superblock,
              ElementsAre("lazytime", "sync"));
  EXPECT_THAT(parse_mount_options({"sync", "async", "lazytime", "nolazytime", "nomand"}).superblock,
              IsEmpty());
}

TEST(ParseMountOptions, BindExtensionsAndPropagation) {
  const MountOptionSet set =
      parse_mount_options({"bind", "rbind", "ridmap", "tmpcopyup", "slave", "rshared", "remount"});
  EXPECT_TRUE(set.bind && set.recursive_bind && set.idmap && set.recursive_idmap);
  EXPECT_TRUE(set.tmpcopyup && set.remount);
  ASSERT_EQ(set.propagation.size(), 2U);
  EXPECT_EQ(set.propagation[0].flag, uint64_t{MS_SLAVE});
  EXPECT_FALSE(set.propagation[0].recursive);
  EXPECT_TRUE(set.propagation[1].recursive);
  EXPECT_FALSE(set.any_flag);
}

TEST(Propagation, WordsAndFlagsAreInverse) {
  for (const char* word : {"private",
                           "rprivate",
                           "slave",
                           "rslave",
                           "shared",
                           "rshared",
                           "unbindable",
                           "runbindable"}) {
    const auto found = find_propagation(word);
    ASSERT_TRUE(found.has_value()) << word;
    EXPECT_EQ(propagation_word(found->flag, found->recursive), word);
  }
  EXPECT_FALSE(find_propagation("ro").has_value());
  EXPECT_EQ(propagation_word(0, false), "");
}

}  // namespace
}  // namespace redoubt::plan
