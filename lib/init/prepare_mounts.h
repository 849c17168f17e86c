// The mounts' part of prepare: MountStep for every plan::Mount, with the trees that only the host's
// privilege can open.
#ifndef REDOUBT_INIT_PREPARE_MOUNTS_H_
#define REDOUBT_INIT_PREPARE_MOUNTS_H_

#include <vector>

#include "base/result.h"
#include "init/arena.h"
#include "init/prepare.h"

namespace redoubt::init {

// Fills program.mounts, path and tree_fd; opened trees go to `owned`. With a user namespace of its
// own the container could not reach host paths below closed directories, so the parent opens them;
// idmapped trees are always the parent's.
Status prepare_mounts(const PrepareRequest& request,
                      Arena& arena,
                      RootfsProgram& program,
                      std::vector<UniqueFd>& owned);

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_PREPARE_MOUNTS_H_
