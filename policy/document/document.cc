#include "policy/document/document.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/memory_size.h"

namespace redoubt::policy {
namespace {

constexpr size_t kShownEntries = 6;

std::string entry_text(const FieldInfo& info, const Entry& entry) {
  switch (info.type) {
    case FieldType::kNumbers:
      return concat(entry.key, "=", entry.number);
    case FieldType::kTexts:
      return concat(entry.key, "=", entry.text);
    default:
      return entry.key;
  }
}

std::string entries_text(const FieldInfo& info, const FieldValue& value) {
  if (value.entries.empty()) {
    return "(none)";
  }
  std::vector<std::string> shown;
  for (const Entry& entry : value.entries) {
    if (shown.size() == kShownEntries && value.entries.size() > kShownEntries + 1) {
      shown.push_back(concat("... ", value.entries.size(), " in all"));
      break;
    }
    shown.push_back(entry_text(info, entry));
  }
  return join(shown, ", ");
}

}  // namespace

const Entry* find_entry(const FieldValue& value, std::string_view key) {
  const auto found =
      std::lower_bound(value.entries.begin(),
                       value.entries.end(),
                       key,
                       [](const Entry& entry, std::string_view k) { return entry.key < k; });
  return found == value.entries.end() || found->key != key ? nullptr : &*found;
}

std::string place_of(const Rule& rule) {
  return rule.line == 0 ? rule.source : concat(rule.source, ":", rule.line);
}

std::string value_text(const FieldInfo& info, const FieldValue& value) {
  if (!value.present) {
    return "(no opinion)";
  }
  switch (info.type) {
    case FieldType::kFlag:
      return value.number != 0 ? "true" : "false";
    case FieldType::kLevel:
      return std::string(info.words[value.number]);
    case FieldType::kNumber:
      return info.vocabulary == Vocabulary::kMemorySize ? memory_size_text(value.number) : concat(value.number);
    case FieldType::kText:
      return value.text;
    default:
      return entries_text(info, value);
  }
}

}  // namespace redoubt::policy
