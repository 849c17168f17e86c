#include "policy/document/schema.h"

#include <initializer_list>
#include <map>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/rlimit_names.h"
#include "plan/socket_families.h"
#include "policy/document/field.h"
#include "policy/document/memory_size.h"
#include "policy/document/read_document.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

constexpr const char* kPathPattern =
    "^(/|(/(?!\\.{1,2}(/|$))[^/\\u0000-\\u001f\\u007f]+)+)$";
constexpr const char* kProfilePattern = "^[a-z0-9][a-z0-9-]{0,62}$";
constexpr const char* kPortPattern = "^[0-9]{1,5}(-[0-9]{1,5})?$";

json::Value text_of(const char* pattern) {
  return json::Value().set("type", "string").set("pattern", pattern);
}

template <typename Names>
json::Value one_of(const Names& names) {
  json::Value list{json::Array()};
  for (const auto& name : names) {
    list.push(std::string_view(name));
  }
  return json::Value().set("enum", std::move(list));
}

json::Value syscall_name() {
  std::string sets;
  for (const SyscallSet& set : syscall_sets()) {
    sets += concat("|", set.name);
  }
  return text_of(concat("^([a-z0-9_]{1,64}", sets, ")$").c_str());
}

json::Value name_schema(Vocabulary vocabulary) {
  switch (vocabulary) {
    case Vocabulary::kCapability:
      return one_of(plan::capability_names());
    case Vocabulary::kSyscall:
      return syscall_name();
    case Vocabulary::kFamily:
      return one_of(plan::names_of(plan::socket_family_names()));
    case Vocabulary::kPath:
      return text_of(kPathPattern).set("maxLength", 1024);
    case Vocabulary::kRlimit:
      return one_of(plan::names_of(plan::rlimit_names()));
    case Vocabulary::kScope:
      return one_of(std::initializer_list<const char*>{"abstract-unix-sockets", "signals"});
    case Vocabulary::kProfile:
      return text_of(kProfilePattern);
    case Vocabulary::kSysctl:
      return text_of("^(fs\\.mqueue\\.|kernel\\.msg|kernel\\.sem|kernel\\.shm|net\\.)[A-Za-z0-9._-]*$");
    case Vocabulary::kDigest:
      return text_of("^sha256:[0-9a-f]{64}$");
    case Vocabulary::kPublicKey:
      return text_of("^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$");
    case Vocabulary::kMemorySize:
      return text_of(kMemorySizePattern);
    case Vocabulary::kNone:
      break;
  }
  return text_of("^[A-Za-z0-9_./-]{1,128}$");
}

json::Value reason() {
  return text_of("\\S").set("maxLength", static_cast<int64_t>(kMaxReason));
}

// An object of these members and nothing else, but for keys that start with "x-".
json::Value rule_object(json::Value properties, std::initializer_list<const char*> required) {
  properties.set("reason", reason());
  json::Value needed{json::Array()};
  for (const char* key : required) {
    needed.push(key);
  }
  needed.push("reason");
  json::Value out;
  out.set("type", "object");
  out.set("properties", std::move(properties));
  out.set("patternProperties", json::Value().set("^x-", json::Value(true)));
  out.set("additionalProperties", false);
  out.set("required", std::move(needed));
  return out;
}

json::Value list_of(json::Value item) {
  json::Value out;
  out.set("type", "array").set("minItems", 1).set("items", std::move(item));
  return out;
}

json::Value integer(int64_t minimum) {
  return json::Value().set("type", "integer").set("minimum", minimum);
}

json::Value endpoint_schema() {
  json::Value ports;
  ports.set("type", "array").set("minItems", 1).set("items", text_of(kPortPattern));
  json::Value properties;
  properties.set("address", json::Value().set("type", "string"));
  properties.set("ports", std::move(ports));
  properties.set("protocol", one_of(std::initializer_list<const char*>{"any", "tcp", "udp"}));
  return list_of(rule_object(std::move(properties), {"address"}));
}

json::Value value_rule(json::Value value) {
  return rule_object(json::Value().set("value", std::move(value)), {"value"});
}

json::Value named_rule(const FieldInfo& info, json::Value value) {
  json::Value properties;
  properties.set("name", name_schema(info.vocabulary)).set("value", std::move(value));
  return list_of(rule_object(std::move(properties), {"name", "value"}));
}

json::Value names_rule(const FieldInfo& info) {
  const char* key = info.vocabulary == Vocabulary::kPath ? "paths" : "names";
  json::Value names;
  names.set("type", "array").set("items", name_schema(info.vocabulary));
  return list_of(rule_object(json::Value().set(key, std::move(names)), {key}));
}

