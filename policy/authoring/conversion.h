// What all conversions between profiles and the forms of others share: the result with its notes, and
// the profile that a reader puts together. A note says what the two sides do not have in common; its
// effect is seen from what was asked for: `wider` allows more than the source did.
#ifndef REDOUBT_POLICY_AUTHORING_CONVERSION_H_
#define REDOUBT_POLICY_AUTHORING_CONVERSION_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

enum class Effect : uint8_t { kWider, kTighter, kOther };

struct Note {
  Effect effect{};
  std::string where;  // "nginx:12", "/spec/file/matchPaths/0", "web.json:7"
  std::string what;
  std::string field;  // of the profile: "files.read"; empty: none in particular
};

// "nginx:12: wider: what".
std::string note_text(const Note& note);
json::Value note_json(const Note& note);

struct Converted {
  std::string text;  // of the whole result: JSON, AppArmor or CIL
  std::vector<Note> notes;
};

std::string document_text(const json::Value& value);

// A note for each field of the profile that says something and is not among the `carried`: what the
// other form lets through.
std::vector<Note> notes_of_others(const Document& merged, std::initializer_list<Field> carried);

// Trees and entries that are worth a rule: all keys of the field, "/" alone when it is absent.
std::vector<std::string> trees_or_all(const Document& merged, Field field);
std::vector<std::string> keys_of(const Document& merged, Field field);
// The trees of files.list that have an effect: none where everything may be read.
std::vector<std::string> lists_of(const Document& merged);

// A profile that is put together field by field and extends `default`.
class Draft {
 public:
  // `source` is the file that it is made from.
  Draft(std::string name, std::string description, std::string_view source);

  // A set that is present and, so far, empty: nothing is allowed.
  void restrict_to(Field field) { document_[field].present = true; }
  void add(Field field, const std::string& key, uint64_t number = 0);
  void set_level(Field field, std::string_view word);
  bool has(Field field) const { return document_[field].present; }

  // The profile's text, which is read once more: an error when it is more than a profile may hold.
  Result<std::string> take() &&;

 private:
  std::string source_;
  Document document_;
};

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_CONVERSION_H_
