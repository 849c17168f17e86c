// The forms of a field's value, one function each. Every rule is an object with a reason:
//   flag, level, number, text   {"value": true, "reason": "..."}
//   sets and trees              [{"names": [...], "reason": "..."}]   ("paths" for paths)
//   endpoints                   [{"address": "...", "ports": [...], "protocol": "...", "reason": ...}]
//   numbers and texts by name   [{"name": "...", "value": ..., "reason": "..."}]
#include <algorithm>
#include <initializer_list>

#include "base/str.h"
#include "policy/document/endpoint.h"
#include "policy/document/memory_size.h"
#include "policy/document/read_document.h"
#include "policy/document/reader.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

constexpr size_t kShownText = 64;
constexpr char kPortForm[] = "such as \"443\" or \"8000-8100\", with ports up to 65535";

std::string shown(std::string_view text) {
  return text.size() <= kShownText ? quote(text) : concat(quote(text.substr(0, kShownText)), "...");
}

// One rule: an object of known keys with a reason, which is registered.
struct RuleReader {
  Reader& reader;
  const FieldInfo& info;
  const json::Value& object;
  const std::string& pointer;

  Error error(const json::Value& at, std::string_view key, std::string_view what) const {
    return reader.error(at, child(pointer, key), what);
  }

  static std::string form_of(std::initializer_list<std::string_view> keys) {
    return concat("; a rule here has ", join(std::vector<std::string>(keys.begin(), keys.end()), ", "), " and reason");
  }

  // Checks the keys and registers the rule; its index.
  Result<uint32_t> begin(std::initializer_list<std::string_view> keys) const {
    if (!object.is_object()) {
      return reader.error(object, pointer, concat("must be an object, got ", object.type_name(), form_of(keys)));
    }
    for (const json::Member& member : object.as_object()) {
      if (member.key != "reason" && !member.key.starts_with("x-") &&
          std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
        return reader.error(member.value, pointer, concat("unknown key ", shown(member.key), form_of(keys)));
      }
    }
    const json::Value* reason = object.find("reason");
    if (reason == nullptr || !reason->is_string() || trim(reason->as_string()).empty()) {
      return reader.error(object, pointer, "every rule needs a \"reason\", a text");
    }
    if (reason->as_string().size() > kMaxReason) {
      return error(*reason, "reason", concat("longer than ", kMaxReason, " bytes"));
    }
    reader.document.rules.push_back(
        {reader.source, reader.line_of(object), reason->as_string()});
    return static_cast<uint32_t>(reader.document.rules.size() - 1);
  }

  Result<const json::Value*> member(std::string_view key) const {
    const json::Value* value = object.find(key);
    if (value == nullptr) {
      return reader.error(object, pointer, concat("needs ", quote(key)));
    }
    return value;
  }

  Result<std::string> name(const json::Value& value, const std::string& at) const {
    if (!value.is_string()) {
      return reader.error(value, at, concat("must be a string, got ", value.type_name()));
    }
    const std::string problem = name_problem(info.vocabulary, value.as_string());
    if (!problem.empty()) {
      return reader.error(value, at, concat(shown(value.as_string()), " ", problem));
    }
    return value.as_string();
  }
};

