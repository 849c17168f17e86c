// Bounded YAML: one document as the same values that JSON is read to. The only user of libyaml is
// yaml.cc. What two readers understand differently is refused: aliases, tags, duplicate keys, several
// documents, and the plain words yes, no, on and off.
#ifndef REDOUBT_POLICY_AUTHORING_YAML_H_
#define REDOUBT_POLICY_AUTHORING_YAML_H_

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace redoubt::policy {

// `name` starts every error: "policy.yaml:3: what". `limits` as for JSON.
Result<json::Value> parse_yaml(std::string_view text,
                               std::string_view name,
                               const json::Limits& limits = {});

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_YAML_H_
