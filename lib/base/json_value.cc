#include "base/json.h"

namespace redoubt::json {
namespace {

std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> exact(
    uint64_t v) {
  if (v <= static_cast<uint64_t>(INT64_MAX)) {
    return static_cast<int64_t>(v);
  }
  return v;
}

// Takes the next character of a key as Go's encoding/json folds it when it looks for a struct
// field: ASCII to lower case, the long s and the Kelvin sign to the letters that they stand for.
char next_folded(std::string_view& key) {
  const char c = key.front();
  if (c == '\xc5' && key.starts_with("\xc5\xbf")) {
    key.remove_prefix(2);
    return 's';
  }
  if (c == '\xe2' && key.starts_with("\xe2\x84\xaa")) {
    key.remove_prefix(3);
    return 'k';
  }
  key.remove_prefix(1);
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Value::Value(uint64_t v) : v_(exact(v)) {}
Value::Value(Array v) : v_(std::move(v)) {}
Value::Value(Object v) : v_(std::move(v)) {}

const Array& Value::as_array() const {
  return std::get<Array>(v_);
}

Array& Value::as_array() {
  return std::get<Array>(v_);
}

const Object& Value::as_object() const {
  return std::get<Object>(v_);
}

Object& Value::as_object() {
  return std::get<Object>(v_);
}

const Value* Value::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&v_);
  if (object == nullptr) {
    return nullptr;
  }
  for (const Member& member : *object) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_null()) {
    v_.emplace<Object>();
  }
  as_object().push_back(Member{std::string(key), std::move(value)});
  return *this;
}

Value& Value::push(Value value) {
  if (is_null()) {
    v_.emplace<Array>();
  }
  as_array().push_back(std::move(value));
  return *this;
}

std::string_view Value::type_name() const {
  switch (type()) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "bool";
    case Type::kInt:
    case Type::kUint:
      return "integer";
    case Type::kDouble:
      return "number";
    case Type::kString:
      return "string";
    case Type::kArray:
      return "array";
    case Type::kObject:
      return "object";
  }
  return "unknown";
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  // Decoding asks this for every field and member; most pairs differ in their first letter already.
  constexpr unsigned kNotAscii = 0x80;
  constexpr unsigned kCaseBit = 0x20;
  if (!a.empty() && !b.empty()) {
    const auto first = static_cast<unsigned char>(a.front());
    const auto other = static_cast<unsigned char>(b.front());
    if (((first | other) & kNotAscii) == 0 && ((first ^ other) & ~kCaseBit) != 0) {
      return false;
    }
  }
  while (!a.empty() && !b.empty()) {
    if (next_folded(a) != next_folded(b)) {
      return false;
    }
  }
  return a.empty() && b.empty();
}

}  // namespace redoubt::json
