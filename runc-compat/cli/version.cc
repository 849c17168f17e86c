#include "runc-compat/cli/version.h"

#include "base/str.h"
#include "oci/state_document.h"
#include "runc-compat/cli/build_commit.h"
#include "sandbox/seccomp.h"

namespace redoubt::cli {

std::string_view version_number() {
  return REDOUBT_VERSION;
}

std::string_view commit_id() {
  return REDOUBT_COMMIT;
}

std::string version_text(std::string_view program) {
  std::string out = concat(program, " version ", version_number(), "\n");
  if (!commit_id().empty()) {
    out += concat("commit: ", commit_id(), "\n");
  }
  out += concat("spec: ", oci::kOciVersion, "\n");
  if (const std::string library = sandbox::libseccomp_version(); !library.empty()) {
    out += concat("libseccomp: ", library, "\n");
  }
  return out;
}

}  // namespace redoubt::cli
