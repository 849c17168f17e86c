// Documents for the tests of lib/oci: the bundles of tests/testdata, and edits of them by path
// ("process.args[1]").
#ifndef REDOUBT_TESTS_UNIT_OCI_DOCUMENTS_H_
#define REDOUBT_TESTS_UNIT_OCI_DOCUMENTS_H_

#include <string>
#include <string_view>

#include "base/json.h"

namespace redoubt::oci {

inline constexpr const char* kBundles[] = {"buildkit",
                                           "containerd-pod",
                                           "containerd-sandbox",
                                           "crio",
                                           "docker",
                                           "full",
                                           "minimal",
                                           "podman",
                                           "podman-rootless"};

// The text of tests/testdata/bundles/NAME/config.json.
std::string bundle_text(const std::string& name);

json::Value parse_text(std::string_view text);

// Sets the value at `path` to the JSON in `text`, making missing members; an empty text removes the
// member. Keys with dots are written as ["a.b"].
void put(json::Value& document, std::string_view path, std::string_view text);

}  // namespace redoubt::oci

#endif  // REDOUBT_TESTS_UNIT_OCI_DOCUMENTS_H_
