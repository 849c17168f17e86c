#include "bpf/maps/pins.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "base/str.h"
#include "bpf/maps/kernel.h"

namespace redoubt::bpf {
namespace {

// No dots: bpffs keeps names with dots for itself.
std::string link_directory(const std::string& set) {
  return concat(pin_directory(), "/", set);
}

std::string old_link_directory(const std::string& set) {
  return link_directory(set) + "_old";
}

struct Entry {
  std::string path;
  bool is_directory;
};

// Nothing where there is no such directory.
Result<std::vector<Entry>> entries_of(const std::string& path) {
  std::vector<Entry> entries;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    return errno == ENOENT ? Result(entries) : Error::system(errno, concat("open ", path));
  }
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      entries.push_back({concat(path, "/", name), entry->d_type == DT_DIR});
    }
  }
  ::closedir(directory);
  return entries;
}

Status remove_pin(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("unlink ", path));
  }
  return {};
}

// One that is not there stays where it is.
Status rename_directory(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("rename ", from));
  }
  return {};
}

}  // namespace

std::string pin_directory() {
  return concat(kAllPins, "/v", REDOUBT_BPF_ABI);
}

std::string new_link_directory(const std::string& set) {
  return link_directory(set) + "_new";
}

std::string map_directory() {
  return pin_directory() + "/maps";
}

std::string map_pin(const std::string& name) {
  return concat(map_directory(), "/", name);
}

Status remove_pins(const std::string& path) {
  TRY_ASSIGN(const std::vector<Entry> entries, entries_of(path));
  for (const Entry& entry : entries) {
    TRY(entry.is_directory ? remove_pins(entry.path) : remove_pin(entry.path));
  }
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) {
    return Error::system(errno, concat("rmdir ", path));
  }
  return {};
}

Status remove_all_pins() {
  TRY_ASSIGN(const std::vector<Entry> versions, entries_of(kAllPins));
  for (const Entry& version : versions) {
    TRY(remove_pin(version.path + "/maps/meta"));
  }
  return remove_pins(kAllPins);
}

// Two renames rather than an exchange, which bpffs has since Linux 5.17. Old ones are set aside only
// when the new ones are whole, and that is how settle_links() knows.
Status swap_links(const std::string& set) {
  TRY(rename_directory(link_directory(set), old_link_directory(set)));
  return rename_directory(new_link_directory(set), link_directory(set));
}

Status settle_links(const std::string& set) {
  const bool is_between = ::access(link_directory(set).c_str(), F_OK) != 0 &&
                          ::access(old_link_directory(set).c_str(), F_OK) == 0;
  if (is_between) {
    TRY(rename_directory(new_link_directory(set), link_directory(set)));
  }
  TRY(remove_pins(new_link_directory(set)));
  return remove_pins(old_link_directory(set));
}

std::vector<std::string> linked_programs(const std::string& set) {
  const std::string directory = link_directory(set);
  std::vector<std::string> names;
  if (const Result<std::vector<Entry>> entries = entries_of(directory)) {
    for (const Entry& entry : *entries) {
      names.push_back(entry.path.substr(directory.size() + 1));
    }
  }
  return names;
}

Result<redoubt_meta> read_meta() {
  TRY_ASSIGN(const UniqueFd map, open_pinned(map_pin("meta"), true));
  const uint32_t zero = 0;
  redoubt_meta meta = {};
  TRY(lookup(map.get(), &zero, &meta));
  if (meta.abi != REDOUBT_BPF_ABI) {
    return Error(ErrorKind::kSystem, concat(map_pin("meta"), " says ABI ", meta.abi));
  }
  return meta;
}

}  // namespace redoubt::bpf
