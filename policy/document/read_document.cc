#include "policy/document/read_document.h"

#include <optional>
#include <utility>

#include "base/str.h"
#include "policy/document/reader.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxDescription = 1024;
constexpr size_t kMaxDepth = 8;

std::string_view kind_word(DocumentKind kind) {
  return kind == DocumentKind::kProfile ? "Profile" : "NodePolicy";
}

bool is_section(std::string_view name) {
  for (const FieldInfo& info : field_table()) {
    if (info.path.size() > name.size() && info.path.starts_with(name) &&
        info.path[name.size()] == '.') {
      return true;
    }
  }
  return false;
}

std::string unknown_field(std::string_view key) {
  return concat("unknown key ", quote(key), "; redoubt profile fields lists all that there are");
}

Status check_scope(const Reader& reader,
                   const FieldInfo& info,
                   const json::Value& at,
                   const std::string& pointer) {
  if (info.scope == Scope::kNodeOnly && reader.document.kind != DocumentKind::kNodePolicy) {
    return reader.error(at, pointer, "only a NodePolicy may have this; take it out, or put it into the node's config.json");
  }
  return {};
}

Status read_section(Reader& reader, const json::Member& section) {
  const std::string pointer = child("", section.key);
  if (!section.value.is_object()) {
    return reader.error(
        section.value, pointer, concat("must be an object of fields, got ", section.value.type_name()));
  }
  for (const json::Member& member : section.value.as_object()) {
    if (member.key.starts_with("x-")) {
      continue;
    }
    const std::optional<Field> field = find_field(concat(section.key, ".", member.key));
    if (!field) {
      return reader.error(member.value, pointer, unknown_field(member.key));
    }
    const std::string at = child(pointer, member.key);
    TRY(check_scope(reader, info_of(*field), member.value, at));
    TRY(read_field(reader, info_of(*field), member.value, at));
  }
  return {};
}

Status read_text(const Reader& reader, const json::Member& member, size_t limit, std::string& out) {
  if (!member.value.is_string() || member.value.as_string().size() > limit) {
    return reader.error(member.value,
                        child("", member.key),
                        concat("must be a string of at most ", limit, " bytes"));
  }
  out = member.value.as_string();
  return {};
}

Status read_extends(Reader& reader, const json::Value& value) {
  if (!value.is_array() || value.as_array().size() > kMaxExtends) {
    return reader.error(value, "/extends", concat("must be an array of at most ", kMaxExtends, " names, such as [\"default\"]"));
  }
  for (const json::Value& name : value.as_array()) {
    if (!name.is_string() || !is_profile_name(name.as_string())) {
      return reader.error(name, "/extends", concat("must hold names of profiles; one ", kProfileNameForm));
    }
    reader.document.extends.push_back(name.as_string());
  }
  return {};
}

Status expect_word(const Reader& reader, const json::Member& member, std::string_view word) {
  if (!member.value.is_string() || member.value.as_string() != word) {
    return reader.error(member.value, child("", member.key), concat("must be ", quote(word)));
  }
  return {};
}

Status read_member(Reader& reader, const json::Member& member, const ReadOptions& options) {
  if (member.key.starts_with("x-")) {
    return {};
  }
  if (member.key == "apiVersion") {
    return expect_word(reader, member, kApiVersion);
  }
  if (member.key == "kind") {
    return expect_word(reader, member, kind_word(options.kind));
  }
  if (member.key == "description") {
    return read_text(reader, member, kMaxDescription, reader.document.description);
  }
  if (member.key == "name") {
    TRY(read_text(reader, member, kMaxDescription, reader.document.name));
    return is_profile_name(reader.document.name)
               ? Status()
               : reader.error(member.value, "/name", concat("is not a profile's name, which ", kProfileNameForm));
  }
  if (member.key == "extends" && options.kind == DocumentKind::kProfile && !options.is_inline) {
    return read_extends(reader, member.value);
  }
  if (const std::optional<Field> field = find_field(member.key)) {
    return read_field(reader, info_of(*field), member.value, child("", member.key));
  }
  if (is_section(member.key)) {
    return read_section(reader, member);
  }
  return reader.error(member.value, "", unknown_field(member.key));
}

Status check_required(const Reader& reader, const json::Value& root, const ReadOptions& options) {
  if (options.is_inline) {
    return {};
  }
  const std::pair<std::string_view, std::string_view> required[] = {{"apiVersion", kApiVersion}, {"kind", kind_word(options.kind)}};
  for (const auto& [key, value] : required) {
    if (root.find(key) == nullptr) {
      return reader.error(root, "", concat("needs ", quote(key), ": ", quote(value)));
    }
  }
  if (options.kind == DocumentKind::kProfile && reader.document.name.empty()) {
    return reader.error(root, "", "needs \"name\", that of the file without .json");
  }
  return {};
}

}  // namespace

Error Reader::error(const json::Value& at, std::string_view pointer, std::string_view what) const {
  const uint32_t line = line_of(at);
  std::string place = line == 0 ? source : concat(source, ":", line);
  return Error::invalid(pointer.empty() ? concat(place, ": ", what)
                                        : concat(place, ": ", pointer, ": ", what));
}

std::string child(std::string_view pointer, std::string_view key) {
  std::string text = concat(pointer, "/");
  for (const char c : key) {
    text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return text;
}

std::string child(std::string_view pointer, size_t index) {
  return concat(pointer, "/", index);
}

Result<Document> read_document(std::string_view text,
                               const std::string& source,
                               const ReadOptions& options) {
  json::Limits limits;
  limits.max_bytes = options.is_inline ? kMaxInlineBytes : kMaxDocumentBytes;
  limits.max_depth = kMaxDepth;
  TRY_ASSIGN(const json::Value root, json::parse(text, source, limits));
  std::optional<json::Lines> lines;
  if (!options.is_inline) {
    lines.emplace(text, root);
  }
  Document document;
  document.kind = options.kind;
  Reader reader{source, lines ? &*lines : nullptr, document};
  if (!root.is_object()) {
    return reader.error(root, "", concat("must be an object, got ", root.type_name()));
  }
  for (const json::Member& member : root.as_object()) {
    TRY(read_member(reader, member, options));
  }
  TRY(check_required(reader, root, options));
  return document;
}

}  // namespace redoubt::policy
