#include "policy/document/write_document.h"

#include <map>

#include "base/str.h"
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
      rule.set("value", value.number);
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

// "tcp 10.0.0.0/8 443".
json::Value endpoint(const Document& document, const Entry& entry) {
  const std::vector<std::string> parts = split(entry.key, ' ');
  json::Value rule;
  rule.set("address", parts[1]);
  rule.set("ports", json::Value().push(parts[2]));
  rule.set("protocol", parts[0]);
  return with_reason(std::move(rule), document, entry.rule);
}

json::Value endpoints(const Document& document, const FieldInfo& info) {
  json::Value rules{json::Array()};
  const FieldValue& value = document[info.field];
  for (const Entry& entry : value.entries) {
    rules.push(endpoint(document, entry));
  }
  if (value.entries.empty()) {
    rules.push(with_reason(json::Value().set("address", "none"), document, value.rule));
  }
  return rules;
}

json::Value names(const Document& document, const FieldInfo& info) {
  const char* key = info.vocabulary == Vocabulary::kPath ? "paths" : "names";
  const FieldValue& value = document[info.field];
  std::map<uint32_t, json::Value> groups;
  for (const Entry& entry : value.entries) {
    groups.try_emplace(entry.rule, json::Value(json::Array())).first->second.push(entry.key);
  }
  if (groups.empty()) {
    groups.emplace(value.rule, json::Value(json::Array()));
  }
  json::Value rules{json::Array()};
  for (auto& [rule, list] : groups) {
    json::Value written;
    written.set(key, std::move(list));
    rules.push(with_reason(std::move(written), document, rule));
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