json::Value field_schema(const FieldInfo& info) {
  switch (info.type) {
    case FieldType::kFlag:
      return value_rule(json::Value().set("type", "boolean"));
    case FieldType::kLevel:
      return value_rule(one_of(info.words));
    case FieldType::kNumber:
      return value_rule(info.vocabulary == Vocabulary::kMemorySize ? name_schema(info.vocabulary) : integer(1));
    case FieldType::kText:
      return value_rule(name_schema(info.vocabulary));
    case FieldType::kNumbers:
      return named_rule(info, integer(0));
    case FieldType::kTexts:
      return named_rule(info, text_of("^[^\\u0000-\\u001f\\u007f]*$"));
    case FieldType::kEndpoints:
      return endpoint_schema();
    default:
      return names_rule(info);
  }
}

json::Value described(const FieldInfo& info) {
  json::Value out;
  out.set("description",
          concat(info.meaning, ". Merging: ", polarity_of(info.type), ". Enforced by: ", info.layer));
  const json::Value schema = field_schema(info);
  for (const json::Member& member : schema.as_object()) {
    out.set(member.key, member.value);
  }
  return out;
}

json::Value closed_object(json::Value properties) {
  json::Value out;
  out.set("type", "object");
  out.set("properties", std::move(properties));
  out.set("patternProperties", json::Value().set("^x-", json::Value(true)));
  out.set("additionalProperties", false);
  return out;
}

void add_head(json::Value& properties) {
  properties.set("apiVersion", json::Value().set("const", kApiVersion));
  properties.set("kind", one_of(std::initializer_list<const char*>{"Profile", "NodePolicy"}));
  properties.set("name", text_of(kProfilePattern));
  properties.set("description", json::Value().set("type", "string").set("maxLength", 1024));
  json::Value extends;
  extends.set("type", "array").set("maxItems", static_cast<int64_t>(kMaxExtends));
  properties.set("extends", std::move(extends.set("items", text_of(kProfilePattern))));
}

// A Profile has a name and no section "node"; a NodePolicy extends nothing.
json::Value kind_rules() {
  json::Value profile;
  profile.set("properties", json::Value().set("kind", json::Value().set("const", "Profile")));
  profile.set("required", json::Value().push("name"));
  profile.set("not", json::Value().set("required", json::Value().push("node")));
  json::Value node;
  node.set("properties", json::Value().set("kind", json::Value().set("const", "NodePolicy")));
  node.set("not", json::Value().set("required", json::Value().push("extends")));
  return json::Value().push(std::move(profile)).push(std::move(node));
}

}  // namespace

json::Value policy_schema() {
  json::Value properties{json::Object()};
  add_head(properties);
  std::vector<std::string> order;
  std::map<std::string, json::Value> sections;
  for (const FieldInfo& info : field_table()) {
    const size_t dot = info.path.find('.');
    if (dot == std::string_view::npos) {
      properties.set(info.path, described(info));
      continue;
    }
    const std::string section(info.path.substr(0, dot));
    if (sections.find(section) == sections.end()) {
      order.push_back(section);
    }
    sections[section].set(info.path.substr(dot + 1), described(info));
  }
  for (const std::string& section : order) {
    properties.set(section, closed_object(std::move(sections[section])));
  }
  json::Value out;
  out.set("$schema", "http://json-schema.org/draft-07/schema#");
  out.set("title", "Redoubt policy document");
  const json::Value body = closed_object(std::move(properties));
  for (const json::Member& member : body.as_object()) {
    out.set(member.key, member.value);
  }
  out.set("required", json::Value().push("apiVersion").push("kind"));
  out.set("oneOf", kind_rules());
  return out;
}

std::string fields_markdown() {
  std::string out =
      "# The fields of a policy document\n\n"
      "Made from the table in policy/document/field.cc by `redoubt profile fields`. Every rule has a "
      "reason.\n\n"
      "| field | meaning | two documents meet as | enforced by |\n|---|---|---|---|\n";
  for (const FieldInfo& info : field_table()) {
    std::string words;
    for (const std::string_view word : info.words) {
      words += concat(words.empty() ? " (" : " < ", word);
    }
    words += words.empty() ? "" : ")";
    out += concat("| `", info.path, "` | ", info.meaning, words, " | ", polarity_of(info.type), " | ",
                  info.layer, " |\n");
  }
  return out;
}

}  // namespace redoubt::policy
