// DlProcess: a running redoubt-dl, the part of Redoubt that loads shared libraries (libseccomp,
// libsystemd). redoubt itself is linked statically and cannot; see docs/adr/0003.
//
// The program comes from a sealed memfd and ends with the object. Never started after clone (the
// libraries would come from the container's root, CVE-2019-14271).
#ifndef REDOUBT_SANDBOX_DL_PROCESS_H_
#define REDOUBT_SANDBOX_DL_PROCESS_H_

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/dl_message.h"

namespace redoubt::sandbox {

class DlProcess {
 public:
  // `kept_fd`: a descriptor that it keeps open as long as it runs, e.g. a lock.
  static Result<DlProcess> start(int kept_fd = -1);

  DlProcess(DlProcess&& other) noexcept;
  DlProcess& operator=(DlProcess&& other) noexcept;
  ~DlProcess() { end(); }

  // One call (dl/main.cc): what it returned.
  Result<Words> call(const Words& request);

 private:
  DlProcess(UniqueFd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}
  void end();

  UniqueFd socket_;
  pid_t pid_ = -1;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_DL_PROCESS_H_
