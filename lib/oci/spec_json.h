// From JSON to oci::Spec. Types only: what the values may be is validate.h's matter.
//
// An error names the exact field and the wanted type: "process.args[1]: must be a string, got
// number". Unknown members are ignored; null counts as absent. Called by bundle.h for config.json,
// by `exec --process` and by `update --resources`.
#ifndef REDOUBT_OCI_SPEC_JSON_H_
#define REDOUBT_OCI_SPEC_JSON_H_

#include "base/json.h"
#include "base/result.h"
#include "oci/spec.h"

namespace redoubt::oci {

// The whole of config.json.
Result<Spec> parse_spec(const json::Value& document);

// The process object alone (`exec --process FILE`); paths in errors start with "process".
Result<Process> parse_process(const json::Value& document);

// The resources object alone (`update --resources FILE`); paths in errors start with "resources".
Result<Resources> parse_resources(const json::Value& document);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_SPEC_JSON_H_
