#include "policy/document/merge.h"

#include <algorithm>
#include <iterator>

#include "base/str.h"
#include "policy/document/endpoint.h"

namespace redoubt::policy {
namespace {

using Entries = std::vector<Entry>;
using Fields = std::vector<FieldValue>;  // Document::fields

bool by_key(const Entry& a, const Entry& b) {
  return a.key < b.key;
}

Entries intersection_of(const Entries& a, const Entries& b) {
  Entries both;
  std::set_intersection(
      a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both), by_key);
  return both;
}

// Of two entries with one key, `combine` makes one.
template <typename Combine>
Entries union_of(const Entries& a, const Entries& b, Combine combine) {
  Entries all;
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->key < right->key)) {
      all.push_back(*left++);
    } else if (left == a.end() || right->key < left->key) {
      all.push_back(*right++);
    } else {
      all.push_back(combine(*left++, *right++));
    }
  }
  return all;
}

Entry keep_first(const Entry& a, const Entry& /*b*/) {
  return a;
}

Entry smaller(const Entry& a, const Entry& b) {
  return b.number < a.number ? b : a;
}

// The bottom of two texts: the different words, sorted, so that the order of merging leaves no
// trace.
std::string disagreement(const std::string& a, const std::string& b) {
  std::vector<std::string> words;
  for (const std::string* text : {&a, &b}) {
    for (std::string& word : split(*text, '\n')) {
      words.push_back(std::move(word));
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return join(words, "\n");
}

Entry agreeing(const Entry& a, const Entry& b) {
  Entry entry = a;
  entry.text = disagreement(a.text, b.text);
  entry.conflict = entry.text.find('\n') != std::string::npos;
  return entry;
}

bool tree_contains(std::string_view outer, std::string_view inner) {
  if (outer == "/") {
    return true;
  }
  return inner == outer ||
         (inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/');
}

// What is left of pairwise intersections when those inside of others are dropped: a set of maximal
// elements, which makes the meet idempotent.
template <typename Contains>
Entries maximal(Entries entries, Contains contains_key) {
  std::sort(entries.begin(), entries.end(), by_key);
  entries.erase(std::unique(entries.begin(),
                            entries.end(),
                            [](const Entry& a, const Entry& b) { return a.key == b.key; }),
                entries.end());
  Entries kept;
  for (const Entry& entry : entries) {
    const bool inside = std::any_of(entries.begin(), entries.end(), [&](const Entry& other) {
      return other.key != entry.key && contains_key(other.key, entry.key);
    });
    if (!inside) {
      kept.push_back(entry);
    }
  }
  return kept;
}

Entries common_trees(const Entries& a, const Entries& b) {
  Entries both;
  for (const Entry& left : a) {
    for (const Entry& right : b) {
      if (tree_contains(left.key, right.key)) {
        both.push_back(right);
      } else if (tree_contains(right.key, left.key)) {
        both.push_back(left);
      }
    }
  }
  return maximal(std::move(both), tree_contains);
}

bool endpoint_contains(const std::string& outer, const std::string& inner) {
  const auto a = parse_endpoint(outer);
  const auto b = parse_endpoint(inner);
  return a && b && contains(*a, *b);
}

Entries common_endpoints(const Entries& a, const Entries& b) {
  Entries both;
  for (const Entry& left : a) {
    for (const Entry& right : b) {
      const auto x = parse_endpoint(left.key);
      const auto y = parse_endpoint(right.key);
      const auto common = x && y ? intersection(*x, *y) : std::nullopt;
      if (common) {
        Entry entry = left;
        entry.key = to_text(*common);
        both.push_back(std::move(entry));
      }
    }
  }
  return maximal(std::move(both), endpoint_contains);
}

void meet_entries(FieldType type, const FieldValue& a, const FieldValue& b, FieldValue& out) {
  switch (type) {
    case FieldType::kAllowed:
      out.entries = intersection_of(a.entries, b.entries);
      break;
    case FieldType::kDenied:
      out.entries = union_of(a.entries, b.entries, keep_first);
      break;
    case FieldType::kPaths:
      out.entries = common_trees(a.entries, b.entries);
      break;
    case FieldType::kEndpoints:
      out.entries = common_endpoints(a.entries, b.entries);
      break;
    case FieldType::kNumbers:
      out.entries = union_of(a.entries, b.entries, smaller);
      break;
    case FieldType::kTexts:
      out.entries = union_of(a.entries, b.entries, agreeing);
      break;
    default:
      break;
  }
}

FieldValue meet_values(FieldType type, const FieldValue& a, const FieldValue& b) {
  if (!a.present || !b.present) {
    return a.present ? a : b;
  }
  const bool limit = type == FieldType::kNumber;
  const bool second = limit ? b.number < a.number : b.number > a.number;
  FieldValue out;
  out.present = true;
  out.number = second ? b.number : a.number;
  out.rule = second ? b.rule : a.rule;
  if (type == FieldType::kText) {
    out.text = disagreement(a.text, b.text);
    out.conflict = out.text.find('\n') != std::string::npos;
  }
  meet_entries(type, a, b, out);
  return out;
}

const FieldValue& value_in(const Fields& fields, Field field) {
  return fields[static_cast<size_t>(field)];
}

// All trees that grant what `info.field` grants. Absent: every tree does.
FieldValue granting_trees(const FieldInfo& info, const Fields& fields) {
  FieldValue all = value_in(fields, info.adds_to);
  if (all.present) {
    all.entries = union_of(value_in(fields, info.field).entries, all.entries, keep_first);
  }
  return all;
}

// Of a field that adds to another one, what is granted is met, and written as what is left to add.
FieldValue meet_field(const FieldInfo& info, const Fields& a, const Fields& b) {
  const FieldValue& mine = value_in(a, info.field);
  const FieldValue& theirs = value_in(b, info.field);
  if (!info.adds() || (!mine.present && !theirs.present)) {
    return meet_values(info.type, mine, theirs);
  }
  const FieldValue had = meet_values(info.type, value_in(a, info.adds_to), value_in(b, info.adds_to));
  if (!had.present) {
    return meet_values(info.type, mine, theirs);
  }
  FieldValue out = meet_values(info.type, granting_trees(info, a), granting_trees(info, b));
  std::erase_if(out.entries, [&](const Entry& entry) {
    return std::any_of(had.entries.begin(), had.entries.end(), [&](const Entry& tree) {
      return tree_contains(tree.key, entry.key);
    });
  });
  if (out.entries.empty()) {
    return {};
  }
  out.rule = out.entries.front().rule;
  return out;
}

Fields canonical_fields(const Fields& fields) {
  Fields out;
  for (const FieldInfo& info : field_table()) {
    out.push_back(meet_field(info, fields, fields));
  }
  return out;
}

void shift_rules(FieldValue& value, uint32_t offset) {
  value.rule += offset;
  for (Entry& entry : value.entries) {
    entry.rule += offset;
  }
}

std::string both_words(const std::string& words) {
  std::string shown;
  for (const std::string& word : split(words, '\n')) {
    shown += concat(shown.empty() ? "" : " and ", quote(word));
  }
  return shown;
}

}  // namespace

Document meet(const Document& a, const Document& b) {
  Document out;
  out.kind = a.kind;
  out.name = a.name;
  out.description = a.description;
  out.extends = a.extends;
  for (const std::string& name : b.extends) {
    if (std::find(out.extends.begin(), out.extends.end(), name) == out.extends.end()) {
      out.extends.push_back(name);
    }
  }
  out.rules = a.rules;
  out.rules.insert(out.rules.end(), b.rules.begin(), b.rules.end());
  const auto offset = static_cast<uint32_t>(a.rules.size());
  Fields theirs = b.fields;
  for (FieldValue& value : theirs) {
    shift_rules(value, offset);
  }
  for (const FieldInfo& info : field_table()) {
    out[info.field] = meet_field(info, a.fields, theirs);
  }
  return out;
}

bool same_value(const FieldInfo& info, const FieldValue& a, const FieldValue& b) {
  if (a.present != b.present) {
    return false;
  }
  const bool scalar = info.type == FieldType::kFlag || info.type == FieldType::kLevel ||
                      info.type == FieldType::kNumber;
  if ((scalar && a.number != b.number) || a.text != b.text ||
      a.entries.size() != b.entries.size()) {
    return false;
  }
  return std::equal(
      a.entries.begin(), a.entries.end(), b.entries.begin(), [](const Entry& x, const Entry& y) {
        return x.key == y.key && x.text == y.text && x.number == y.number;
      });
}

std::vector<Field> wider_fields(const Document& a, const Document& b) {
  std::vector<Field> wider;
  for (const FieldInfo& info : field_table()) {
    const FieldValue& mine = a[info.field];
    const FieldValue both = meet_field(info, a.fields, b.fields);
    // A path below another one of the same list is no more than that one: the meet drops it.
    if (!same_value(info, both, mine) && !same_value(info, both, meet_field(info, a.fields, a.fields))) {
      wider.push_back(info.field);
    }
  }
  return wider;
}

std::vector<Difference> differences(const Document& a, const Document& b) {
  std::vector<Difference> found;
  const Fields all_before = canonical_fields(a.fields);
  const Fields all_after = canonical_fields(b.fields);
  for (const FieldInfo& info : field_table()) {
    const FieldValue& before = value_in(all_before, info.field);
    const FieldValue& after = value_in(all_after, info.field);
    if (same_value(info, before, after)) {
      continue;
    }
    const FieldValue both = meet_field(info, all_before, all_after);
    Difference difference;
    difference.field = info.field;
    difference.sign = same_value(info, both, after)    ? '-'
                      : same_value(info, both, before) ? '+'
                                                       : '~';
    difference.before = value_text(info, before);
    difference.after = value_text(info, after);
    difference.rule_in_b = after.present;
    difference.rule = after.present ? after.rule : before.rule;
    found.push_back(std::move(difference));
  }
  return found;
}

Status check_conflicts(const Document& document) {
  for (const FieldInfo& info : field_table()) {
    const FieldValue& value = document[info.field];
    if (value.conflict) {
      return Error(ErrorKind::kDenied,
                   concat(info.path, ": sources disagree: ", both_words(value.text)));
    }
    for (const Entry& entry : value.entries) {
      if (entry.conflict) {
        return Error(ErrorKind::kDenied,
                     concat(info.path,
                            ": sources disagree about ",
                            entry.key,
                            ": ",
                            both_words(entry.text)));
      }
    }
  }
  return {};
}

}  // namespace redoubt::policy
