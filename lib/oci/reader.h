// Decoding of JSON into plain structs: one `decode` overload a type, one line a field.
//
// It follows Go's encoding/json, because every engine writes its config.json with it: unknown
// members are ignored, null counts as absent, a key that differs only in case is accepted when the
// exact one is absent. Beyond Go, two keys that Go would take for the same field are refused. The
// first error wins and names the field's path and the wanted type; later ones are dropped, so that
// decoders need no checks between fields. Used by the spec_*_json.cc files only.
#ifndef REDOUBT_OCI_READER_H_
#define REDOUBT_OCI_READER_H_

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redoubt::oci {

// A place in the document as a chain through the callers' frames; text is made only for messages.
class Path {
 public:
  explicit Path(std::string_view root) : key_(root) {}
  static Path member(const Path& parent, std::string_view key) {
    return {&parent, key, Kind::kMember};
  }
  static Path entry(const Path& parent, std::string_view key) {
    return {&parent, key, Kind::kEntry};
  }
  static Path element(const Path& parent, size_t index) {
    Path path(&parent, {}, Kind::kElement);
    path.index_ = index;
    return path;
  }

  // "process.args[1]", "linux.sysctl[\"net.x\"]".
  std::string text() const;

 private:
  enum class Kind { kMember, kEntry, kElement };
  Path(const Path* parent, std::string_view key, Kind kind)
      : parent_(parent), key_(key), kind_(kind) {}

  const Path* parent_ = nullptr;
  std::string_view key_;
  Kind kind_ = Kind::kMember;
  size_t index_ = 0;
};

// Keeps the first error.
class FirstError {
 public:
  void report(const Path& path, std::string_view what);
  Status status() const;

 private:
  std::optional<Error> error_;
};

struct Cursor {
  const json::Value& value;
  const Path& path;
  FirstError& errors;

  // Reports `must be <wanted>, got <type>`.
  void report_type(std::string_view wanted) const;
  // Whether this is an array or object to go through; null is none, anything else is reported.
  bool enters_array() const;
  bool enters_object() const;
};

void decode(const Cursor& at, bool& out);
void decode(const Cursor& at, std::string& out);

// Puts an integer within [low, high] into `out`, or reports it. The bounds are those of the target
// type.
void decode_signed(const Cursor& at, int64_t low, int64_t high, int64_t& out);
void decode_unsigned(const Cursor& at, uint64_t high, uint64_t& out);

template <std::signed_integral T>
void decode(const Cursor& at, T& out) {
  int64_t wide = out;
  decode_signed(at, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), wide);
  out = static_cast<T>(wide);
}

template <std::unsigned_integral T>
void decode(const Cursor& at, T& out) {
  uint64_t wide = out;
  decode_unsigned(at, std::numeric_limits<T>::max(), wide);
  out = static_cast<T>(wide);
}

template <typename T>
void decode(const Cursor& at, std::optional<T>& out) {
  if (!at.value.is_null()) {
    decode(at, out.emplace());
  }
}

template <typename T>
void decode(const Cursor& at, std::vector<T>& out) {
  if (!at.enters_array()) {
    return;
  }
  const json::Array& items = at.value.as_array();
  out.resize(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    decode(Cursor{items[i], Path::element(at.path, i), at.errors}, out[i]);
  }
}

template <typename T>
void decode(const Cursor& at, std::map<std::string, T>& out) {
  if (!at.enters_object()) {
    return;
  }
  for (const json::Member& member : at.value.as_object()) {
    decode(Cursor{member.value, Path::entry(at.path, member.key), at.errors}, out[member.key]);
  }
}

// The members of one object that has a fixed set of fields.
class Fields {
 public:
  explicit Fields(const Cursor& at) : at_(at), entered_(at.enters_object()) {}

  template <typename T>
  Fields& read(std::string_view key, T& out) {
    if (const json::Value* value = find(key)) {
      decode(Cursor{*value, Path::member(at_.path, key), at_.errors}, out);
    }
    return *this;
  }

 private:
  // The member that Go would decode into the field `key`.
  const json::Value* find(std::string_view key);

  const Cursor& at_;
  bool entered_;
};

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_READER_H_
