// Writes a policy document as JSON in the form that read_document.h reads, rules grouped as they
// came, names in order. Lines and sources are not written: in the new document the rules have new
// ones.
#ifndef REDOUBT_POLICY_DOCUMENT_WRITE_DOCUMENT_H_
#define REDOUBT_POLICY_DOCUMENT_WRITE_DOCUMENT_H_

#include "base/json.h"
#include "policy/document/document.h"

namespace redoubt::policy {

json::Value to_json(const Document& document);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_WRITE_DOCUMENT_H_
