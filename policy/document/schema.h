// The published descriptions of the document format, made from the table of fields: the JSON schema
// (draft-07, profiles/schema/policy.schema.json) and the table of docs/policy-fields.md.
#ifndef REDOUBT_POLICY_DOCUMENT_SCHEMA_H_
#define REDOUBT_POLICY_DOCUMENT_SCHEMA_H_

#include <string>

#include "base/json.h"

namespace redoubt::policy {

json::Value policy_schema();
std::string fields_markdown();

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_SCHEMA_H_
