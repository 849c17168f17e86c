#include "base/utc_time.h"

#include <chrono>

#include "base/str.h"

namespace redoubt {
namespace {

template <typename T>
std::string padded(T number, size_t digits) {
  const std::string text = concat(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

std::string utc_time(int64_t seconds_since_epoch) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds_since_epoch)};
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  return concat(padded(static_cast<int>(date.year()), 4),
                '-',
                padded(static_cast<unsigned>(date.month()), 2),
                '-',
                padded(static_cast<unsigned>(date.day()), 2),
                'T',
                padded(clock.hours().count(), 2),
                ':',
                padded(clock.minutes().count(), 2),
                ':',
                padded(clock.seconds().count(), 2));
}

}  // namespace redoubt
