#include "bpf/recorder.h"

#include "base/log.h"
#include "base/str.h"

namespace redoubt::bpf {

Result<Recording> Recording::start(pid_t tracked, bool refusals) {
  TRY_ASSIGN(sandbox::DlProcess reader, sandbox::DlProcess::start());
  TRY(reader.call(
      {"record start", concat(tracked), refusals ? "1" : "0", log::enabled(log::Level::kDebug) ? "1" : "0"}));
  return Recording(std::move(reader));
}

Result<bool> Recording::is_running() {
  TRY_ASSIGN(const sandbox::Words reply, reader_.call({"record is running"}));
  return !reply.empty() && reply.front() == "1";
}

Result<Observed> Recording::read() {
  TRY_ASSIGN(const sandbox::Words reply, reader_.call({"record read"}));
  return observed_of(reply);
}

}  // namespace redoubt::bpf
