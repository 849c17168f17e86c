// Messages between redoubt and redoubt-dl: a list of words, any bytes, sent over a stream socket
// with their lengths in front. A request starts with the name of the call, a reply with "ok" or
// with an error. Values that both sides know go in and out by the put and take functions below.
//
// Both sides are ours and of one build; what does not fit together is an internal error.
#ifndef REDOUBT_SANDBOX_DL_MESSAGE_H_
#define REDOUBT_SANDBOX_DL_MESSAGE_H_

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/str.h"
#include "plan/plan.h"
#include "sandbox/bpf_cache.h"
#include "sandbox/systemd_properties.h"

namespace redoubt::sandbox {

using Words = std::vector<std::string>;

// Nothing: the other side has closed the socket.
Result<std::optional<Words>> receive_words(int socket);
Status send_words(int socket, const Words& words);

// Takes words from the front. After the last one, texts are empty and numbers 0, and is_complete()
// says so.
class WordReader {
 public:
  explicit WordReader(const Words& words) : words_(words) {}

  std::string text();
  template <std::integral T>
  T number() {
    const std::optional<T> value = parse_number<T>(text());
    good_ &= value.has_value();
    return value.value_or(T{});
  }
  // The number of the elements that follow: no more than there are words left.
  size_t count();
  std::vector<std::string> texts();
  // Everything was read, and it was what it should be.
  bool is_complete() const { return good_ && next_ == words_.size(); }

 private:
  const Words& words_;
  size_t next_ = 0;
  bool good_ = true;
};

void put(Words& words, const std::vector<std::string>& texts);
void put(Words& words, const plan::Seccomp& seccomp);
void put(Words& words, const CachedProgram& program);
void put(Words& words, const std::vector<UnitProperty>& properties);

plan::Seccomp take_seccomp(WordReader& reader);  // what the compiler reads of it
CachedProgram take_program(WordReader& reader);
std::vector<UnitProperty> take_properties(WordReader& reader);

// {"ok"} and {"error", kind, errno, message}.
Words reply_of(const Error& error);
// The error that the reply stands for; otherwise its words without the first.
Result<Words> unpack_reply(Words reply);

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_DL_MESSAGE_H_
