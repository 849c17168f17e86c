// A recording in the form of a policy document: what was seen is what is listed, the reason of each
// rule says when it was seen. For reading side by side with profiles (risks, the report), not for
// enforcing; generalise.h makes profiles.
#ifndef REDOUBT_POLICY_AUTHORING_RECORDING_DOCUMENT_H_
#define REDOUBT_POLICY_AUTHORING_RECORDING_DOCUMENT_H_

#include <string>

#include "policy/authoring/recording.h"
#include "policy/document/document.h"

namespace redoubt::policy {

// `source`: the file, for the rules. A call of a kernel.* field opens that field; port 0 of a bind,
// which is the kernel's to choose, stays as it is.
Document document_of(const Recording& recording, const std::string& source);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_RECORDING_DOCUMENT_H_
