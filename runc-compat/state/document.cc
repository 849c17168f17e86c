#include "runc-compat/state/document.h"

#include <fcntl.h>

#include <string>

#include "base/io.h"
#include "runc-compat/state/status.h"

namespace redoubt::state {
namespace {

// Left by redoubt-vm (escalate-vm/host/machine_layout.h), and partly a guest's words.
constexpr char kReasonPath[] = "machine/reason";
constexpr size_t kReasonLimit = 1024;

std::string reason_of(const ContainerDir& dir) {
  const Result<UniqueFd> file = open_at(dir.fd(), kReasonPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  Result<std::string> text = file ? read_all(file->get(), kReasonLimit, kReasonPath) : Result<std::string>("");
  if (!text) {
    return "";
  }
  for (char& c : *text) {
    c = c < ' ' || c > '~' ? '?' : c;
  }
  return *std::move(text);
}

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
  document.reason = status == ContainerStatus::kStopped ? reason_of(dir) : "";
  document.annotations = record.annotations;
  return document;
}

}  // namespace redoubt::state
