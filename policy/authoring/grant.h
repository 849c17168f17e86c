// Grants: what a document lets a workload do, one by one and in words: "write /etc", "egress
// 0.0.0.0/0:443/tcp". A tighter document has none that a wider one lacks. Used by risk.h, `profile
// diff` and the report.
#ifndef REDOUBT_POLICY_AUTHORING_GRANT_H_
#define REDOUBT_POLICY_AUTHORING_GRANT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "policy/document/document.h"

namespace redoubt::policy {

enum class GrantKind : uint8_t {
  kEntry,   // of a list of what is allowed
  kOpen,    // there is no such list, or limit: anything
  kLifted,  // of a list of what is denied: no longer in it
  kValue,   // a level, a flag, a number or a text; `key`: of which entry
};

inline constexpr uint32_t kNoRule = UINT32_MAX;

struct Grant {
  Field field{};
  GrantKind kind{};
  std::string key;
  uint64_t number = 0;      // kValue
  std::string text;         // kValue
  uint32_t rule = kNoRule;  // in the document that grants

  bool operator==(const Grant& other) const {
    return field == other.field && kind == other.kind && key == other.key;
  }
};

// All that `document` says is allowed; what `standard` denies by name and it does not is lifted.
std::vector<Grant> grants_of(const Document& document, const Document& standard);
// Only what it lists, for documents whose silence means nothing.
std::vector<Grant> listed_grants(const Document& document);

// What `to` allows and `from` does not.
std::vector<Grant> added_grants(const Document& from, const Document& to);

// For readers: a phrase that fits behind "adds:".
std::string grant_text(const Grant& grant);
// Those of one field in one line: "write /etc, /var/lib". Cut, with the number, when there are
// many.
std::string grants_text(const std::vector<Grant>& grants, Field field);

// "tcp 10.0.0.0/8 443" -> "10.0.0.0/8:443/tcp".
std::string endpoint_words(const std::string& key);

// Whether the list allows the path, by one of its trees.
bool has_tree_for(const FieldValue& trees, const std::string& path);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_GRANT_H_
