// The report: one self-contained HTML page of what a workload may touch, or was seen to touch, or
// what a change of its profile adds and removes; risks first. It needs no script, loads nothing,
// and its size is bounded whatever the input has: base/html.h escapes, and every list says how much
// of it is left out.
//
// Called by `redoubt profile report`. Its sections are in files of their own, report_*.cc.
#ifndef REDOUBT_POLICY_AUTHORING_REPORT_H_
#define REDOUBT_POLICY_AUTHORING_REPORT_H_

#include <string>

#include "policy/authoring/recording.h"
#include "policy/document/document.h"

namespace redoubt::policy {

enum class ReportKind { kProfile, kRecording, kDifference };

struct ReportInput {
  ReportKind kind{};
  std::string title, description;
  std::string against_title;  // what it is compared with: "default", or the former profile
  const Document& subject;    // with all that it extends; of a recording: document_of()
  const Document& against;    // likewise
  const Recording* recording = nullptr;  // of kRecording
};

std::string report_page(const ReportInput& input);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_REPORT_H_
