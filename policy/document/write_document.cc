#include "policy/document/write_document.h"

#include <map>

#include "base/str.h"
#include "policy/document/gather.h"
#include "policy/document/memory_size.h"
#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

json::Value with_reason(json::Value rule, const Document& document, uint32_t index) {
  rule.set("reason", document.rules[index].reason);
  return rule;
}

json::Value scalar(const Document& document, const FieldInfo& info) {
  const FieldValue& value = document[info.field];
  json::Value rule;
  switch (info.type) {
    case FieldType::kFlag:
      rule.set("value", value.number != 0);
      break;
    case FieldType::kLevel:
      rule.set("value", info.words[value.number]);
      break;
    case FieldType::kNumber:
      if (info.vocabulary == Vocabulary::kMemorySize) {
        rule.set("value", memory_size_text(value.number));
      } else {
        rule.set("value", value.number);
      }
      break;
    default:
      rule.set("value", value.text);
      break;
  }
  return with_reason(std::move(rule), document, value.rule);
}

json::Value named_values(const Document& document, const FieldInfo& info) {
  json::Value rules{json::Array()};
  for (const Entry& entry : document[info.field].entries) {
    json::Value rule;
    rule.set("name", entry.key);
    if (info.type == FieldType::kTexts) {
      rule.set("value", entry.text);
    } else {
      rule.set("value", entry.number);
    }
    rules.push(with_reason(std::move(rule), document, entry.rule));
  }
  return rules;
}

// Rule -> the keys of its entries; without an entry, the rule that says so.
std::map<uint32_t, std::vector<std::string>> keys_by_rule(const FieldValue& value) {
  std::map<uint32_t, std::vector<std::string>> groups;
  for (const Entry& entry : value.entries) {
    groups[entry.rule].push_back(entry.key);
  }
  if (groups.empty()) {
    groups[value.rule] = {};
  }
  return groups;
}

json::Value endpoints(const Document& document, const FieldInfo& info) {
  json::Value rules{json::Array()};
  for (const auto& [rule, keys] : keys_by_rule(document[info.field])) {
    for (json::Value& endpoint : gather_endpoints(keys)) {
      rules.push(with_reason(std::move(endpoint), document, rule));
    }
    if (keys.empty()) {
      rules.push(with_reason(json::Value().set("address", "none"), document, rule));
    }
  }
  return rules;
}

json::Value names(const Document& document, const FieldInfo& info) {
  const char* key = info.vocabulary == Vocabulary::kPath ? "paths" : "names";
  json::Value rules{json::Array()};
  for (const auto& [rule, keys] : keys_by_rule(document[info.field])) {
    json::Value list{json::Array()};
    for (const std::string& name : info.vocabulary == Vocabulary::kSyscall ? gather_syscalls(keys) : keys) {
      list.push(name);
    }
    rules.push(with_reason(json::Value().set(key, std::move(list)), document, rule));
  }
  return rules;
}

json::Value field_json(const Document& document, const FieldInfo& info) {
  switch (info.type) {
    case FieldType::kAllowed:
    case FieldType::kDenied:
    case FieldType::kPaths:
      return names(document, info);
    case FieldType::kEndpoints:
      return endpoints(document, info);
    case FieldType::kNumbers:
    case FieldType::kTexts:
      return named_values(document, info);
    default:
      return scalar(document, info);
  }
}

}  // namespace

json::Value to_json(const Document& document) {
  json::Value out;
  out.set("apiVersion", kApiVersion);
  out.set("kind", document.kind == DocumentKind::kProfile ? "Profile" : "NodePolicy");
  if (!document.name.empty()) {
    out.set("name", document.name);
  }
  if (!document.description.empty()) {
    out.set("description", document.description);
  }
  if (!document.extends.empty()) {
    json::Value bases{json::Array()};
    for (const std::string& base : document.extends) {
      bases.push(base);
    }
    out.set("extends", std::move(bases));
  }
  std::map<std::string, json::Value> sections;
  std::vector<std::string> order;
  for (const FieldInfo& info : field_table()) {
    if (!document[info.field].present) {
      continue;
    }
    const size_t dot = info.path.find('.');
    const std::string section(info.path.substr(0, dot));
    if (dot == std::string_view::npos) {
      out.set(section, field_json(document, info));
      continue;
    }
    if (sections.find(section) == sections.end()) {
      order.push_back(section);
    }
    sections[section].set(info.path.substr(dot + 1), field_json(document, info));
  }
  for (const std::string& section : order) {
    out.set(section, std::move(sections[section]));
  }
  return out;
}

}  // namespace redoubt::policy
