// The option words of config.json mounts[].options: what each means for mount_setattr(2), and how a
// list of them adds up.
//
// The words are those of runc (its `features` lists them); what is not a known word is data for the
// file system. Words that mount(2) knew as superblock flags ("sync", "lazytime") become words for
// fsconfig(2). Used by the mount pass and `features`.
#ifndef REDOUBT_PLAN_MOUNT_OPTIONS_H_
#define REDOUBT_PLAN_MOUNT_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::plan {

enum class MountOptionKind {
  kIgnored,             // "defaults", "silent": nothing is left of them under the new mount API
  kBind,                // "bind", "rbind"
  kRemount,             // "remount"
  kAttribute,           // MOUNT_ATTR_* of the mount itself
  kAccessTime,          // one value of MOUNT_ATTR__ATIME
  kSuperblock,          // a flag word of fsconfig(2)
  kRecursiveAttribute,  // MOUNT_ATTR_* of the whole tree
  kPropagation,         // MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE
  kExtension,           // "tmpcopyup", "idmap", "ridmap"
};

struct MountOption {
  std::string_view word;
  MountOptionKind kind;
  uint64_t bits;
  bool clears;     // "dev" clears MOUNT_ATTR_NODEV
  bool recursive;  // "rbind", "rslave", "ridmap"
};

// Sorted by word.
std::span<const MountOption> mount_options();
std::optional<MountOption> find_mount_option(std::string_view word);

// What `features` lists as mountOptions: all words but idmap and ridmap, which it reports as mount
// extensions.
std::vector<std::string_view> listed_mount_options();

struct Propagation {
  uint64_t flag = 0;
  bool recursive = false;
};

// "rslave" -> {MS_SLAVE, true}; nothing for other words. Also the words of linux.rootfsPropagation.
std::optional<Propagation> find_propagation(std::string_view word);
// {MS_SLAVE, true} -> "rslave"; "" for flag 0.
std::string propagation_word(uint64_t flag, bool recursive);

// A list of option words, added up in order: a later word takes back what an earlier contrary word
// said.
struct MountOptionSet {
  bool bind = false, recursive_bind = false, remount = false;
  bool tmpcopyup = false, idmap = false, recursive_idmap = false;
  uint64_t attr_set = 0, attr_clear = 0;
  uint64_t rec_attr_set = 0, rec_attr_clear = 0;
  bool any_flag = false;  // at least one word about the mount's own flags was given
  std::vector<Propagation> propagation;
  std::vector<std::string> superblock;  // fsconfig(2) flag words
  std::vector<std::string> data;        // words of the file system itself
};
MountOptionSet parse_mount_options(const std::vector<std::string>& words);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_MOUNT_OPTIONS_H_
