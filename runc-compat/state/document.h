// From a record to the state document that `state` and `list` print.
#ifndef REDOUBT_STATE_DOCUMENT_H_
#define REDOUBT_STATE_DOCUMENT_H_

#include "base/result.h"
#include "oci/state_document.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/record.h"

namespace redoubt::state {

// Status and pid as the kernel has them now; `owner` is left empty.
Result<oci::StateDocument> document_of(const ContainerDir& dir, const Record& record);

}  // namespace redoubt::state

#endif  // REDOUBT_STATE_DOCUMENT_H_
