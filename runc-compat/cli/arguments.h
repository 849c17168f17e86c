// cli::Arguments: the values of a verb's flags and its positional arguments, as the parser found
// them.
//
// Every getter takes the flag's long name, which must be in the table given to the constructor
// (asserted: a typo is our bug). Values are checked when they are set, so the getters cannot fail;
// an absent flag reads as its default_text.
#ifndef REDOUBT_CLI_ARGUMENTS_H_
#define REDOUBT_CLI_ARGUMENTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

class Arguments {
 public:
  explicit Arguments(std::span<const Flag> flags);

  bool flag(std::string_view name) const;                             // kBool
  const std::string& text(std::string_view name) const;               // kString
  int64_t number(std::string_view name) const;                        // kInt, kUint, kDuration (ns)
  uint64_t unsigned_number(std::string_view name) const;              // kUint
  const std::vector<std::string>& list(std::string_view name) const;  // kStringList
  // Given on the command line, whatever the value.
  bool is_set(std::string_view name) const;

  const std::vector<std::string>& positional() const { return positional_; }
  std::vector<std::string>& positional() { return positional_; }

  // Stores one occurrence. The error is Go's: invalid value "x" for flag -n: strconv.ParseInt:
  // parsing "x": invalid syntax.
  Status set(const Flag& flag, std::string_view spelled_name, std::string_view value);

 private:
  struct Slot {
    const Flag* flag;
    bool set = false;
    std::string text;
    uint64_t number = 0;  // the bits of an int64_t with kInt and kDuration
    std::vector<std::string> list;
  };
  const Slot& slot(std::string_view name, FlagKind kind) const;

  std::vector<Slot> slots_;
  std::vector<std::string> positional_;
};

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_ARGUMENTS_H_
