#include "runc-compat/cli/profile_call.h"

#include <errno.h>
#include <fcntl.h>

#include "base/io.h"
#include "base/str.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/effective.h"
#include "policy/signature/signature.h"
#include "runc-compat/cli/output.h"

namespace redoubt::cli {

using policy::Document;

Result<policy::SourceText> open_source(launch::PolicyFiles& files, const std::string& word) {
  if (word.find('/') != std::string::npos || word.ends_with(".json")) {
    TRY_ASSIGN(std::string text, read_file(word, policy::kMaxDocumentBytes));
    return policy::SourceText{std::move(text), word};
  }
  TRY_ASSIGN(std::optional<policy::SourceText> text, files.sources().find_profile(word));
  if (!text) {
    return Error::invalid(concat("profile ", quote(word), ": there is none of that name; see redoubt profile list"));
  }
  return *std::move(text);
}

Result<std::optional<policy::SourceText>> open_signature(const policy::SourceText& profile) {
  const std::string path = concat(profile.source, policy::kSignatureSuffix);
  Result<std::string> text = read_file(path, policy::kMaxSignatureFile);
  if (!text && text.error().err() == ENOENT) {
    return std::optional<policy::SourceText>();
  }
  if (!text) {
    return std::move(text).error();
  }
  return std::optional<policy::SourceText>({*std::move(text), path});
}

std::string operation_text(const policy::Operation& operation) {
  constexpr const char* kWords[] = {"syscall", "capability", "socket", "open", "connect", "bind"};
  return concat(kWords[static_cast<size_t>(operation.kind)],
                " ",
                operation.object,
                operation.access.empty() ? "" : " ",
                operation.access);
}

Result<ProfileDocuments> open_document(launch::PolicyFiles& files, const std::string& word) {
  const policy::PolicySources sources = files.sources();
  ProfileDocuments documents;
  TRY_ASSIGN(const policy::SourceText source, open_source(files, word));
  TRY_ASSIGN(documents.raw, policy::read_source(source));
  for (const std::string& base : documents.raw.extends) {
    TRY_ASSIGN(const Document parent, policy::load_profile(sources.find_profile, base).context(concat(source.source, ": /extends")));
    documents.inherited = policy::meet(documents.inherited, parent);
  }
  documents.merged = policy::meet(documents.raw, documents.inherited);
  documents.merged.extends.clear();  // nothing is left to merge in
  return documents;
}

Result<policy::Recording> open_recording(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_file(path, policy::kMaxRecordingBytes));
  return policy::read_recording(text, path);
}

bool names_recording(const std::string& word) {
  const Result<std::string> text = read_file(word, policy::kMaxRecordingBytes);
  return text && policy::is_recording(*text);
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 == 0
}

Result<std::string> profile_name(const ProfileCall& call, std::string_view word) {
  std::string name = call.arguments.text(kProfileNameFlag);
  if (name.empty()) {
    name = file_name(call.arguments.text(kProfileOutputFlag));
    name = name.substr(0, name.rfind(".json"));
    name = name.empty() ? concat(word, "d") : name;
  }
  return policy::is_profile_name(name)
             ? Result<std::string>(name)
             : Error::invalid(concat("profile ", word, ": --name: ", quote(name),
                                     " is not a profile's name: lower-case letters, digits, dashes"));
}

Status print_json(const json::Value& value) {
  return print(json::dump(value, json::Layout::kIndent2) + "\n");
}

Status write_output(const ProfileCall& call, const std::string& text, std::string_view flag) {
  const std::string& path = call.arguments.text(flag);
  if (path.empty()) {
    return print(text);
  }
  constexpr mode_t kMode = 0644;
  return replace_file_at(AT_FDCWD, path, text, kMode);
}

}  // namespace redoubt::cli
