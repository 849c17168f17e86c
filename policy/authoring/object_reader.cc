#include "policy/authoring/object_reader.h"

#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "policy/document/reader.h"

namespace redoubt::policy {

std::string ObjectReader::place(const std::string& pointer) const {
  return pointer.empty() ? source : concat(source, ": ", pointer);
}

Error ObjectReader::error(const std::string& pointer, std::string_view what) const {
  return Error::invalid(concat(place(pointer), ": ", what));
}

void ObjectReader::note(Effect effect, const std::string& pointer, std::string_view what, std::string_view field) {
  notes.push_back({effect, place(pointer), std::string(what), std::string(field)});
}

Result<const json::Value*> ObjectReader::member(const json::Value& parent, std::string_view key, const std::string& pointer, Kind kind) const {
  const json::Value* value = parent.find(key);
  if (value == nullptr || value->is_null()) {
    return static_cast<const json::Value*>(nullptr);
  }
  if (value->type() != kind.type) {
    return error(child(pointer, key), concat("must be ", kind.words, ", got ", value->type_name()));
  }
  return value;
}

Result<const json::Value*> ObjectReader::object(const json::Value& parent, std::string_view key, const std::string& pointer) const {
  return member(parent, key, pointer, {json::Value::Type::kObject, "an object"});
}

Result<const json::Value*> ObjectReader::list(const json::Value& parent, std::string_view key, const std::string& pointer) const {
  return member(parent, key, pointer, {json::Value::Type::kArray, "a list"});
}

Result<std::string> ObjectReader::text(const json::Value& parent, std::string_view key, const std::string& pointer) const {
  TRY_ASSIGN(const json::Value* value, member(parent, key, pointer, {json::Value::Type::kString, "a text"}));
  return value == nullptr ? std::string() : value->as_string();
}

Result<bool> ObjectReader::flag(const json::Value& parent, std::string_view key, const std::string& pointer) const {
  TRY_ASSIGN(const json::Value* value, member(parent, key, pointer, {json::Value::Type::kBool, "true or false"}));
  return value != nullptr && value->as_bool();
}

Result<std::vector<std::string>> ObjectReader::texts(const json::Value& parent, std::string_view key, const std::string& pointer) const {
  TRY_ASSIGN(const json::Value* values, list(parent, key, pointer));
  std::vector<std::string> out;
  for (size_t i = 0; values != nullptr && i < values->as_array().size(); ++i) {
    const json::Value& value = values->as_array()[i];
    if (!value.is_string()) {
      return error(child(child(pointer, key), i), concat("must be a text, got ", value.type_name()));
    }
    out.push_back(value.as_string());
  }
  return out;
}

void ObjectReader::note_unknown(const json::Value& value, const std::string& pointer, std::initializer_list<std::string_view> known) {
  for (const json::Member& member : value.as_object()) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      note(Effect::kOther, pointer, concat(quote(member.key.substr(0, 64)), " is not carried over"));
    }
  }
}

Result<std::string> capability_of(std::string_view word) {
  const std::string upper = to_upper(word);
  const std::string name = upper.starts_with("CAP_") ? upper : "CAP_" + upper;
  return plan::capability_number(name) ? Result<std::string>(name) : Error::invalid(concat(quote(word.substr(0, 64)), " is not one of capabilities(7)"));
}

bool is_object_of(const json::Value& value, std::string_view group, std::string_view kind) {
  const json::Value* version = value.find("apiVersion");
  const json::Value* found = value.find("kind");
  return version != nullptr && version->is_string() && version->as_string().starts_with(concat(group, "/")) && found != nullptr &&
         found->is_string() && found->as_string() == kind;
}

}  // namespace redoubt::policy
