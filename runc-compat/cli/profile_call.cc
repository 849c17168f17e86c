#include "runc-compat/cli/profile_call.h"

#include <fcntl.h>

#include "base/io.h"
#include "base/str.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/effective.h"
#include "runc-compat/cli/output.h"

namespace redoubt::cli {

using policy::Document;

Result<ProfileDocuments> open_document(launch::PolicyFiles& files, const std::string& word) {
  const policy::PolicySources sources = files.sources();
  ProfileDocuments documents;
  if (word.find('/') == std::string::npos && !word.ends_with(".json")) {
    TRY_ASSIGN(const std::optional<policy::SourceText> text, sources.find_profile(word));
    if (!text) {
      return Error::invalid(concat("profile ", quote(word), ": there is none of that name"));
    }
    TRY_ASSIGN(documents.raw, policy::read_source(*text));
  } else {
    TRY_ASSIGN(const std::string text, read_file(word, policy::kMaxDocumentBytes));
    TRY_ASSIGN(documents.raw, policy::read_document(text, word));
  }
  documents.merged = documents.raw;
  for (const std::string& base : documents.raw.extends) {
    TRY_ASSIGN(const Document parent, policy::load_profile(sources.find_profile, base));
    documents.merged = policy::meet(documents.merged, parent);
  }
  return documents;
}

Result<policy::Recording> open_recording(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_file(path, policy::kMaxRecordingBytes));
  return policy::read_recording(text, path);
}

Status print_json(const json::Value& value) {
  return print(json::dump(value, json::Layout::kIndent2) + "\n");
}

Status write_output(const ProfileCall& call, const std::string& text) {
  const std::string& path = call.arguments.text(kProfileOutputFlag);
  if (path.empty()) {
    return print(text);
  }
  constexpr mode_t kMode = 0644;
  return replace_file_at(AT_FDCWD, path, text, kMode);
}

}  // namespace redoubt::cli
