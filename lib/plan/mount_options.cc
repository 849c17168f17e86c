#include "plan/mount_options.h"

#include <sys/mount.h>

#include <algorithm>

namespace redoubt::plan {
namespace {

void apply_attribute(uint64_t& set, uint64_t& clear, const MountOption& option) {
  (option.clears ? clear : set) |= option.bits;
  (option.clears ? set : clear) &= ~option.bits;
}

// Access time is one value in a bit field, not flags: whoever sets it has to clear the whole field
// (mount_setattr(2)). Taking back a value ("atime", "nostrictatime") means the kernel's default,
// relatime, unless another value was asked for before; "norelatime" has nothing to take back.
void apply_access_time(uint64_t& set, uint64_t& clear, const MountOption& option) {
  const uint64_t current = set & MOUNT_ATTR__ATIME;
  if (option.clears && (option.bits == 0 || (current != 0 && current != option.bits))) {
    return;
  }
  set &= ~uint64_t{MOUNT_ATTR__ATIME};
  clear |= MOUNT_ATTR__ATIME;
  if (!option.clears) {
    set |= option.bits;
  }
}

bool is_access_time(const MountOption& option) {
  return (option.bits & ~uint64_t{MOUNT_ATTR__ATIME}) == 0;
}

void apply_recursive(MountOptionSet& set, const MountOption& option) {
  if (is_access_time(option)) {
    apply_access_time(set.rec_attr_set, set.rec_attr_clear, option);
  } else {
    apply_attribute(set.rec_attr_set, set.rec_attr_clear, option);
  }
}

// "async" takes back "sync", "nolazytime" takes back "lazytime"; without it there is nothing to do.
void apply_superblock(MountOptionSet& set, const MountOption& option) {
  std::string_view positive = option.word;
  if (option.clears) {
    positive = option.word == "async" ? std::string_view("sync") : option.word.substr(2);
  }
  std::erase(set.superblock, positive);
  if (!option.clears) {
    set.superblock.emplace_back(positive);
  }
}

void apply_extension(MountOptionSet& set, const MountOption& option) {
  if (option.word == "tmpcopyup") {
    set.tmpcopyup = true;
  } else {
    set.idmap = true;
    set.recursive_idmap = option.recursive;
  }
}

void apply(MountOptionSet& set, const MountOption& option) {
  switch (option.kind) {
    case MountOptionKind::kIgnored:
      return;
    case MountOptionKind::kBind:
      set.bind = true;
      set.recursive_bind = set.recursive_bind || option.recursive;
      return;
    case MountOptionKind::kRemount:
      set.remount = true;
      return;
    case MountOptionKind::kAttribute:
      apply_attribute(set.attr_set, set.attr_clear, option);
      set.any_flag = true;
      return;
    case MountOptionKind::kAccessTime:
      apply_access_time(set.attr_set, set.attr_clear, option);
      set.any_flag = true;
      return;
    case MountOptionKind::kSuperblock:
      apply_superblock(set, option);
      set.any_flag = true;
      return;
    case MountOptionKind::kRecursiveAttribute:
      return apply_recursive(set, option);
    case MountOptionKind::kPropagation:
      set.propagation.push_back({option.bits, option.recursive});
      return;
    case MountOptionKind::kExtension:
      return apply_extension(set, option);
  }
}

}  // namespace

std::optional<MountOption> find_mount_option(std::string_view word) {
  const auto table = mount_options();
  const auto row = std::lower_bound(
      table.begin(), table.end(), word, [](const MountOption& o, std::string_view w) {
        return o.word < w;
      });
  if (row == table.end() || row->word != word) {
    return std::nullopt;
  }
  return *row;
}

std::vector<std::string_view> listed_mount_options() {
  std::vector<std::string_view> words;
  for (const MountOption& option : mount_options()) {
    if (option.word != "idmap" && option.word != "ridmap") {
      words.push_back(option.word);
    }
  }
  return words;
}

std::optional<Propagation> find_propagation(std::string_view word) {
  const std::optional<MountOption> option = find_mount_option(word);
  if (!option || option->kind != MountOptionKind::kPropagation) {
    return std::nullopt;
  }
  return Propagation{option->bits, option->recursive};
}

std::string propagation_word(uint64_t flag, bool recursive) {
  for (const MountOption& option : mount_options()) {
    if (option.kind == MountOptionKind::kPropagation && option.bits == flag &&
        option.recursive == recursive) {
      return std::string(option.word);
    }
  }
  return {};
}

MountOptionSet parse_mount_options(const std::vector<std::string>& words) {
  MountOptionSet set;
  for (const std::string& word : words) {
    if (const std::optional<MountOption> option = find_mount_option(word)) {
      apply(set, *option);
    } else {
      set.data.push_back(word);
    }
  }
  return set;
}

}  // namespace redoubt::plan
