// The loader of state.json: no input may crash it, and what it accepts must survive being written
// and read again, unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runc-compat/state/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using redoubt::state::format_record;
  using redoubt::state::parse_record;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const redoubt::Result<redoubt::state::Record> first = parse_record(text, "state.json");
  if (!first) {
    return 0;
  }
  const std::string written = format_record(*first);
  const redoubt::Result<redoubt::state::Record> second = parse_record(written, "state.json");
  if (!second || format_record(*second) != written) {
    std::abort();
  }
  return 0;
}
