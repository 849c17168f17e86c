// The resources document of `update --resources`.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expect.h"
#include "oci/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto resources = redoubt::oci::load_resources_text(text, "resources.json");
  if (!resources) {
    redoubt::expect_message(resources.error().message());
    return 0;
  }
  for (const auto& [file, value] : resources->unified) {
    redoubt::expect(
        file.find('/') == file.npos && file.front() != '.', "unified names a file", file);
  }
  return 0;
}
