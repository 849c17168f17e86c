// ProgramObject: one object of programs on its way into the kernel. It shares the maps that are pinned already, and its links are pinned
// as one set, which is there as a whole or not at all. Used by loader.cc and file_reports.cc.
#ifndef REDOUBT_BPF_LOAD_PROGRAM_OBJECT_H_
#define REDOUBT_BPF_LOAD_PROGRAM_OBJECT_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bpf/load/library.h"

namespace redoubt::bpf {

// The name of a program or a map without the prefix "redoubt_": a program's is then that of its hook or function.
std::string_view without_prefix(std::string_view name);

class ProgramObject {
 public:
  // The maps that are pinned go on: the marks of running containers are in them. `bytes` stay the caller's. Errors: an empty object (built
  // without REDOUBT_BPF), a map of another shape.
  static Result<ProgramObject> open(const BpfLibrary& lib, std::string_view bytes);

  std::vector<std::string_view> names() const;
  // The descriptor of a program that was loaded; -1: there is none of that name.
  int program_fd(std::string_view name) const;
  // Leaves out the programs that are not wanted.
  void choose(const std::function<bool(std::string_view name)>& is_wanted);
  // Into the kernel, attached to nothing.
  Status load();
  // Calls `attach_one` for each that was chosen; it keep()s the link.
  Status attach(const std::function<Status(std::string_view name, bpf_program* program)>& attach_one);
  void keep(std::string_view name, BpfLink link) { links_.emplace_back(name, std::move(link)); }

  // All but the map "meta" (which says that a set is complete), where they are not pinned yet.
  Status pin_maps();
  bpf_map* find_map(std::string_view name) const;
  // In the place of the set of that name (pins.h): in a directory of its own first, so that the old one goes only when the new one is
  // whole. What is left of a load that was killed may be all that is in force, so it goes only now, when this set is attached.
  Status pin_links(const std::string& set);

 private:
  ProgramObject(const BpfLibrary& lib, BpfObject object) : lib_(lib), object_(std::move(object)) {}
  Status share_maps();

  BpfLibrary lib_;
  BpfObject object_;
  std::vector<std::pair<std::string, BpfLink>> links_;
};

// Those of the names that the kernel's own types know as functions: programs attach to no other. One pass over the types, which are some 100,000.
using FunctionNames = std::set<std::string, std::less<>>;
Result<FunctionNames> kernel_functions(const BpfLibrary& lib, const FunctionNames& names);

// A directory for pins; one that is there is as good.
Status make_pin_directory(const std::string& path);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_PROGRAM_OBJECT_H_
