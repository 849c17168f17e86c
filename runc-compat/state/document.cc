#include "runc-compat/state/document.h"

#include <string>

#include "runc-compat/state/status.h"

namespace redoubt::state {

Result<oci::StateDocument> document_of(const ContainerDir& dir, const Record& record) {
  TRY_ASSIGN(const ContainerStatus status, status_of(dir, record));
  oci::StateDocument document;
  document.id = record.id;
  document.pid = status == ContainerStatus::kStopped ? 0 : record.init_pid;
  document.status = std::string(status_name(status));
  document.bundle = record.bundle;
  document.rootfs = record.rootfs;
  document.created = record.created;
  document.annotations = record.annotations;
  return document;
}

}  // namespace redoubt::state
