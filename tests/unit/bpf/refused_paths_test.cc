// The paths beside a refusal by Landlock.
#include "bpf/refused_paths.h"

#include <string.h>

#include <gtest/gtest.h>

namespace redoubt::bpf {
namespace {

// As the kernel writes it: the text ends at the end of its half.
void put(redoubt_paths& slot, size_t index, const std::string& text) {
  const size_t start = REDOUBT_PATH - 1 - text.size();
  slot.paths[index].start = static_cast<uint32_t>(start);
  ::memcpy(slot.text + index * REDOUBT_PATH + start, text.data(), text.size());
}

TEST(RefusedPathsOf, AreTheTextsOfTheSlot) {
  redoubt_paths slot = {};
  put(slot, 0, "/data/f");
  put(slot, 1, "/other/name");
  const RefusedPaths paths = refused_paths_of(slot);
  EXPECT_EQ(paths.path, "/data/f");
  EXPECT_EQ(paths.target, "/other/name");
  EXPECT_TRUE(paths.is_whole);
}

TEST(RefusedPathsOf, HasNoTargetWhereThereIsNone) {
  redoubt_paths slot = {};
  put(slot, 0, "/data/f");
  slot.paths[1].start = REDOUBT_PATH - 1;
  EXPECT_EQ(refused_paths_of(slot).target, "");
}

TEST(RefusedPathsOf, SaysWhenOneIsNotWhole) {
  for (uint32_t redoubt_path::*flag : {&redoubt_path::cut, &redoubt_path::detached}) {
    for (const size_t index : {0, 1}) {
      redoubt_paths slot = {};
      slot.paths[index].*flag = 1;
      EXPECT_FALSE(refused_paths_of(slot).is_whole);
    }
  }
}

TEST(RefusedPathsOf, StaysInItsHalfWhateverTheSlotHolds) {
  redoubt_paths slot;
  ::memset(&slot, 'x', sizeof slot);
  EXPECT_EQ(refused_paths_of(slot).path, "");
  slot.paths[0].start = 0;
  EXPECT_EQ(refused_paths_of(slot).path.size(), size_t{REDOUBT_PATH});
}

TEST(IsRefusalOfFiles, IsForTheFunctionsOfLandlock) {
  redoubt_event event = {};
  for (const auto& [hook, expected] : {std::pair{REDOUBT_HOOK_file_open, false},
                                       {REDOUBT_HOOK_audit_seccomp, false},
                                       {REDOUBT_HOOK_hook_file_open, true},
                                       {REDOUBT_HOOK_hook_path_rename, true},
                                       {REDOUBT_HOOK_hook_path_unlink, true}}) {
    event.hook = hook;
    EXPECT_EQ(is_refusal_of_files(event), expected) << hook;
  }
}

}  // namespace
}  // namespace redoubt::bpf
