// A Plan under a policy, and what the policy says that it did. For the tests of policy/harden*.cc.
#ifndef REDOUBT_TESTS_POLICY_HARDENED_H_
#define REDOUBT_TESTS_POLICY_HARDENED_H_

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "documents.h"
#include "policy/effective.h"
#include "policy/resolve.h"
#include "specs.h"

namespace redoubt::policy {

inline Effective policy_of(const std::map<std::string, std::string>& annotations,
                    const std::string& node = "",
                    const std::string& profile = "") {
  PolicySources sources{std::nullopt, lookup_with(profile)};
  if (!node.empty()) {
    sources.node = SourceText{node_text(node), "node.json"};
  }
  Result<Effective> effective = choose_policy(sources, annotations);
  EXPECT_TRUE(effective.has_value()) << effective.error().message();
  return effective ? *effective : Effective();
}

inline Result<plan::Plan> hardened(const oci::Spec& spec,
                            const Effective& policy,
                            const plan::HostFacts& host = capable_host()) {
  return resolve({.spec = spec, .host = host, .id = "c1", .bundle = "/b", .policy = &policy});
}

inline const plan::Decision* decision_of(const plan::Plan& plan, std::string_view control) {
  for (const plan::Decision& decision : plan.hardening.decisions) {
    if (decision.control == control) {
      return &decision;
    }
  }
  return nullptr;
}

inline const plan::LayerState* layer_of(const plan::Plan& plan, std::string_view name) {
  for (const plan::LayerState& layer : plan.hardening.layers) {
    if (layer.layer == name) {
      return &layer;
    }
  }
  return nullptr;
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_POLICY_HARDENED_H_
