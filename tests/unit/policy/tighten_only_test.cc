// Node policy, annotations and config.json at random, as the texts that people write: no container
// ever gets more than the node's own rules allow, and every refusal says who wanted what.
#include <linux/capability.h>

#include <algorithm>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "documents.h"
#include "plan/capability_names.h"
#include "plan/rlimit_names.h"
#include "policy/document/merge.h"
#include "policy/document/write_document.h"
#include "policy/harden.h"
#include "specs.h"

namespace redoubt::policy {
namespace {

constexpr int kTriples = 10000;
constexpr uint32_t kPrivilegedAllow = 0;

struct Triple {
  Document node, asked;
  std::string node_text;
  std::map<std::string, std::string> annotations;
  oci::Spec spec;
};

// A list without an entry says nothing, and cannot be written, where it is not one of what is allowed.
bool says_nothing(const FieldInfo& info, const FieldValue& value) {
  const bool scalar = info.type == FieldType::kFlag || info.type == FieldType::kLevel ||
                      info.type == FieldType::kNumber || info.type == FieldType::kText;
  const bool allows = info.type == FieldType::kAllowed || info.type == FieldType::kPaths ||
                      info.type == FieldType::kEndpoints;
  return !scalar && !allows && value.entries.empty();
}

void drop_empty(Document& document) {
  for (const FieldInfo& info : field_table()) {
    if (says_nothing(info, document[info.field])) {
      document[info.field] = {};
    }
  }
}

class Triples {
 public:
  explicit Triples(uint32_t seed) : documents_(seed) {}

  Triple next() {
    Triple triple;
    triple.node = documents_.next(12);
    triple.node.kind = DocumentKind::kNodePolicy;
    for (const Field field : {Field::kNodeDefaultProfile, Field::kNodeOnConflict}) {
      triple.node[field] = {};
    }
    drop_empty(triple.node);
    triple.node_text = json::dump(to_json(triple.node));
    triple.asked = documents_.next(6);
    for (const FieldInfo& info : field_table()) {
      // The mode of an annotation has a key of its own; what is a choice and no bound it may not say at all.
      if (info.scope == Scope::kNodeOnly || info.field == Field::kSysctls || info.field == Field::kSelinuxType || info.field == Field::kApparmorProfile) {
        triple.asked[info.field] = {};
      }
    }
    drop_empty(triple.asked);
    if (below(3) > 0) {
      triple.annotations["io.redoubt.policy"] = inline_text(triple.asked);
    } else {
      triple.asked = Document();
    }
    if (below(4) == 0) {
      triple.annotations["io.redoubt.profile"] = one_of({"default", "restricted", "builder", "jit"});
    }
    if (below(4) == 0) {
      triple.annotations["io.redoubt.mode"] = one_of({"off", "audit", "preferred", "required"});
    }
    fill(triple.spec);
    return triple;
  }

 private:
  uint32_t below(uint32_t end) { return documents_.below(end); }

  std::string one_of(const std::vector<std::string>& words) {
    return words[below(static_cast<uint32_t>(words.size()))];
  }

  static std::string inline_text(const Document& document) {
    Document named = document;
    named.name = "inline";
    return json::dump(to_json(named));
  }

  void fill(oci::Spec& spec) {
    spec = small_spec();
    oci::Capabilities sets;
    const uint32_t percent = below(3) * 50;  // none, some, all
    std::vector<std::string> names;
    for (const std::string_view name : plan::capability_names()) {
      if (below(100) < percent) {
        names.emplace_back(name);
      }
    }
    sets.bounding = sets.effective = sets.permitted = names;
    spec.process->capabilities = sets;
    spec.process->user.uid = below(2) * 1000;
    if (below(2) == 0) {
      oci::Seccomp seccomp;
      seccomp.default_action = "SCMP_ACT_ALLOW";
      spec.linux_->seccomp = seccomp;
    }
    if (below(3) == 0) {
      spec.process->rlimits.push_back({"RLIMIT_NOFILE", 1024, 1024});
    }
  }

