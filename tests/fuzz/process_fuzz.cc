// The process document of `exec --process`.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expect.h"
#include "oci/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  redoubt::oci::Warnings warnings;
  const auto process = redoubt::oci::load_process_text(text, "process.json", warnings);
  if (!process) {
    redoubt::expect_message(process.error().message());
  } else {
    redoubt::expect(!process->args.empty() && process->cwd.front() == '/',
                    "accepted process can be run");
  }
  return 0;
}
