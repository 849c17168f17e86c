// Reads a policy document: JSON text to policy::Document, strictly. An unknown key, a wrong type, a
// name that does not exist and a rule without a reason are errors that name file, line and JSON
// pointer, and say what is expected. Keys that start with "x-" belong to others and are skipped.
#ifndef REDOUBT_POLICY_DOCUMENT_READ_DOCUMENT_H_
#define REDOUBT_POLICY_DOCUMENT_READ_DOCUMENT_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

inline constexpr std::string_view kApiVersion = "redoubt.io/v1";
inline constexpr size_t kMaxDocumentBytes = size_t{1} << 20;
inline constexpr size_t kMaxInlineBytes = 16384;
inline constexpr size_t kMaxNames = 4096;     // of one field
inline constexpr size_t kMaxReason = 512;     // bytes
inline constexpr size_t kMaxExtends = 8;

struct ReadOptions {
  DocumentKind kind = DocumentKind::kProfile;
  // The value of an annotation: apiVersion, kind and name may be left out, `extends` must be, and
  // lines mean nothing.
  bool is_inline = false;
};

// `source` names the document in errors and rules: "profiles/web.json".
Result<Document> read_document(std::string_view text,
                               const std::string& source,
                               const ReadOptions& options = {});

// Letters, digits and dashes, starting with a letter or digit, at most 63.
bool is_profile_name(std::string_view name);
// For the errors: what is_profile_name() takes.
inline constexpr char kProfileNameForm[] = "has up to 63 small letters, digits and \"-\"";

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_READ_DOCUMENT_H_
