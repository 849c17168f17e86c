// Where the set of programs lives in the BPF file system, and what is known about the one that is
// loaded.
//
//   /sys/fs/bpf/redoubt/v<ABI>/links/<hook>   what keeps the programs attached
//                             /file_links/<function>  the same of those that report what Landlock refuses; complete
//                                             where it is, absent until a container has asked for it
//                             /maps/<name>    task storage, log
//                             /maps/meta      made last and removed first: where it is, the set in
//                                             links is complete, whoever was killed at whatever
//
// Who changes anything here holds the lock of bpf/set.h. A set is replaced by way of <set>_new (being
// filled) and <set>_old (to be removed), which last no longer than the call or the next one.
#ifndef REDOUBT_BPF_MAPS_PINS_H_
#define REDOUBT_BPF_MAPS_PINS_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/abi.h"

namespace redoubt::bpf {

inline constexpr char kBpfFileSystem[] = "/sys/fs/bpf";
inline constexpr char kAllPins[] = "/sys/fs/bpf/redoubt";
// Sets of programs.
inline constexpr char kProgramLinks[] = "links";
inline constexpr char kFileLinks[] = "file_links";

std::string pin_directory();
std::string map_directory();
// `name` without the prefix "redoubt_": "tasks", "log", "head", "meta", "paths".
std::string map_pin(const std::string& name);

// Takes a directory of pins away with all that is in it; one that is not there is as good.
Status remove_pins(const std::string& path);
// Those of every ABI, the meta of each first: a set of which a part is gone must not look complete.
Status remove_all_pins();

// Where the loader pins; swap_links() then puts the directory in the place of the set there is, and
// settle_links() takes away what was replaced, or what a killed caller has left of either.
std::string new_link_directory(const std::string& set);
Status swap_links(const std::string& set);
Status settle_links(const std::string& set);

// The hooks or functions of a set that is there, in no order; none: it is not.
std::vector<std::string> linked_programs(const std::string& set);

// Of the loaded set. err() ENOENT: none is loaded (or no BPF file system is mounted).
Result<redoubt_meta> read_meta();

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_MAPS_PINS_H_
