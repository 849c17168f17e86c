// The parts that the two files of the document reader share: a place in a document and the reading
// of one field. Used by read_document.cc and read_values.cc only.
#ifndef REDOUBT_POLICY_DOCUMENT_READER_H_
#define REDOUBT_POLICY_DOCUMENT_READER_H_

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/json_lines.h"
#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct Reader {
  const std::string& source;
  const json::Lines* lines;  // nullptr: the source has none
  Document& document;

  uint32_t line_of(const json::Value& value) const {
    return lines == nullptr ? 0 : lines->of(value);
  }
  // "profiles/web.json:12: /capabilities/deny/0: what".
  Error error(const json::Value& at, std::string_view pointer, std::string_view what) const;
};

// One member name of a JSON pointer (RFC 6901).
std::string child(std::string_view pointer, std::string_view key);
std::string child(std::string_view pointer, size_t index);

// Reads the value of one field into reader.document.
Status read_field(Reader& reader,
                  const FieldInfo& info,
                  const json::Value& value,
                  const std::string& pointer);

// Checks one name by what the field's names are, in words for the error; empty: it is one.
std::string name_problem(Vocabulary vocabulary, std::string_view name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_READER_H_
