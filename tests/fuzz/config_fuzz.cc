// config.json: text to JSON to oci::Spec to the checks, as create does it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "expect.h"
#include "oci/bundle.h"

namespace redoubt {
namespace {

// What was read is what is written: another reader of our copy sees the same document.
void expect_round_trip(std::string_view text) {
  const Result<json::Value> document = json::parse(text, "config.json");
  if (!document) {
    expect_message(document.error().message());
    return;
  }
  const std::string written = json::dump(*document);
  const Result<json::Value> again = json::parse(written, "written");
  expect(again.has_value(), "written document is readable", written);
  expect(json::dump(*again) == written, "written document is stable", written);
}

}  // namespace
}  // namespace redoubt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  redoubt::expect_round_trip(text);
  redoubt::oci::Warnings warnings;
  const auto spec = redoubt::oci::load_spec_text(text, "config.json", warnings);
  if (!spec) {
    redoubt::expect_message(spec.error().message());
  } else {
    redoubt::expect(spec->process && spec->root && spec->linux_, "accepted spec is complete");
  }
  for (const std::string& warning : warnings) {
    redoubt::expect_message(warning);
  }
  return 0;
}
