// Bounded JSON: a document model, a strict reader and a writer. The only user of RapidJSON is
// json.cc.
//
// The reader refuses what makes two readers disagree: duplicate keys, keys equal but for case
// within one object, data after the end, invalid UTF-8, NUL in strings, nesting and size beyond the
// limits. Its errors name the document, line and column. Numbers keep their kind: integers that fit
// int64 or uint64 stay exact, everything else is a double.
#ifndef REDOUBT_BASE_JSON_H_
#define REDOUBT_BASE_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace redoubt::json {

class Value;
struct Member;
using Array = std::vector<Value>;
using Object = std::vector<Member>;  // in document order

class Value {
 public:
  enum class Type { kNull, kBool, kInt, kUint, kDouble, kString, kArray, kObject };

  Value();                    // null
  Value(bool v);              // NOLINT(google-explicit-constructor): document literals
  Value(int v);               // NOLINT(google-explicit-constructor)
  Value(int64_t v);           // NOLINT(google-explicit-constructor)
  Value(uint32_t v);          // NOLINT(google-explicit-constructor)
  Value(uint64_t v);          // NOLINT(google-explicit-constructor): kInt when it fits
  Value(double v);            // NOLINT(google-explicit-constructor)
  Value(const char* v);       // NOLINT(google-explicit-constructor)
  Value(std::string_view v);  // NOLINT(google-explicit-constructor)
  Value(std::string v);       // NOLINT(google-explicit-constructor)
  Value(Array v);             // NOLINT(google-explicit-constructor)
  Value(Object v);            // NOLINT(google-explicit-constructor)

  Type type() const { return static_cast<Type>(v_.index()); }
  bool is_null() const { return type() == Type::kNull; }
  bool is_bool() const { return type() == Type::kBool; }
  bool is_integer() const { return type() == Type::kInt || type() == Type::kUint; }
  bool is_number() const { return is_integer() || type() == Type::kDouble; }
  bool is_string() const { return type() == Type::kString; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }

  // Preconditions: the type matches.
  bool as_bool() const { return std::get<bool>(v_); }
  int64_t as_int() const { return std::get<int64_t>(v_); }
  uint64_t as_uint() const { return std::get<uint64_t>(v_); }
  double as_double() const { return std::get<double>(v_); }
  const std::string& as_string() const { return std::get<std::string>(v_); }
  const Array& as_array() const;
  Array& as_array();
  const Object& as_object() const;
  Object& as_object();

  // The member's value, or nullptr when this is no object or has no such key.
  const Value* find(std::string_view key) const;
  // Appends a member (object) or an element (array); a null value becomes an object or an array
  // first.
  Value& set(std::string_view key, Value value);
  Value& push(Value value);

  // "null", "bool", "integer", "number", "string", "array", "object": for messages.
  std::string_view type_name() const;

 private:
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> v_;
};

struct Member {
  std::string key;
  Value value;
};

// Defined here because clang wants a complete Member where a constructor of the variant is
// instantiated.
inline Value::Value() = default;
inline Value::Value(bool v) : v_(v) {}
inline Value::Value(int v) : v_(int64_t{v}) {}
inline Value::Value(int64_t v) : v_(v) {}
inline Value::Value(uint32_t v) : v_(int64_t{v}) {}
inline Value::Value(double v) : v_(v) {}
inline Value::Value(const char* v) : v_(std::string(v)) {}
inline Value::Value(std::string_view v) : v_(std::string(v)) {}
inline Value::Value(std::string v) : v_(std::move(v)) {}

struct Limits {
  size_t max_bytes = size_t{16} << 20;
  size_t max_depth = 64;
  size_t max_values = size_t{1} << 19;
};

// Whether Go's encoding/json takes the two keys for the same struct field: equal but for case. The reader itself lets such keys
// pass, for they are different keys of a map (annotations); who decodes a structure checks them.
bool same_but_for_case(std::string_view a, std::string_view b);

// Parses one whole document. `name` ("config.json") starts every error: "config.json:3:7:
// unexpected end".
Result<Value> parse(std::string_view text, std::string_view name, const Limits& limits = {});

enum class Layout {
  kCompact,  // one line
  kIndent2,  // two spaces a level, "key": value
  kIndent4,  // four spaces a level
  kTab,      // one tab a level
};

// Writes as Go's encoding/json does (also "<", ">", "&" as \u003c ...), so that byte comparisons
// with runc hold. No trailing newline.
std::string dump(const Value& value, Layout layout = Layout::kCompact);

}  // namespace redoubt::json

#endif  // REDOUBT_BASE_JSON_H_
