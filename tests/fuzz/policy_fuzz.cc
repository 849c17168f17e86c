// Policy documents and annotations: text to the policy in force. The first byte chooses what the
// rest is: a profile, a node policy, inline rules, or annotations one a line (key=value).
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/str.h"
#include "expect.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/document/write_document.h"
#include "policy/effective.h"

namespace redoubt {
namespace {

using policy::Document;
using policy::DocumentKind;

Result<std::optional<policy::SourceText>> find_profile(const std::string& name) {
  return policy::find_embedded_profile(name);
}

// What was read can be written and read again, and merging it with itself changes nothing.
void expect_document(std::string_view text, DocumentKind kind, bool is_inline) {
  const Result<Document> document = policy::read_document(text, "fuzz.json", {kind, is_inline});
  if (!document) {
    expect_message(document.error().message());
    return;
  }
  Document flat = *document;
  flat.extends.clear();
  if (flat.name.empty()) {
    flat.name = "x";
  }
  const std::string written = json::dump(policy::to_json(flat));
  const Result<Document> again = policy::read_document(written, "written", {kind, false});
  expect(again.has_value(), "written document is readable", written);
  expect(policy::differences(*document, *again).empty(), "written document is the same", written);
  expect(policy::differences(policy::meet(*document, *document), policy::meet(*again, *again)).empty(),
         "the meet does not depend on the writing",
         written);
}

// Whatever the annotations say, nothing is wider than the profile of the node.
void expect_tightened(std::string_view text) {
  std::map<std::string, std::string> annotations;
  for (const std::string& line : split(text, '\n')) {
    const size_t equal = line.find('=');
    annotations[line.substr(0, equal)] = equal == std::string::npos ? "" : line.substr(equal + 1);
  }
  const Result<policy::Effective> effective =
      policy::choose_policy({std::nullopt, find_profile}, annotations);
  if (!effective) {
    expect_message(effective.error().message());
    return;
  }
  const Result<Document> standard = policy::load_profile(find_profile, "default");
  expect(standard && policy::wider_fields(effective->document, *standard).empty(),
         "nothing is wider than the default profile");
}

}  // namespace
}  // namespace redoubt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'p':
      redoubt::expect_document(text, redoubt::policy::DocumentKind::kProfile, false);
      break;
    case 'n':
      redoubt::expect_document(text, redoubt::policy::DocumentKind::kNodePolicy, false);
      break;
    case 'i':
      redoubt::expect_document(text, redoubt::policy::DocumentKind::kProfile, true);
      break;
    default:
      redoubt::expect_tightened(text);
      break;
  }
  return 0;
}