bool has_control_characters(std::string_view text) {
  return std::any_of(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string words_of(const FieldInfo& info) {
  std::vector<std::string> words(info.words.begin(), info.words.end());
  return join(words, ", ");
}

Status read_scalar_value(const RuleReader& rule, const json::Value& value, FieldValue& out) {
  const FieldInfo& info = rule.info;
  if (info.type == FieldType::kFlag) {
    if (!value.is_bool()) {
      return rule.error(value, "value", "must be true or false");
    }
    out.number = value.as_bool() ? 1 : 0;
  } else if (info.vocabulary == Vocabulary::kMemorySize) {
    const auto size = value.is_string() ? parse_memory_size(value.as_string()) : std::optional<uint64_t>();
    if (!size) {
      return rule.error(value, "value", "must be a size such as 512Mi or 2Gi");
    }
    out.number = *size;
  } else if (info.type == FieldType::kNumber) {
    if (value.type() != json::Value::Type::kInt || value.as_int() < 1) {
      return rule.error(value, "value", "must be a positive integer");
    }
    out.number = static_cast<uint64_t>(value.as_int());
  } else if (info.type == FieldType::kLevel) {
    const auto level =
        value.is_string() ? find_level(info, value.as_string()) : std::optional<uint32_t>();
    if (!level) {
      return rule.error(value, "value", concat("must be one of: ", words_of(info)));
    }
    out.number = *level;
  } else {
    TRY_ASSIGN(out.text, rule.name(value, child(rule.pointer, "value")));
  }
  return {};
}

Status read_scalar(const RuleReader& rule, FieldValue& out) {
  TRY_ASSIGN(out.rule, rule.begin({"value"}));
  TRY_ASSIGN(const json::Value* value, rule.member("value"));
  return read_scalar_value(rule, *value, out);
}

void add_name(const std::string& name, uint32_t rule, FieldValue& out) {
  const SyscallSet* set = name.starts_with('@') ? find_syscall_set(name) : nullptr;
  if (set == nullptr) {
    out.entries.push_back({.key = name, .text = {}, .rule = rule});
    return;
  }
  out.entries.reserve(out.entries.size() + set->syscalls.size());
  for (const std::string_view syscall : set->syscalls) {
    out.entries.push_back({.key = std::string(syscall), .text = {}, .rule = rule});
  }
}

Status read_names(const RuleReader& rule, FieldValue& out) {
  const std::string_view key = rule.info.vocabulary == Vocabulary::kPath ? "paths" : "names";
  TRY_ASSIGN(const uint32_t index, rule.begin({key}));
  TRY_ASSIGN(const json::Value* names, rule.member(key));
  if (!names->is_array()) {
    return rule.error(*names, key, concat("must be an array, got ", names->type_name()));
  }
  const std::string pointer = child(rule.pointer, key);
  for (size_t i = 0; i < names->as_array().size(); ++i) {
    TRY_ASSIGN(const std::string name, rule.name(names->as_array()[i], child(pointer, i)));
    add_name(name, index, out);
  }
  return {};
}

Status read_named_value(const RuleReader& rule, FieldValue& out) {
  Entry entry;
  TRY_ASSIGN(entry.rule, rule.begin({"name", "value"}));
  TRY_ASSIGN(const json::Value* name, rule.member("name"));
  TRY_ASSIGN(entry.key, rule.name(*name, child(rule.pointer, "name")));
  TRY_ASSIGN(const json::Value* value, rule.member("value"));
  for (const Entry& other : out.entries) {
    if (other.key == entry.key) {
      return rule.error(*name, "name", concat(shown(entry.key), " is given twice"));
    }
  }
  if (rule.info.type == FieldType::kTexts) {
    if (!value->is_string() || has_control_characters(value->as_string())) {
      return rule.error(*value, "value", "must be a text without control characters");
    }
    entry.text = value->as_string();
  } else {
    if (value->type() != json::Value::Type::kInt || value->as_int() < 0) {
      return rule.error(*value, "value", "must be an integer, 0 or more");
    }
    entry.number = static_cast<uint64_t>(value->as_int());
  }
  out.entries.push_back(std::move(entry));
  return {};
}

Result<std::vector<Endpoint>> read_addresses(const RuleReader& rule) {
  TRY_ASSIGN(const json::Value* address, rule.member("address"));
  std::vector<Endpoint> blocks;
  if (address->is_string() && address->as_string() == "none") {
    return blocks;
  }
  if (address->is_string() && address->as_string() == "any") {
    blocks.emplace_back();
    blocks.emplace_back().ipv6 = true;
    return blocks;
  }
  const auto block =
      address->is_string() ? parse_address_block(address->as_string()) : std::optional<Endpoint>();
  if (!block) {
    return rule.error(*address,
                      "address",
                      "must be \"any\", \"none\", an address or a block such as 10.0.0.0/8 (no bits behind "
                      "the prefix)");
  }
  blocks.push_back(*block);
  return blocks;
}

Result<std::vector<Endpoint>> with_ports(const RuleReader& rule, std::vector<Endpoint> blocks) {
  const json::Value* ports = rule.object.find("ports");
  if (ports == nullptr) {
    return blocks;
  }
  if (!ports->is_array() || ports->as_array().empty()) {
    return rule.error(*ports, "ports", concat("must be an array of texts ", kPortForm));
  }
  std::vector<Endpoint> all;
  for (const json::Value& port : ports->as_array()) {
    for (Endpoint block : blocks) {
      if (!port.is_string() || !parse_port_range(port.as_string(), block)) {
        return rule.error(port, "ports", concat("must be a text ", kPortForm));
      }
      all.push_back(block);
    }
  }
  return all;
}

Status read_endpoint(const RuleReader& rule, FieldValue& out) {
  TRY_ASSIGN(const uint32_t index, rule.begin({"address", "ports", "protocol"}));
  TRY_ASSIGN(std::vector<Endpoint> endpoints, read_addresses(rule));
  TRY_ASSIGN(endpoints, with_ports(rule, std::move(endpoints)));
  const json::Value* protocol = rule.object.find("protocol");
  const std::string word =
      protocol == nullptr ? "any" : protocol->is_string() ? protocol->as_string() : "";
  if (word != "any" && word != "tcp" && word != "udp") {
    return rule.error(*protocol, "protocol", "must be one of: any, tcp, udp");
  }
  for (Endpoint& endpoint : endpoints) {
    for (const bool udp : {false, true}) {
      endpoint.udp = udp;
      if (word == "any" || (word == "udp") == udp) {
        out.entries.push_back({.key = to_text(endpoint), .text = {}, .rule = index});
      }
    }
  }
  return {};
}

Status read_rule(const RuleReader& rule, FieldValue& out) {
  switch (rule.info.type) {
    case FieldType::kEndpoints:
      return read_endpoint(rule, out);
    case FieldType::kNumbers:
    case FieldType::kTexts:
      return read_named_value(rule, out);
    default:
      return read_names(rule, out);
  }
}

bool is_scalar(FieldType type) {
  return type == FieldType::kFlag || type == FieldType::kLevel || type == FieldType::kNumber ||
         type == FieldType::kText;
}

void sort_entries(FieldValue& value) {
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  // The usual case: one of the sets, which the default profile reads at every start.
  if (!std::is_sorted(value.entries.begin(), value.entries.end(), by_key)) {
    std::stable_sort(value.entries.begin(), value.entries.end(), by_key);
  }
  value.entries.erase(std::unique(value.entries.begin(),
                                  value.entries.end(),
                                  [](const Entry& a, const Entry& b) { return a.key == b.key; }),
                      value.entries.end());
}

}  // namespace

Status read_field(Reader& reader,
                  const FieldInfo& info,
                  const json::Value& value,
                  const std::string& pointer) {
  FieldValue& out = reader.document[info.field];
  out.present = true;
  if (is_scalar(info.type)) {
    return read_scalar({reader, info, value, pointer}, out);
  }
  if (!value.is_array() || value.as_array().empty()) {
    return reader.error(value, pointer, concat("must be an array of at least one rule", value.is_array() ? std::string() : concat(", got ", value.type_name())));
  }
  for (size_t i = 0; i < value.as_array().size(); ++i) {
    const std::string at = child(pointer, i);
    TRY(read_rule({reader, info, value.as_array()[i], at}, out));
    if (out.entries.size() > kMaxNames) {
      return reader.error(value, at, concat("more than ", kMaxNames, " names"));
    }
  }
  out.rule = out.entries.empty() ? static_cast<uint32_t>(reader.document.rules.size() - 1)
                                 : out.entries.front().rule;
  sort_entries(out);
  return {};
}

}  // namespace redoubt::policy
