// Points in time as texts in UTC. libc's gmtime_r(3) says the same, after it has read the time zone
// of the host from /etc/localtime. Used for state.json and the log.
#ifndef REDOUBT_BASE_UTC_TIME_H_
#define REDOUBT_BASE_UTC_TIME_H_

#include <cstdint>
#include <string>

namespace redoubt {

// "2026-02-28T23:59:59": RFC 3339 without fraction and zone.
std::string utc_time(int64_t seconds_since_epoch);

}  // namespace redoubt

#endif  // REDOUBT_BASE_UTC_TIME_H_
