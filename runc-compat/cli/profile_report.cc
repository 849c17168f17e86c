// profile report: a page of HTML about a profile, a recording, or the difference of two profiles.
#include "base/str.h"
#include "policy/authoring/recording_document.h"
#include "policy/authoring/report.h"
#include "policy/effective.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

constexpr char kDefault[] = "default";

std::string name_of(const std::string& word, const policy::Document& document) {
  return document.name.empty() ? std::string(file_name(word)) : document.name;
}

// What two files of one profile are called by.
std::string title_of(const std::string& word,
                     const policy::Document& document,
                     const policy::Document& other) {
  return document.name == other.name ? word : name_of(word, document);
}

Status write_page(const ProfileCall& call, const policy::ReportInput& input) {
  return write_output(call, policy::report_page(input));
}

Status report_recording(ProfileCall& call, const policy::Document& standard) {
  const std::string& word = call.words[0];
  TRY_ASSIGN(const policy::Recording recording, open_recording(word));
  const std::string source(file_name(word));
  const policy::Document seen = policy::document_of(recording, source);
  return write_page(
      call, {policy::ReportKind::kRecording, source, "", kDefault, seen, standard, &recording});
}

Status report_profile(ProfileCall& call, const policy::Document& standard) {
  TRY_ASSIGN(const ProfileDocuments own, open_document(call.files, call.words[0]));
  return write_page(call,
                    {policy::ReportKind::kProfile,
                     name_of(call.words[0], own.raw),
                     own.raw.description,
                     kDefault,
                     own.merged,
                     standard});
}

Status report_difference(ProfileCall& call) {
  TRY_ASSIGN(const ProfileDocuments a, open_document(call.files, call.words[0]));
  TRY_ASSIGN(const ProfileDocuments b, open_document(call.files, call.words[1]));
  return write_page(call,
                    {policy::ReportKind::kDifference,
                     title_of(call.words[1], b.raw, a.raw),
                     b.raw.description,
                     title_of(call.words[0], a.raw, b.raw),
                     b.merged,
                     a.merged});
}

}  // namespace

Result<int> profile_report(ProfileCall& call) {
  if (call.words.size() == 2) {
    TRY(report_difference(call));
    return 0;
  }
  TRY_ASSIGN(const policy::Document standard,
             policy::load_profile(call.files.sources().find_profile, kDefault));
  TRY(names_recording(call.words[0]) ? report_recording(call, standard)
                                     : report_profile(call, standard));
  return 0;
}

}  // namespace redoubt::cli
