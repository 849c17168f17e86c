#include "runc-compat/cli/container.h"

#include <utility>

namespace redoubt::cli {

Result<Container> open_container(const Globals& globals, const std::string& id) {
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::open(globals.runtime.root, id));
  TRY_ASSIGN(state::Record record, dir.load());
  return Container{std::move(dir), std::move(record)};
}

Result<Container> open_locked_container(const Globals& globals, const std::string& id) {
  TRY_ASSIGN(state::ContainerDir dir, state::ContainerDir::open(globals.runtime.root, id));
  TRY(dir.lock());
  TRY_ASSIGN(state::Record record, dir.load());
  return Container{std::move(dir), std::move(record)};
}

Result<std::string> cgroup_of(const state::Record& record) {
  TRY_ASSIGN(const bool owned, state::owns_cgroup(record));
  return owned ? record.cgroup_directory : std::string();
}

}  // namespace redoubt::cli
