// profile convert: from and to the forms of others.
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "policy/authoring/forms.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

Result<policy::Converted> convert(ProfileCall& call, const std::string& to) {
  const std::string& rootfs = call.arguments.text(kProfileRootfsFlag);
  if (!rootfs.empty() && (to != "selinux-cil" || !rootfs.starts_with('/') || rootfs.ends_with('/'))) {
    return Error::invalid("profile convert: --rootfs: is an absolute path without a slash at its end, for --to selinux-cil");
  }
  if (to.empty()) {
    TRY_ASSIGN(const std::string name, profile_name(call, "convert"));
    TRY_ASSIGN(const std::string text, read_file(call.words[0], policy::kMaxFormBytes));
    return policy::convert_to_profile(text, call.words[0], name);
  }
  const policy::Form* form = policy::find_form(to);
  if (form == nullptr) {
    return Error::invalid(concat("profile convert: --to: ", quote(to), " is unknown; there are ", policy::form_names()));
  }
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  return form->write(documents.merged, {rootfs});
}

std::string as_json(const policy::Converted& converted) {
  json::Value notes{json::Array()};
  for (const policy::Note& note : converted.notes) {
    notes.push(policy::note_json(note));
  }
  json::Value out;
  return policy::document_text(out.set("result", converted.text).set("notes", std::move(notes)));
}

}  // namespace

Result<int> profile_convert(ProfileCall& call) {
  TRY_ASSIGN(const policy::Converted converted, convert(call, call.arguments.text(kProfileToFlag)));
  for (const policy::Note& note : converted.notes) {
    log::warning(policy::note_text(note));
  }
  TRY(write_output(call, call.as_json() ? as_json(converted) : converted.text));
  return 0;
}

}  // namespace redoubt::cli
