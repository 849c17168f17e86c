#include "sandbox/dl_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>

namespace redoubt::sandbox {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{64} << 20;
constexpr std::string_view kOk = "ok";

Status send_bytes(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) {
      return Error::system(errno, "redoubt-dl: send");
    }
    bytes.remove_prefix(n < 0 ? 0 : static_cast<size_t>(n));
  }
  return {};
}

// The number of bytes read: less than `size` at the end of the stream only.
Result<size_t> receive_bytes(int socket, char* bytes, size_t size) {
  size_t got = 0;
  while (got < size) {
    const ssize_t n = ::recv(socket, bytes + got, size - got, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
      break;
    }
    if (n < 0 && errno != EINTR) {
      return Error::system(errno, "redoubt-dl: receive");
    }
    got += n < 0 ? 0 : static_cast<size_t>(n);
  }
  return got;
}

void append_length(std::string& bytes, uint64_t length) {
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
}

Result<Words> words_in(std::string_view bytes) {
  Words words;
  while (!bytes.empty()) {
    uint64_t length = 0;
    if (bytes.size() < sizeof length) {
      return Error::internal("redoubt-dl: message cut short");
    }
    ::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (bytes.size() < length) {
      return Error::internal("redoubt-dl: message cut short");
    }
    words.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return words;
}

std::string scalar_text(const UnitScalar& scalar) {
  return std::visit(
      [](const auto& value) -> std::string {
        using Type = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Type, std::string>) {
          return value;
        } else if constexpr (std::is_same_v<Type, double>) {
          return concat(std::bit_cast<uint64_t>(value));
        } else {
          return std::to_string(value);
        }
      },
      scalar);
}

// The alternative of UnitScalar, which the type code alone does not say.
template <size_t kIndex = 0>
UnitScalar take_scalar(size_t index, WordReader& reader) {
  if constexpr (kIndex == std::variant_size_v<UnitScalar>) {
    return {};
  } else {
    if (index != kIndex) {
      return take_scalar<kIndex + 1>(index, reader);
    }
    using Type = std::variant_alternative_t<kIndex, UnitScalar>;
    if constexpr (std::is_same_v<Type, std::string>) {
      return reader.text();
    } else if constexpr (std::is_same_v<Type, double>) {
      return std::bit_cast<double>(reader.number<uint64_t>());
    } else if constexpr (std::is_same_v<Type, bool>) {
      return reader.number<int>() != 0;
    } else {
      return reader.number<Type>();
    }
  }
}

void put_value(Words& words, const UnitValue& value) {
  words.push_back(concat(static_cast<int>(value.shape)));
  words.push_back(std::string(1, value.element));
  words.push_back(concat(value.items.size()));
  for (const UnitScalar& item : value.items) {
    words.push_back(concat(item.index()));
    words.push_back(scalar_text(item));
  }
  words.push_back(concat(value.pairs.size()));
  for (const auto& [first, second] : value.pairs) {
    words.push_back(first);
    words.push_back(second);
  }
}

UnitValue take_value(WordReader& reader) {
  UnitValue value;
  value.shape = static_cast<UnitValue::Shape>(reader.number<int>());
  const std::string element = reader.text();
  value.element = element.empty() ? '\0' : element.front();
  for (size_t left = reader.count(); left > 0; --left) {
    const auto index = reader.number<size_t>();
    value.items.push_back(take_scalar(index, reader));
  }
  for (size_t left = reader.count(); left > 0; --left) {
    std::string first = reader.text();
    value.pairs.emplace_back(std::move(first), reader.text());
  }
  return value;
}

void put_rule(Words& words, const plan::SeccompRule& rule) {
  put(words, rule.names);
  words.push_back(concat(static_cast<int>(rule.action)));
  words.push_back(concat(rule.errno_ret));
  words.push_back(rule.skips_socketcall ? "1" : "0");
  words.push_back(concat(rule.arguments.size()));
  for (const plan::SeccompArgument& argument : rule.arguments) {
    words.push_back(concat(argument.index));
    words.push_back(concat(static_cast<int>(argument.op)));
    words.push_back(concat(argument.value));
    words.push_back(concat(argument.value_two));
  }
}

plan::SeccompRule take_rule(WordReader& reader) {
  plan::SeccompRule rule;
  rule.names = reader.texts();
  rule.action = static_cast<plan::SeccompAction>(reader.number<int>());
  rule.errno_ret = reader.number<uint32_t>();
  rule.skips_socketcall = reader.number<int>() != 0;
  for (size_t left = reader.count(); left > 0; --left) {
    plan::SeccompArgument argument;
    argument.index = reader.number<uint32_t>();
    argument.op = static_cast<plan::SeccompOperator>(reader.number<int>());
    argument.value = reader.number<uint64_t>();
    argument.value_two = reader.number<uint64_t>();
    rule.arguments.push_back(argument);
  }
  return rule;
}

}  // namespace

