// Recordings: text to a profile. What was read can be written and read again, and a profile made of it
// allows all that was seen.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "expect.h"
#include "policy/authoring/generalise.h"
#include "policy/authoring/recording.h"
#include "policy/document/read_document.h"
#include "policy/simulate.h"

namespace redoubt {
namespace {

void expect_profile(const policy::Recording& recording) {
  const policy::Generalised result = policy::generalise(recording, {"x", "fuzz.json", {}});
  const std::string text = json::dump(result.profile);
  const Result<policy::Document> profile = policy::read_document(text, "profile");
  if (!profile) {  // more names than a profile may have
    expect_message(profile.error().message());
    return;
  }
  for (const policy::Operation& operation : policy::operations_of(recording)) {
    expect(policy::judge(*profile, operation).allowed, "what was seen is allowed", operation.object);
  }
}

void expect_recording(std::string_view text) {
  const Result<policy::Recording> recording = policy::read_recording(text, "fuzz.json");
  if (!recording) {
    expect_message(recording.error().message());
    return;
  }
  const std::string written = policy::write_recording(*recording);
  const Result<policy::Recording> again = policy::read_recording(written, "written");
  expect(again.has_value(), "written recording is readable", written);
  expect(policy::write_recording(*again) == written, "written recording is the same", written);
  expect_profile(*recording);
  expect_profile(policy::merge_recordings({*recording, *again}));
}

}  // namespace
}  // namespace redoubt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  redoubt::expect_recording({reinterpret_cast<const char*>(data), size});
  return 0;
}
