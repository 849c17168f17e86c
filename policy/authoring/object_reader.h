// Reads the objects of Kubernetes that hold profiles of others: members of known types, errors with the
// JSON pointer, and a note for each member that nobody asked for.
#ifndef REDOUBT_POLICY_AUTHORING_OBJECT_READER_H_
#define REDOUBT_POLICY_AUTHORING_OBJECT_READER_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "policy/authoring/conversion.h"

namespace redoubt::policy {

class ObjectReader {
 public:
  explicit ObjectReader(const std::string& source_of_it) : source(source_of_it) {}

  const std::string& source;
  std::vector<Note> notes = {};

  // "policy.yaml: /spec/file".
  std::string place(const std::string& pointer) const;
  Error error(const std::string& pointer, std::string_view what) const;
  void note(Effect effect, const std::string& pointer, std::string_view what, std::string_view field = "");

  // nullptr: there is none, or it is null.
  Result<const json::Value*> object(const json::Value& parent, std::string_view key, const std::string& pointer) const;
  Result<const json::Value*> list(const json::Value& parent, std::string_view key, const std::string& pointer) const;
  // Empty or false: there is none.
  Result<std::string> text(const json::Value& parent, std::string_view key, const std::string& pointer) const;
  Result<bool> flag(const json::Value& parent, std::string_view key, const std::string& pointer) const;
  Result<std::vector<std::string>> texts(const json::Value& parent, std::string_view key, const std::string& pointer) const;

  void note_unknown(const json::Value& value, const std::string& pointer, std::initializer_list<std::string_view> known);

 private:
  struct Kind {
    json::Value::Type type;
    std::string_view words;
  };
  Result<const json::Value*> member(const json::Value& parent, std::string_view key, const std::string& pointer, Kind kind) const;
};

// "CAP_NET_RAW" of "net_raw", "NET_RAW" or "CAP_NET_RAW"; an error, without a place, when there is no such.
Result<std::string> capability_of(std::string_view word);

// Whether it is an object of this kind; the group of the apiVersion is without its version.
bool is_object_of(const json::Value& value, std::string_view group, std::string_view kind);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_OBJECT_READER_H_
