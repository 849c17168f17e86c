#include "bpf/event_log.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "base/str.h"
#include "bpf/maps/kernel.h"
#include "bpf/maps/pins.h"

namespace redoubt::bpf {
namespace {

constexpr size_t kLogBytes = sizeof(redoubt_event) * REDOUBT_LOG_EVENTS;
constexpr size_t kPathBytes = sizeof(redoubt_paths) * REDOUBT_LOG_EVENTS;

size_t whole_pages(size_t bytes) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

Result<const void*> map_pinned(const std::string& name, size_t bytes) {
  // Opened for writing, too: of a descriptor that only reads, the kernel maps nothing as shared.
  TRY_ASSIGN(const UniqueFd map, open_pinned(map_pin(name), false));
  void* memory = ::mmap(nullptr, whole_pages(bytes), PROT_READ, MAP_SHARED, map.get(), 0);
  if (memory == MAP_FAILED) {
    return Error::system(errno, concat("mmap ", map_pin(name)));
  }
  return static_cast<const void*>(memory);
}

uint64_t load_acquire(const uint64_t* value) {
  return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

// The inode of the pin: a set that replaces this one keeps the map and its pin; after an unload
// both are new. 0: there is none.
uint64_t identity_of_pin() {
  struct stat pin {};
  return ::stat(map_pin("log").c_str(), &pin) == 0 ? pin.st_ino : 0;
}

}  // namespace

Result<EventLog> EventLog::open() {
  // Before the map is opened: a log that takes its place meanwhile is then seen as another one.
  const uint64_t identity = identity_of_pin();
  TRY_ASSIGN(const void* head, map_pinned("head", sizeof(uint64_t)));
  Result<const void*> events = map_pinned("log", kLogBytes);
  if (!events) {
    ::munmap(const_cast<void*>(head), whole_pages(sizeof(uint64_t)));
    return std::move(events).error();
  }
  const auto* newest = static_cast<const uint64_t*>(head);
  const uint64_t written = load_acquire(newest);
  const uint64_t oldest = written > REDOUBT_LOG_EVENTS ? written - REDOUBT_LOG_EVENTS + 1 : 1;
  return EventLog(static_cast<const redoubt_event*>(*events), newest, oldest, identity);
}

bool EventLog::is_current() const {
  return identity_of_pin() == identity_;
}

EventLog::EventLog(EventLog&& other) noexcept
    : events_(std::exchange(other.events_, nullptr)),
      head_(std::exchange(other.head_, nullptr)),
      paths_(std::exchange(other.paths_, nullptr)),
      next_(other.next_),
      identity_(other.identity_) {}

EventLog::~EventLog() {
  if (events_ != nullptr) {
    ::munmap(const_cast<redoubt_event*>(events_), whole_pages(kLogBytes));
    ::munmap(const_cast<uint64_t*>(head_), whole_pages(sizeof(uint64_t)));
  }
  if (paths_ != nullptr) {
    ::munmap(const_cast<redoubt_paths*>(paths_), whole_pages(kPathBytes));
  }
}

// The map may have come after the log.
std::optional<RefusedPaths> EventLog::paths_of(const redoubt_event& event) {
  if (!is_refusal_of_files(event)) {
    return std::nullopt;
  }
  if (paths_ == nullptr) {
    const Result<const void*> mapped = map_pinned("paths", kPathBytes);
    if (!mapped) {
      return std::nullopt;
    }
    paths_ = static_cast<const redoubt_paths*>(*mapped);
  }
  const redoubt_paths* slot = paths_ + (event.sequence & (REDOUBT_LOG_EVENTS - 1));
  redoubt_paths copy;
  ::memcpy(&copy, slot, sizeof copy);
  std::atomic_thread_fence(std::memory_order_acquire);
  const bool is_its_own = copy.sequence == event.sequence && load_acquire(&slot->sequence) == event.sequence;
  return is_its_own ? std::optional(refused_paths_of(copy)) : std::nullopt;
}

EventLog::Batch EventLog::read() {
  Batch batch;
  const uint64_t written = load_acquire(head_);
  if (next_ + REDOUBT_LOG_EVENTS <= written) {
    batch.lost += written - REDOUBT_LOG_EVENTS + 1 - next_;
    next_ = written - REDOUBT_LOG_EVENTS + 1;
  }
  for (; next_ <= written; ++next_) {
    const redoubt_event* slot = events_ + (next_ & (REDOUBT_LOG_EVENTS - 1));
    if (load_acquire(&slot->sequence) < next_) {
      break;  // taken, but not written yet
    }
    redoubt_event event;
    ::memcpy(&event, slot, sizeof event);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (event.sequence == next_ && load_acquire(&slot->sequence) == next_) {
      batch.events.push_back(event);
    } else {
      ++batch.lost;  // overwritten while it was read
    }
  }
  return batch;
}

uint64_t count_events() {
  Result<UniqueFd> map = open_pinned(map_pin("head"), true);
  const uint32_t zero = 0;
  uint64_t count = 0;
  if (map) {
    ignore(lookup(map->get(), &zero, &count), "no log, no events");
  }
  return count;
}

}  // namespace redoubt::bpf
