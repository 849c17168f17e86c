#include "policy/authoring/conversion.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/read_document.h"
#include "policy/document/write_document.h"

namespace redoubt::policy {
namespace {

std::string_view effect_word(Effect effect) {
  switch (effect) {
    case Effect::kWider:
      return "wider";
    case Effect::kTighter:
      return "tighter";
    case Effect::kOther:
      break;
  }
  return "other";
}

}  // namespace

std::string note_text(const Note& note) {
  return concat(note.where, ": ", effect_word(note.effect), ": ", note.what);
}

json::Value note_json(const Note& note) {
  json::Value out;
  out.set("effect", effect_word(note.effect)).set("where", note.where).set("field", note.field);
  return out.set("what", note.what);
}

std::string document_text(const json::Value& value) {
  return json::dump(value, json::Layout::kIndent2) + "\n";
}

std::vector<Note> notes_of_others(const Document& merged, std::initializer_list<Field> carried) {
  std::vector<Note> notes;
  for (const FieldInfo& info : field_table()) {
    const bool known = std::find(carried.begin(), carried.end(), info.field) != carried.end();
    if (!known && merged[info.field].present) {
      notes.push_back({Effect::kWider,
                       place_of(merged.rule_of(info.field)),
                       concat(info.path, " is not carried over"),
                       std::string(info.path)});
    }
  }
  return notes;
}

std::vector<std::string> keys_of(const Document& merged, Field field) {
  std::vector<std::string> keys;
  for (const Entry& entry : merged[field].entries) {
    keys.push_back(entry.key);
  }
  return keys;
}

std::vector<std::string> trees_or_all(const Document& merged, Field field) {
  return merged[field].present ? keys_of(merged, field) : std::vector<std::string>{"/"};
}

std::vector<std::string> lists_of(const Document& merged) {
  return merged[Field::kFilesRead].present ? keys_of(merged, Field::kFilesList) : std::vector<std::string>();
}

Draft::Draft(std::string name, std::string description, std::string_view source) : source_(source) {
  document_.name = std::move(name);
  document_.description = std::move(description);
  const std::string_view file = source.substr(source.rfind('/') + 1);
  document_.rules.push_back({source_, 0, concat("as in ", file)});
}

void Draft::add(Field field, const std::string& key, uint64_t number) {
  FieldValue& value = document_[field];
  value.present = true;
  const auto at = std::lower_bound(value.entries.begin(), value.entries.end(), key, [](const Entry& entry, const std::string& text) {
    return entry.key < text;
  });
  // One more than a profile may have, which take() refuses: adding stays cheap whatever the source holds.
  if (value.entries.size() <= kMaxNames && (at == value.entries.end() || at->key != key)) {
    value.entries.insert(at, {.key = key, .text = {}, .number = number});
  }
}

void Draft::set_level(Field field, std::string_view word) {
  document_[field].present = true;
  document_[field].number = find_level(info_of(field), word).value_or(0);
}

Result<std::string> Draft::take() && {
  json::Value profile = to_json(document_);
  profile.set("extends", json::Value().push("default"));
  std::string text = document_text(profile);
  const Result<Document> read = read_document(text, concat("profile made of ", source_));
  if (!read) {
    return read.error();
  }
  return text;
}

}  // namespace redoubt::policy
