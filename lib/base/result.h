// Result<T> and Status: the value or the Error, never both.
//
// The interface is a subset of std::expected, which g++ 12 offers only with a dialect that clang 14 rejects; it can be swapped later.
// A caller reacts in one of three ways: TRY / TRY_ASSIGN hand the error on (possibly with one frame of context through
// .context()), an `if` handles it, ignore(expr, "why") says that it does not matter.
#ifndef REDOUBT_BASE_RESULT_H_
#define REDOUBT_BASE_RESULT_H_

#include <cassert>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/error.h"

namespace redoubt {

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}   // NOLINT(google-explicit-constructor): as std::expected
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor): as above

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    assert(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  // Adds a frame to the error, if there is one.
  Result context(std::string_view frame) && {
    if (!has_value()) {
      std::get<1>(state_).add_context(frame);
    }
    return std::move(*this);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor): as std::expected

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

  Result context(std::string_view frame) && {
    if (error_) {
      error_->add_context(frame);
    }
    return std::move(*this);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

// States that a failure is acceptable and why.
template <typename T>
void ignore(const Result<T>& /*result*/, const char* /*why*/) {}

}  // namespace redoubt

#define REDOUBT_CONCAT_INNER(a, b) a##b
#define REDOUBT_CONCAT(a, b) REDOUBT_CONCAT_INNER(a, b)

// TRY(expr): returns the error of a Status (or Result) to the caller.
#define TRY(expr)                                      \
  do {                                                 \
    auto redoubt_try_status = (expr);                  \
    if (!redoubt_try_status) {                         \
      return std::move(redoubt_try_status).error();    \
    }                                                  \
  } while (false)

// TRY_ASSIGN(auto x, expr): declares or assigns x, or returns the error.
#define TRY_ASSIGN(lhs, expr) \
  REDOUBT_TRY_ASSIGN_INNER(REDOUBT_CONCAT(redoubt_result_, __LINE__), lhs, expr)
#define REDOUBT_TRY_ASSIGN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                             \
  if (!tmp) {                                    \
    return std::move(tmp).error();               \
  }                                              \
  lhs = *std::move(tmp)

#endif  // REDOUBT_BASE_RESULT_H_