Result<std::optional<Words>> receive_words(int socket) {
  uint64_t length = 0;
  TRY_ASSIGN(const size_t head,
             receive_bytes(socket, reinterpret_cast<char*>(&length), sizeof length));
  if (head == 0) {
    return std::optional<Words>();
  }
  if (head < sizeof length || length > kMaxBytes) {
    return Error::internal("redoubt-dl: message cut short or too long");
  }
  std::string bytes(length, '\0');
  TRY_ASSIGN(const size_t got, receive_bytes(socket, bytes.data(), bytes.size()));
  if (got < bytes.size()) {
    return Error::internal("redoubt-dl: message cut short");
  }
  TRY_ASSIGN(Words words, words_in(bytes));
  return std::optional(std::move(words));
}

Status send_words(int socket, const Words& words) {
  std::string body;
  for (const std::string& word : words) {
    append_length(body, word.size());
    body += word;
  }
  std::string head;
  append_length(head, body.size());
  TRY(send_bytes(socket, head));
  return send_bytes(socket, body);
}

std::string WordReader::text() {
  if (next_ == words_.size()) {
    good_ = false;
    return {};
  }
  return words_[next_++];
}

size_t WordReader::count() {
  const auto count = number<size_t>();
  if (count > words_.size() - next_) {
    good_ = false;
    return 0;
  }
  return count;
}

std::vector<std::string> WordReader::texts() {
  std::vector<std::string> texts(count());
  for (std::string& text : texts) {
    text = this->text();
  }
  return texts;
}

void put(Words& words, const std::vector<std::string>& texts) {
  words.push_back(concat(texts.size()));
  words.insert(words.end(), texts.begin(), texts.end());
}

void put(Words& words, const plan::Seccomp& seccomp) {
  words.push_back(concat(static_cast<int>(seccomp.default_action)));
  words.push_back(concat(seccomp.default_errno_ret));
  put(words, seccomp.architectures);
  words.push_back(concat(seccomp.rules.size()));
  for (const plan::SeccompRule& rule : seccomp.rules) {
    put_rule(words, rule);
  }
}

plan::Seccomp take_seccomp(WordReader& reader) {
  plan::Seccomp seccomp;
  seccomp.default_action = static_cast<plan::SeccompAction>(reader.number<int>());
  seccomp.default_errno_ret = reader.number<uint32_t>();
  seccomp.architectures = reader.texts();
  for (size_t left = reader.count(); left > 0; --left) {
    seccomp.rules.push_back(take_rule(reader));
  }
  return seccomp;
}

void put(Words& words, const CachedProgram& program) {
  words.emplace_back(reinterpret_cast<const char*>(program.filter.data()),
                     program.filter.size() * sizeof(sock_filter));
  put(words, program.unknown_syscalls);
  words.push_back(program.library);
}

CachedProgram take_program(WordReader& reader) {
  CachedProgram program;
  const std::string bytes = reader.text();
  program.filter.resize(bytes.size() / sizeof(sock_filter));
  ::memcpy(program.filter.data(), bytes.data(), program.filter.size() * sizeof(sock_filter));
  program.unknown_syscalls = reader.texts();
  program.library = reader.text();
  return program;
}

void put(Words& words, const std::vector<UnitProperty>& properties) {
  words.push_back(concat(properties.size()));
  for (const UnitProperty& property : properties) {
    words.push_back(property.name);
    put_value(words, property.value);
  }
}

std::vector<UnitProperty> take_properties(WordReader& reader) {
  std::vector<UnitProperty> properties;
  for (size_t left = reader.count(); left > 0; --left) {
    std::string name = reader.text();
    properties.push_back({std::move(name), take_value(reader)});
  }
  return properties;
}

Words reply_of(const Error& error) {
  return {"error", concat(static_cast<int>(error.kind())), concat(error.err()), error.message()};
}

Result<Words> unpack_reply(Words reply) {
  if (!reply.empty() && reply.front() == kOk) {
    reply.erase(reply.begin());
    return reply;
  }
  WordReader reader(reply);
  const std::string head = reader.text();
  const auto kind = static_cast<ErrorKind>(reader.number<int>());
  const int err = reader.number<int>();
  std::string message = reader.text();
  if (head != "error" || !reader.is_complete()) {
    return Error::internal("redoubt-dl: not a reply");
  }
  return Error(kind, std::move(message), err);
}

}  // namespace redoubt::sandbox
