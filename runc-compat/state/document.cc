#include "runc-compat/state/document.h"

#include "runc-compat/state/recording_outcome.h"
#include "runc-compat/state/small_text.h"
#include "runc-compat/state/status.h"

namespace redoubt::state {
namespace {

// Left by redoubt-vm (escalate-vm/host/machine_layout.h), and partly a guest's words.
constexpr char kReasonPath[] = "machine/reason";

}  // namespace

Result<oci::StateDocument> document_of(const ContainerDir& dir, const Record& record) {
  TRY_ASSIGN(const ContainerStatus status, status_of(dir, record));
  oci::StateDocument document;
  document.id = record.id;
  document.pid = status == ContainerStatus::kStopped ? 0 : record.init_pid;
  document.status = std::string(status_name(status));
  document.bundle = record.bundle;
  document.rootfs = record.rootfs;
  document.created = record.created;
  document.reason = status == ContainerStatus::kStopped ? read_small_text(dir, kReasonPath) : "";
  TRY_ASSIGN(document.recording, describe_recording(dir, record));
  document.annotations = record.annotations;
  return document;
}

}  // namespace redoubt::state
