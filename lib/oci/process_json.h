// oci::Process as the JSON that config.json and --process have: what the command line of exec made of
// it, to be handed on to another runtime.
#ifndef REDOUBT_OCI_PROCESS_JSON_H_
#define REDOUBT_OCI_PROCESS_JSON_H_

#include "base/json.h"
#include "oci/spec.h"

namespace redoubt::oci {

// parse_process() of the result gives the same Process.
json::Value process_to_json(const Process& process);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_PROCESS_JSON_H_
