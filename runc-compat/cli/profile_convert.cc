// profile convert: from and to the seccomp profiles of others.
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "policy/authoring/oci_seccomp.h"
#include "policy/document/read_document.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

Result<policy::Converted> convert(ProfileCall& call, const std::string& to) {
  if (to.empty()) {
    TRY_ASSIGN(const std::string name, profile_name(call, "convert"));
    TRY_ASSIGN(const std::string text, read_file(call.words[0], policy::kMaxDocumentBytes));
    return policy::from_seccomp(text, call.words[0], name);
  }
  if (to != "oci-seccomp" && to != "spo-seccomp") {
    return Error::invalid(concat("profile convert: --to: ", quote(to), " is unknown; there are oci-seccomp and spo-seccomp"));
  }
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  return to == "oci-seccomp" ? policy::to_oci_seccomp(documents.merged)
                             : policy::to_spo_seccomp(documents.merged);
}

}  // namespace

Result<int> profile_convert(ProfileCall& call) {
  TRY_ASSIGN(const policy::Converted converted, convert(call, call.arguments.text(kProfileToFlag)));
  for (const std::string& note : converted.notes) {
    log::warning(note);
  }
  TRY(write_output(call, json::dump(converted.document, json::Layout::kIndent2) + "\n"));
  return 0;
}

}  // namespace redoubt::cli
