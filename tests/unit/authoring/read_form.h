// A text of others as the profile that is made of it, for the tests of the readers.
#ifndef REDOUBT_TESTS_UNIT_AUTHORING_READ_FORM_H_
#define REDOUBT_TESTS_UNIT_AUTHORING_READ_FORM_H_

#include <string>

#include "policy/authoring/forms.h"
#include "policy/document/read_document.h"

namespace redoubt::policy {

struct ReadForm {
  Document profile;
  std::string notes;  // a line each
  std::string error;  // empty: there is a profile
};

inline ReadForm read_form(const std::string& text, const std::string& source) {
  ReadForm out;
  const Result<Converted> made = convert_to_profile(text, source, "p");
  if (!made) {
    out.error = made.error().message();
    return out;
  }
  out.profile = *read_document(made->text, "made");
  for (const Note& note : made->notes) {
    out.notes += note_text(note) + "\n";
  }
  return out;
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_UNIT_AUTHORING_READ_FORM_H_
