#include "runc-compat/cli/arguments.h"

#include <cassert>

#include "base/str.h"
#include "runc-compat/cli/go_values.h"

namespace redoubt::cli {
namespace {

// The number behind a value of this kind; text kinds have none.
Result<uint64_t> numeric_value(FlagKind kind, std::string_view value) {
  switch (kind) {
    case FlagKind::kBool: {
      TRY_ASSIGN(const bool yes, parse_go_bool(value));
      return uint64_t{yes ? 1U : 0U};
    }
    case FlagKind::kInt: {
      TRY_ASSIGN(const int64_t number, parse_go_int(value));
      return static_cast<uint64_t>(number);
    }
    case FlagKind::kUint:
      return parse_go_uint(value);
    case FlagKind::kDuration: {
      TRY_ASSIGN(const int64_t nanoseconds, parse_go_duration(value));
      return static_cast<uint64_t>(nanoseconds);
    }
    case FlagKind::kString:
    case FlagKind::kStringList:
      break;
  }
  return uint64_t{0};
}

}  // namespace

Arguments::Arguments(std::span<const Flag> flags) {
  slots_.reserve(flags.size());
  for (const Flag& flag : flags) {
    Slot slot{.flag = &flag,
              .set = false,
              .text = std::string(flag.default_text),
              .number = 0,
              .list = {}};
    if (!flag.default_text.empty()) {
      const Result<uint64_t> number = numeric_value(flag.kind, flag.default_text);
      assert(number.has_value());
      slot.number = number ? *number : 0;
    }
    slots_.push_back(std::move(slot));
  }
}

const Arguments::Slot& Arguments::slot(std::string_view name, FlagKind kind) const {
  for (const Slot& candidate : slots_) {
    if (candidate.flag->name == name) {
      assert(candidate.flag->kind == kind);
      static_cast<void>(kind);
      return candidate;
    }
  }
  assert(false && "no such flag in the verb's table");
  __builtin_trap();
}

bool Arguments::flag(std::string_view name) const {
  return slot(name, FlagKind::kBool).number != 0;
}

const std::string& Arguments::text(std::string_view name) const {
  return slot(name, FlagKind::kString).text;
}

int64_t Arguments::number(std::string_view name) const {
  for (const Slot& candidate : slots_) {
    if (candidate.flag->name == name) {
      return static_cast<int64_t>(slot(name, candidate.flag->kind).number);
    }
  }
  return static_cast<int64_t>(slot(name, FlagKind::kInt).number);
}

uint64_t Arguments::unsigned_number(std::string_view name) const {
  return slot(name, FlagKind::kUint).number;
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
  return slot(name, FlagKind::kStringList).list;
}

bool Arguments::is_set(std::string_view name) const {
  for (const Slot& candidate : slots_) {
    if (candidate.flag->name == name) {
      return candidate.set;
    }
  }
  assert(false && "no such flag in the verb's table");
  __builtin_trap();
}

Status Arguments::set(const Flag& flag, std::string_view spelled_name, std::string_view value) {
  Result<uint64_t> number = numeric_value(flag.kind, value);
  if (!number) {
    return std::move(number).error().add_context(
        concat("invalid value ", quote(value), " for flag -", spelled_name));
  }
  for (Slot& candidate : slots_) {
    if (candidate.flag != &flag) {
      continue;
    }
    candidate.set = true;
    candidate.number = *number;
    if (flag.kind == FlagKind::kStringList) {
      candidate.list.emplace_back(value);
    } else {
      candidate.text = value;
    }
  }
  return {};
}

}  // namespace redoubt::cli