  RandomDocuments documents_;
};

// The node's rules alone, as a document that the result must lie below.
Document rules_of(Document node) {
  for (const FieldInfo& info : field_table()) {
    if (info.scope == Scope::kNodeOnly) {
      node[info.field] = {};
    }
  }
  return node;
}

bool named(const std::vector<std::string_view>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

uint64_t mask_of(const FieldValue& value) {
  uint64_t mask = 0;
  for (const Entry& entry : value.entries) {
    mask |= uint64_t{1} << *plan::capability_number(entry.key);
  }
  return mask;
}

void expect_capabilities_below(const Document& node, const plan::Plan& plan) {
  const plan::Capabilities& sets = plan.process.capabilities;
  const uint64_t any =
      sets.bounding | sets.effective | sets.permitted | sets.inheritable | sets.ambient;
  if (node[Field::kCapabilitiesAllow].present) {
    ASSERT_EQ(any & ~mask_of(node[Field::kCapabilitiesAllow]), 0U);
  }
  if (node[Field::kCapabilitiesDeny].present) {
    ASSERT_EQ(any & mask_of(node[Field::kCapabilitiesDeny]), 0U);
  }
}

void expect_limits_below(const Document& node, const plan::Plan& plan) {
  for (const Entry& entry : node[Field::kRlimits].entries) {
    const auto number = plan::find_number(plan::rlimit_names(), entry.key);
    const bool kept = std::any_of(
        plan.process.rlimits.begin(), plan.process.rlimits.end(), [&](const plan::Rlimit& limit) {
          return static_cast<uint64_t>(limit.resource) == *number && limit.hard <= entry.number;
        });
    ASSERT_TRUE(kept) << entry.key;
  }
}

void expect_paths_below(const Document& node, const plan::Plan& plan) {
  for (const Entry& entry : node[Field::kFilesMasked].entries) {
    const bool covered = std::any_of(
        plan.masked_paths.begin(), plan.masked_paths.end(), [&](const std::string& path) {
          return path == entry.key || path == "/" || entry.key.starts_with(concat(path, "/"));
        });
    ASSERT_TRUE(covered) << entry.key;
  }
}

// What the Plan does is no wider than the node's rules, field by field where it can be compared.
void expect_plan_below(const Document& node, const plan::Plan& plan) {
  expect_capabilities_below(node, plan);
  expect_limits_below(node, plan);
  expect_paths_below(node, plan);
  if (node[Field::kNoNewPrivileges].present && node[Field::kNoNewPrivileges].number != 0) {
    ASSERT_TRUE(plan.process.no_new_privileges);
  }
  if (node[Field::kReadonlyRoot].present && node[Field::kReadonlyRoot].number != 0) {
    ASSERT_TRUE(plan.rootfs.readonly);
  }
  for (const FieldInfo& info : field_table()) {
    if (info.layer.find("bpf-lsm") != std::string_view::npos &&
        info.type == FieldType::kLevel && node.level(info.field) == 2) {
      ASSERT_TRUE(named(plan.hardening.intents.denied_surfaces, info.path)) << info.path;
    }
  }
}

TEST(TightenOnly, NoTripleOfTenThousandIsWiderThanTheNode) {
  Triples triples(11);
  const plan::HostFacts host = host_with_every_layer();
  std::map<std::string, int> outcomes;
  plan::HostFacts guest = host;
  guest.inside_machine = true;
  for (int i = 0; i < kTriples; ++i) {
    const Triple triple = triples.next();
    const Document rules = rules_of(triple.node);
    PolicySources sources{SourceText{triple.node_text, "node.json"}, lookup_with()};
    const Result<Effective> policy = choose_policy(sources, triple.annotations);
    if (!policy) {
      // Field, both sources, both values.
      ASSERT_THAT(policy.error().message(),
                  testing::AnyOf(testing::ContainsRegex(
                                     "[a-zA-Z]+(\\.[a-zA-Z]+)?: .+ asks for .+, .+ allows .+"),
                                 testing::ContainsRegex("[a-zA-Z.]+: .+ and .+")))
          << triple.node_text;
      ++outcomes["refused by its documents"];
      continue;
    }
    ASSERT_TRUE(wider_fields(policy->document, rules).empty()) << triple.node_text;
    ASSERT_TRUE(wider_fields(policy->document, triple.asked).empty()) << triple.node_text;
    Result<plan::Plan> plan = resolve(
        {.spec = triple.spec, .host = host, .id = "c1", .bundle = "/b", .policy = &*policy});
    if (plan && plan->machine) {  // what confines the container is what the guest makes of the same
      plan = resolve({.spec = triple.spec, .host = guest, .id = "c1", .bundle = "/b", .policy = &*policy});
    }
    if (!plan) {
      ASSERT_THAT(plan.error().message(), testing::ContainsRegex("[a-zA-Z]+(\\.[a-zA-Z]+)?.*: .+"));
      ++outcomes["refused for its config.json"];
      continue;
    }
    if (plan->hardening.privileged &&
        triple.node.level(Field::kNodePrivileged) == kPrivilegedAllow) {
      ++outcomes["privileged, which the node allows"];
      continue;
    }
    if (plan->hardening.mode == "off" || plan->hardening.mode == "audit") {
      ++outcomes["only watched"];
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(expect_plan_below(rules, *plan)) << triple.node_text;
    ++outcomes["started"];
  }
  for (const char* outcome : {"refused by its documents", "refused for its config.json", "started"}) {
    EXPECT_GT(outcomes[outcome], 300) << outcome;
  }
  EXPECT_GT(outcomes["privileged, which the node allows"], 50);
}

}  // namespace
}  // namespace redoubt::policy
