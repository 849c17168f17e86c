// redoubt-embed-profiles OUTPUT PROFILE.json...: reads the shipped profiles and writes them as C++,
// so that a start parses no JSON for the profile that nearly every container gets. Run by the build
// only (policy/CMakeLists.txt).
#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <span>

#include "base/io.h"
#include "base/str.h"
#include "policy/document/read_document.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      out += concat('\\',
                    static_cast<char>('0' + (byte >> 6)),
                    static_cast<char>('0' + (byte >> 3 & 7)),
                    static_cast<char>('0' + (byte & 7)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string function_name(std::string name) {
  for (char& c : name) {
    c = c == '-' ? '_' : c;
  }
  return "profile_" + name;
}

// The set that the field consists of, by one rule; or nullptr.
const SyscallSet* find_set(const FieldValue& value) {
  for (const SyscallSet& set : syscall_sets()) {
    const bool same = std::equal(value.entries.begin(),
                                 value.entries.end(),
                                 set.syscalls.begin(),
                                 set.syscalls.end(),
                                 [&](const Entry& entry, std::string_view name) {
                                   return entry.key == name && entry.rule == value.rule;
                                 });
    if (same) {
      return &set;
    }
  }
  return nullptr;
}

void write_field(const FieldInfo& info, const FieldValue& value, std::string& out) {
  const auto number = static_cast<unsigned>(info.field);
  out += concat("  d.field(Field{", number, "}, ", value.rule, ", ", value.number, ", ",
                literal(value.text), ");  // ", info.path, "\n");
  if (const SyscallSet* set = find_set(value)) {
    out += concat("  d.entries(", value.rule, ", ", literal(set->name), ");\n");
    return;
  }
  for (const Entry& entry : value.entries) {
    out += concat("  d.entry(", entry.rule, ", ", literal(entry.key), ", ", entry.number, ", ",
                  literal(entry.text), ");\n");
  }
}

std::string function_of(const Document& document, const std::string& source) {
  std::string out = concat("Document ", function_name(document.name), "() {\n  DocumentBuilder d(",
                           literal(document.name), ", ", literal(document.description), ", ",
                           literal(source), ");\n");
  for (const std::string& base : document.extends) {
    out += concat("  d.extends(", literal(base), ");\n");
  }
  for (const Rule& rule : document.rules) {
    out += concat("  d.rule(", rule.line, ", ", literal(rule.reason), ");\n");
  }
  for (const FieldInfo& info : field_table()) {
    if (document[info.field].present) {
      write_field(info, document[info.field], out);
    }
  }
  return out + "  return d.take();\n}\n\n";
}

Result<std::string> source_text(std::span<char*> paths) {
  std::string functions, rows;
  for (const std::string path : paths) {
    const std::string source = "profiles" + path.substr(path.rfind('/'));
    TRY_ASSIGN(const std::string text, read_file(path, kMaxDocumentBytes));
    TRY_ASSIGN(const Document document, read_document(text, source));
    if (source != concat("profiles/", document.name, ".json")) {
      return Error::invalid(concat(path, ": is named ", quote(document.name)));
    }
    functions += function_of(document, source);
    rows += concat("    {", literal(document.name), ", ", function_name(document.name), "},\n");
  }
  return concat("// Written by policy/embed from profiles/*.json.\n"
                "#include \"policy/document/builder.h\"\n"
                "#include \"policy/effective.h\"\n\n"
                "namespace redoubt::policy {\nnamespace {\n\n",
                functions,
                "constexpr EmbeddedProfile kProfiles[] = {\n",
                rows,
                "};\n\n}  // namespace\n\n"
                "std::span<const EmbeddedProfile> embedded_profiles() {\n  return kProfiles;\n}\n\n"
                "}  // namespace redoubt::policy\n");
}

Status write_source(std::span<char*> words) {
  TRY_ASSIGN(const std::string text, source_text(words.subspan(1)));
  return replace_file_at(AT_FDCWD, words[0], text, 0644);
}

}  // namespace
}  // namespace redoubt::policy

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<size_t>(argc));
  const redoubt::Status status = argc < 3 ? redoubt::Error::invalid("usage: OUTPUT PROFILE.json...")
                                          : redoubt::policy::write_source(words.subspan(1));
  if (!status) {
    ::fprintf(stderr, "redoubt-embed-profiles: %s\n", status.error().message().c_str());
  }
  return status ? 0 : 1;
}
