#include "policy/authoring/risk.h"

#include <algorithm>
#include <set>

#include "base/str.h"
#include "policy/authoring/trees.h"
#include "policy/dangers.h"

namespace redoubt::policy {
namespace {

// Risks of more than one grant: found in the document, and kept when one of the grants is looked
// at.
class Combinations {
 public:
  Combinations(const Document& document, const std::vector<Grant>& grants, std::vector<Risk>& risks)
      : document_(document), risks_(risks) {
    for (const Grant& grant : grants) {
      looked_at_.insert({grant.field, grant.kind == GrantKind::kOpen ? "" : grant.key});
    }
  }

  void find() {
    find_write_and_execute();
    find_bypass();
    find_token();
  }

 private:
  bool is_looked_at(Field field, const std::string& key) const {
    return looked_at_.count({field, key}) != 0;
  }

  void add(std::string_view id, const Entry& entry, std::string what) {
    const auto table = risk_table();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const RiskInfo& r) { return r.id == id; });
    Grant grant;
    grant.field = found->field;
    grant.kind = GrantKind::kEntry;
    grant.key = entry.key;
    grant.rule = entry.rule;
    risks_.push_back({&*found, std::move(what), std::move(grant)});
  }

  // The entry of the list that is the path or a tree around it.
  static const Entry* tree_of(const FieldValue& trees, const std::string& path) {
    for (std::string tree = path;; tree = parent_of(tree)) {
      const Entry* found = find_entry(trees, tree);
      if (found != nullptr || tree == "/") {
        return found;
      }
    }
  }

  void add_pair(const Entry& written, const Entry& executed) {
    if (is_looked_at(Field::kFilesWrite, written.key) ||
        is_looked_at(Field::kFilesExecute, executed.key)) {
      add("write-and-execute",
          executed,
          written.key == executed.key
              ? concat("write and execute ", written.key)
              : concat("write ", written.key, " and execute ", executed.key));
    }
  }

  void find_write_and_execute() {
    const FieldValue& write = document_[Field::kFilesWrite];
    const FieldValue& execute = document_[Field::kFilesExecute];
    for (const Entry& executed : execute.entries) {
      const Entry* written = tree_of(write, executed.key);
      if (written != nullptr) {
        add_pair(*written, executed);
      }
    }
    for (const Entry& written : write.entries) {
      const Entry* executed = tree_of(execute, written.key);
      if (executed != nullptr && executed->key != written.key) {
        add_pair(written, *executed);
      }
    }
  }

  void find_bypass() {
    const FieldValue& families = document_[Field::kNetworkFamilies];
    const Entry* raw = find_entry(document_[Field::kCapabilitiesAllow], "CAP_NET_RAW");
    const bool bounded =
        document_[Field::kNetworkConnect].present || document_[Field::kNetworkBind].present;
    const bool packets = !families.present || find_entry(families, "AF_PACKET") != nullptr;
    if (raw != nullptr && bounded && packets &&
        (is_looked_at(Field::kCapabilitiesAllow, raw->key) ||
         is_looked_at(Field::kNetworkFamilies, families.present ? "AF_PACKET" : ""))) {
      add("network-rules-bypassed", *raw, "capability CAP_NET_RAW with sockets of AF_PACKET");
    }
  }

  void find_token() {
    const bool open = !document_[Field::kNetworkConnect].present;
    for (const Entry& entry : document_[Field::kFilesRead].entries) {
      if (open && has_token(entry.key) && entry.key != "/" &&
          (is_looked_at(Field::kFilesRead, entry.key) ||
           is_looked_at(Field::kNetworkConnect, ""))) {
        add("token-and-egress",
            entry,
            concat("read ", entry.key, " with egress to any address and port"));
      }
    }
  }

  const Document& document_;
  std::vector<Risk>& risks_;
  std::set<std::pair<Field, std::string>> looked_at_;
};

}  // namespace

std::vector<Risk> risks_of(const Document& document, const std::vector<Grant>& grants) {
  std::vector<Risk> risks;
  for (const Grant& grant : grants) {
    for (const RiskInfo& info : risk_table()) {
      if (info.field == grant.field && info.raised_by != nullptr && info.raised_by(grant)) {
        risks.push_back({&info, grant_text(grant), grant});
      }
    }
  }
  Combinations(document, grants, risks).find();
  std::stable_sort(risks.begin(), risks.end(), [](const Risk& a, const Risk& b) {
    return a.info->severity != b.info->severity ? a.info->severity > b.info->severity
                                                : a.info->id < b.info->id;
  });
  return risks;
}

std::string_view risk_severity_word(RiskSeverity severity) {
  constexpr std::string_view kWords[kRiskSeverityCount] = {"low", "medium", "high", "critical"};
  return kWords[static_cast<size_t>(severity)];
}

std::vector<std::vector<const Risk*>> risks_by_kind(const std::vector<Risk>& risks) {
  std::vector<std::vector<const Risk*>> kinds;
  for (const Risk& risk : risks) {
    if (kinds.empty() || kinds.back().front()->info != risk.info) {
      kinds.emplace_back();
    }
    kinds.back().push_back(&risk);
  }
  return kinds;
}

}  // namespace redoubt::policy
