#include "oci/reader.h"

#include "base/str.h"

namespace redoubt::oci {
namespace {

constexpr size_t kShownBytes = 128;

std::string shown(std::string_view text) {
  return text.size() <= kShownBytes ? quote(text)
                                    : concat(quote(text.substr(0, kShownBytes)), "...");
}

std::string out_of_range(const json::Value& value, std::string_view low, std::string_view high) {
  return concat(json::dump(value), " is not an integer in range ", low, " to ", high);
}

}  // namespace

std::string Path::text() const {
  const std::string before = parent_ == nullptr ? std::string() : parent_->text();
  if (kind_ == Kind::kElement) {
    return concat(before, "[", index_, "]");
  }
  if (kind_ == Kind::kEntry) {
    return concat(before, "[", shown(key_), "]");
  }
  return before.empty() ? std::string(key_) : concat(before, ".", key_);
}

void FirstError::report(const Path& path, std::string_view what) {
  if (error_) {
    return;
  }
  const std::string place = path.text();
  error_ = Error::invalid(place.empty() ? std::string(what) : concat(place, ": ", what));
}

Status FirstError::status() const {
  return error_ ? Status(*error_) : Status();
}

void Cursor::report_type(std::string_view wanted) const {
  const std::string_view got = value.is_number() ? "number" : value.type_name();
  errors.report(path, concat("must be ", wanted, ", got ", got));
}

bool Cursor::enters_array() const {
  if (!value.is_array() && !value.is_null()) {
    report_type("an array");
  }
  return value.is_array();
}

bool Cursor::enters_object() const {
  if (!value.is_object() && !value.is_null()) {
    report_type("an object");
  }
  return value.is_object();
}

void decode(const Cursor& at, bool& out) {
  if (at.value.is_bool()) {
    out = at.value.as_bool();
  } else if (!at.value.is_null()) {
    at.report_type("true or false");
  }
}

void decode(const Cursor& at, std::string& out) {
  if (at.value.is_string()) {
    out = at.value.as_string();
  } else if (!at.value.is_null()) {
    at.report_type("a string");
  }
}

void decode_signed(const Cursor& at, int64_t low, int64_t high, int64_t& out) {
  if (at.value.is_null()) {
    return;
  }
  if (!at.value.is_number()) {
    at.report_type("an integer");
    return;
  }
  if (at.value.type() != json::Value::Type::kInt || at.value.as_int() < low ||
      at.value.as_int() > high) {
    at.errors.report(at.path, out_of_range(at.value, concat(low), concat(high)));
    return;
  }
  out = at.value.as_int();
}

void decode_unsigned(const Cursor& at, uint64_t high, uint64_t& out) {
  if (at.value.is_null()) {
    return;
  }
  if (!at.value.is_number()) {
    at.report_type("an integer");
    return;
  }
  const bool fits_int = at.value.type() == json::Value::Type::kInt && at.value.as_int() >= 0;
  const bool fits = fits_int || at.value.type() == json::Value::Type::kUint;
  const uint64_t number = fits_int ? static_cast<uint64_t>(at.value.as_int())
                          : fits   ? at.value.as_uint()
                                   : 0;
  if (!fits || number > high) {
    at.errors.report(at.path, out_of_range(at.value, "0", concat(high)));
    return;
  }
  out = number;
}

const json::Value* Fields::find(std::string_view key) {
  if (!entered_) {
    return nullptr;
  }
  const json::Member* found = nullptr;
  for (const json::Member& member : at_.value.as_object()) {
    if (!json::same_but_for_case(member.key, key)) {
      continue;
    }
    if (found != nullptr) {
      at_.errors.report(at_.path,
                        concat("duplicate key ",
                               quote(member.key),
                               ": differs from ",
                               quote(found->key),
                               " only in case"));
      return nullptr;
    }
    found = &member;
  }
  return found == nullptr ? nullptr : &found->value;
}

}  // namespace redoubt::oci
