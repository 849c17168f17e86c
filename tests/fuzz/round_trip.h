// What every form must hold that is both written and read: a profile that went there and back allows
// nothing that it did not before, unless a note says so, and a second trip changes nothing.
#ifndef REDOUBT_TESTS_FUZZ_ROUND_TRIP_H_
#define REDOUBT_TESTS_FUZZ_ROUND_TRIP_H_

#include <algorithm>
#include <string>
#include <vector>

#include "base/str.h"
#include "policy/authoring/forms.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"

namespace redoubt::policy {

struct Trip {
  Document profile;
  std::vector<Note> notes;  // of both ways
  std::string problem;      // empty: it was made
  bool refused = false;     // the form cannot be written of this profile
};

inline Trip trip(const Document& profile, const Form& form) {
  Trip out;
  const Result<Converted> written = form.write(profile, {});
  if (!written) {
    out.refused = true;
    return out;
  }
  const Result<Converted> read = convert_to_profile(written->text, "trip", "trip");
  if (!read) {
    out.problem = concat("cannot be read again: ", read.error().message());
    return out;
  }
  out.profile = *read_document(read->text, "trip");
  out.notes = written->notes;
  out.notes.insert(out.notes.end(), read->notes.begin(), read->notes.end());
  return out;
}

inline bool is_noted(const std::vector<Note>& notes, std::string_view field) {
  return std::any_of(notes.begin(), notes.end(), [&](const Note& note) { return note.effect == Effect::kWider && note.field == field; });
}

// A filter of system calls holds what these fields close, in one list.
inline bool is_in_filter(const Form& form, std::string_view field) {
  return form.name.ends_with("seccomp") && (field.starts_with("kernel.") || (field.starts_with("syscalls.") && field != "syscalls.allow"));
}

// A word that says nothing, or capabilities that the other list does not have anyway.
inline bool says_the_same(const Document& after, const Document& before, Field field) {
  const FieldValue& value = before[field];
  if (field == Field::kCapabilitiesDeny && after[Field::kCapabilitiesAllow].present) {
    return std::all_of(value.entries.begin(), value.entries.end(), [&](const Entry& entry) {
      return find_entry(after[Field::kCapabilitiesAllow], entry.key) == nullptr;
    });
  }
  return info_of(field).type == FieldType::kLevel && value.number == 0;
}

// Empty: all is well.
inline std::string round_trip_problem(const Document& profile, const Form& form) {
  const Trip first = trip(profile, form);
  if (first.refused || !first.problem.empty()) {
    return first.problem;
  }
  Document before = profile;
  if (form.name.ends_with("seccomp") && !before[Field::kSyscallsAllow].present) {
    before[Field::kSyscallsAllow] = before[Field::kSyscallsDefault];
  }
  for (const Field field : wider_fields(first.profile, before)) {
    const std::string_view path = info_of(field).path;
    if (field != Field::kMode && !is_in_filter(form, path) && !says_the_same(first.profile, before, field) && !is_noted(first.notes, path)) {
      return concat(path, " is wider and no note says so: ", value_text(info_of(field), first.profile[field]));
    }
  }
  const Trip second = trip(first.profile, form);
  if (second.refused || !second.problem.empty()) {
    return second.problem;
  }
  const std::vector<Difference> changed = differences(first.profile, second.profile);
  return changed.empty() ? "" : concat(info_of(changed[0].field).path, " changes again: ", changed[0].before, " -> ", changed[0].after);
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_FUZZ_ROUND_TRIP_H_
