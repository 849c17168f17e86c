// policy::Document: a profile or a node policy as read, field by field, each entry with the rule
// that it comes from. An absent field means no opinion; the Document without any is the widest one.
//
// Values are uniform (FieldValue) so that one table (field.h) can drive reading, merging, diffing
// and explaining. Plain data; made by read_document.h and merge.h.
#ifndef REDOUBT_POLICY_DOCUMENT_DOCUMENT_H_
#define REDOUBT_POLICY_DOCUMENT_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document/field.h"

namespace redoubt::policy {

// Where a value comes from: for messages, explain and events.
struct Rule {
  std::string source;  // file name, "annotation io.redoubt.policy", ...
  uint32_t line = 0;   // 0: the source has no lines
  std::string reason;
  // Of the node's own policy or of an annotation: a capability that config.json grants does not lift
  // it, as it lifts those of profiles.
  bool hard = false;
  // Of a document that says of itself that it goes without what a host lacks (mode "preferred" or
  // less): another document's "required" does not make these rules a reason to refuse.
  bool best_effort = false;
};

// One name of a set, one path, one endpoint, one limit.
struct Entry {
  std::string key;
  std::string text;      // kTexts
  uint64_t number = 0;   // kNumbers
  uint32_t rule = 0;     // index into Document::rules
  bool conflict = false;  // kTexts: two sources disagree; `text` says both
};

struct FieldValue {
  bool present = false;
  bool conflict = false;       // kText: as Entry::conflict
  uint64_t number = 0;         // kFlag, kLevel, kNumber
  std::string text;            // kText
  uint32_t rule = 0;           // of the scalar; for sets: of the first entry
  std::vector<Entry> entries;  // sorted by key, each key once
};

enum class DocumentKind { kProfile, kNodePolicy };

struct Document {
  DocumentKind kind = DocumentKind::kProfile;
  std::string name, description;
  std::vector<std::string> extends;  // names, not yet merged in
  // One for each Field. On the heap, because a start moves several documents about.
  std::vector<FieldValue> fields = std::vector<FieldValue>(kFieldCount);
  std::vector<Rule> rules;

  const FieldValue& operator[](Field field) const { return fields[static_cast<size_t>(field)]; }
  FieldValue& operator[](Field field) { return fields[static_cast<size_t>(field)]; }
  // Preconditions: the field is present.
  const Rule& rule_of(Field field) const { return rules[(*this)[field].rule]; }

  // The level's index, or `absent`.
  uint32_t level(Field field, uint32_t absent = 0) const {
    return (*this)[field].present ? static_cast<uint32_t>((*this)[field].number) : absent;
  }
};

// The entry with this key, or nullptr.
const Entry* find_entry(const FieldValue& value, std::string_view key);

// "profiles/web.json:41", "annotation io.redoubt.mode".
std::string place_of(const Rule& rule);

// One line: "deny", "CAP_CHOWN, CAP_KILL", "(none)". Long sets are cut with their size.
std::string value_text(const FieldInfo& info, const FieldValue& value);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_DOCUMENT_H_
