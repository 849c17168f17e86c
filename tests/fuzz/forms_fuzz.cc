// Forms of others: any text to a profile. What becomes one can be written in each form, and what can be
// read again is never wider.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expect.h"
#include "round_trip.h"

namespace redoubt {
namespace {

void expect_notes(const std::vector<policy::Note>& notes) {
  for (const policy::Note& note : notes) {
    expect_message(policy::note_text(note));
  }
}

void expect_forms(const policy::Document& profile) {
  for (const policy::Form& form : policy::form_table()) {
    const Result<policy::Converted> written = form.write(profile, {"/srv/root"});
    if (!written) {
      expect_message(written.error().message());
      continue;
    }
    expect_notes(written->notes);
    const std::string problem = form.read == nullptr ? "" : policy::round_trip_problem(profile, form);
    expect(problem.empty(), form.name.data(), problem);
  }
}

void expect_conversion(std::string_view text) {
  const Result<policy::Converted> made = policy::convert_to_profile(text, "fuzz", "fuzz");
  if (!made) {
    expect_message(made.error().message());
    return;
  }
  expect_notes(made->notes);
  const Result<policy::Document> profile = policy::read_document(made->text, "made");
  expect(profile.has_value(), "what is made can be read", made->text);
  expect_forms(*profile);
}

}  // namespace
}  // namespace redoubt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  redoubt::expect_conversion({reinterpret_cast<const char*>(data), size});
  return 0;
}
