// Requests, replies and events of the control port: no input may crash a reader, an error is one
// readable line, and what is accepted survives being written and read again, unchanged.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "escalate-vm/protocol/message.h"
#include "expect.h"

namespace {

template <typename Parse, typename Format>
void check(std::string_view text, Parse parse, Format format) {
  const auto first = parse(text);
  if (!first) {
    redoubt::expect_message(first.error().message());
    return;
  }
  const std::string written = format(*first);
  const auto second = parse(written);
  redoubt::expect(second.has_value(), "what was written is read", written);
  redoubt::expect(format(*second) == written, "what was read is written the same", written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, redoubt::vm::parse_request, redoubt::vm::format_request);
  check(text, redoubt::vm::parse_message, redoubt::vm::format_message);
  redoubt::vm::request_id(text);
  return 0;
}
