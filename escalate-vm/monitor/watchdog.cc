// The monitor's watch over the guest: it has to come up, and to answer each request, pings among them,
// within vm.watchdog of the node's policy. By its own running time, so that a frozen container is not
// taken for a silent one.
#include <algorithm>

#include "base/str.h"
#include "escalate-vm/monitor/monitor.h"

namespace redoubt::vm {
namespace {

constexpr int64_t kBusyTickMs = 100;  // while something is about to end
constexpr int64_t kPingMs = 10000;
constexpr int64_t kPingsAtLeast = 4;  // within the limit
constexpr int64_t kSlackMs = 100;     // of a reading later than poll(2) was asked for

int64_t ping_interval(uint64_t watchdog_ms) {
  return std::min(kPingMs, static_cast<int64_t>(watchdog_ms) / kPingsAtLeast);
}

std::string silence(uint64_t watchdog_ms) {
  constexpr uint64_t kSecond = 1000;
  return concat(" within ", watchdog_ms / kSecond, " s (vm.watchdog of the node's policy)");
}

}  // namespace

int Monitor::tick_ms() const {
  const bool ending = (first_ && first_->exited()) || std::any_of(clients_.begin(), clients_.end(), [](const Client& client) {
                        return client.session && client.session->exited();
                      });
  return static_cast<int>(ending ? kBusyTickMs : ping_interval(task_.watchdog_ms));
}

Status Monitor::watch() {
  clock_.advance(now_ms(), tick_ms() + kSlackMs);
  if (!up_) {
    return clock_.now() < static_cast<int64_t>(task_.watchdog_ms)
               ? Status()
               : Status(ended(concat("the guest did not come up", silence(task_.watchdog_ms))));
  }
  if (clock_.now() >= next_ping_) {
    next_ping_ = clock_.now() + ping_interval(task_.watchdog_ms);
    Request request;
    request.op = Op::kPing;
    TRY(require(std::move(request), [] { return Status(); }));
  }
  return answer_late_ones();
}

// What was asked for the container's own sake ends with it; a process of exec is given up.
Status Monitor::answer_late_ones() {
  for (auto& [id, pending] : pending_) {
    if (pending.late || clock_.now() < pending.deadline) {
      continue;
    }
    pending.late = true;
    Reply reply;
    reply.id = id;
    reply.error = concat("the guest did not answer", silence(task_.watchdog_ms));
    TRY(pending.then(reply));
  }
  return {};
}

}  // namespace redoubt::vm
