#include "runc-compat/cli/json_edit.h"

#include <cstddef>
#include <utility>

namespace redoubt::cli {

json::Value& member_object(json::Value& document, std::string_view key) {
  if (!document.is_object()) {
    document = json::Value(json::Object{});
  }
  for (json::Member& entry : document.as_object()) {
    if (entry.key == key) {
      if (!entry.value.is_object()) {
        entry.value = json::Value(json::Object{});
      }
      return entry.value;
    }
  }
  document.set(key, json::Value(json::Object{}));
  return document.as_object().back().value;
}

void erase(json::Value& object, std::string_view key) {
  json::Object& members = object.as_object();
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].key == key) {
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
}

void assign(json::Value& object, std::string_view key, json::Value value) {
  for (json::Member& entry : object.as_object()) {
    if (entry.key == key) {
      entry.value = std::move(value);
      return;
    }
  }
  object.set(key, std::move(value));
}

}  // namespace redoubt::cli
