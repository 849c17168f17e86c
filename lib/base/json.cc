// The JSON reader: nlohmann/json's event parser feeds a builder of json::Value that keeps the
// limits while it builds, so that a hostile document is refused before it has cost memory. The
// parser's own messages are not shown: it tells where, we say what.
#include "base/json.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::json {
namespace {

constexpr size_t kLinearKeys = 24;    // up to here comparing is faster than hashing
constexpr int kNumberOverflow = 406;  // nlohmann::json::out_of_range

// Reads bytes and publishes how far it got: the event interface tells positions for syntax errors
// only.
struct Input {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  const char** published = nullptr;

  reference operator*() const { return *at; }
  Input& operator++() {
    *published = ++at;
    return *this;
  }
  Input operator++(int) {
    Input before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Input& other) const { return at == other.at; }
};

class Builder {
 public:
  Builder(std::string_view text, std::string_view name, const Limits& limits)
      : text_(text), name_(name), limits_(limits), cursor_(text.data()) {}

  Input input() { return {text_.data(), &cursor_}; }
  Input input_end() { return {text_.data() + text_.size(), &cursor_}; }

  Result<Value> take(bool complete) && {
    if (complete) {
      return std::move(root_);
    }
    return Error::invalid(std::move(message_));
  }

  // The event interface of nlohmann::json::sax_parse. False stops the parser.
  bool null() { return add(Value()); }
  bool boolean(bool v) { return add(Value(v)); }
  bool number_integer(int64_t v) { return add(Value(v)); }
  bool number_unsigned(uint64_t v) { return add(Value(v)); }
  bool number_float(double v, const std::string& /*text*/) { return add(Value(v)); }
  bool string(std::string& v) {
    if (v.find('\0') != std::string::npos) {
      return add(Value()) && fail(concat(path(), ": contains NUL"));
    }
    return add(Value(std::move(v)));
  }
  bool binary(std::vector<uint8_t>& /*v*/) { return fail("binary data"); }
  bool start_object(size_t /*size*/) { return open(Value(Object())); }
  bool start_array(size_t /*size*/) { return open(Value(Array())); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& key) {
    if (key.find('\0') != std::string::npos) {
      return fail(concat(path(), path().empty() ? "" : ": ", "key ", shown(key), " contains NUL"));
    }
    Object& object = frames_.back().container->as_object();
    if (is_duplicate(frames_.back(), key)) {
      const std::string where = path_of(frames_.size() - 1);
      return fail(concat("duplicate key ", shown(key), where.empty() ? "" : " in ", where));
    }
    object.push_back(Member{std::move(key), Value()});
    return true;
  }

  bool parse_error(size_t position,
                   const std::string& /*token*/,
                   const nlohmann::json::exception& e) {
    if (position == 0 || position > text_.size()) {
      return fail_at(text_.size(), "unexpected end");
    }
    const std::string_view read = text_.substr(0, position);
    if (const size_t bad = find_invalid_utf8(read); bad != std::string_view::npos) {
      return fail_at(bad, concat("not valid UTF-8 at byte ", bad));
    }
    // What the lexer refused is quoted at the end of the parser's message; the part before is the
    // parser's own.
    const std::string_view detail = e.what();
    const size_t quoted = detail.find("; last read: '");
    const bool lexical = quoted != std::string_view::npos || e.id == kNumberOverflow;
    const size_t start = lexical ? read.size() - 1 : last_token(read);
    if (frames_.empty() && complete_) {
      return fail_at(start, "data after end of document");
    }
    const std::string reason = lexical ? lexical_reason(detail.substr(0, quoted)) : std::string();
    if (e.id == kNumberOverflow && !frames_.empty()) {
      return fail_at(start, concat(next_path(), ": ", reason));
    }
    return fail_at(start,
                   reason.empty() ? concat("unexpected ", shown(read.substr(start))) : reason);
  }

 private:
  struct Frame {
    Value* container = nullptr;
    std::unordered_set<std::string> keys;  // filled when the object outgrows kLinearKeys
  };

  size_t offset() const { return static_cast<size_t>(cursor_ - text_.data()); }

  bool fail(std::string_view what) {
    const size_t at = offset();
    return fail_at(at == 0 ? 0 : at - 1, what);
  }

  bool fail_at(size_t at, std::string_view what) {
    message_ = error_at(name_, text_, at, what).message();
    return false;
  }

  // The place of a value that was not added.
  std::string next_path() const {
    const Value& container = *frames_.back().container;
    return container.is_array()
               ? concat(path_of(frames_.size() - 1), "[", container.as_array().size(), "]")
               : path();
  }

  // The place of the next or newest item of the innermost container: "process.args[1]".
  std::string path() const { return path_of(frames_.size()); }

  std::string path_of(size_t depth) const {
    std::string out;
    for (size_t i = 0; i < depth; ++i) {
      const Value& container = *frames_[i].container;
      if (container.is_array()) {
        const size_t count = container.as_array().size();
        append_to(out, concat("[", count == 0 ? 0 : count - 1, "]"));
      } else if (!container.as_object().empty()) {
        append_step(out, container.as_object().back().key);
      }
    }
    return out;
  }

  static bool is_duplicate(Frame& frame, const std::string& key) {
    const Object& object = frame.container->as_object();
    if (object.size() < kLinearKeys) {
      return std::any_of(
          object.begin(), object.end(), [&](const Member& member) { return member.key == key; });
    }
    if (frame.keys.empty()) {
      for (const Member& member : object) {
        frame.keys.insert(member.key);
      }
    }
    return !frame.keys.insert(key).second;
  }

  Value& attach(Value&& value) {
    if (frames_.empty()) {
      complete_ = true;
      return root_ = std::move(value);
    }
    Value& container = *frames_.back().container;
    if (container.is_array()) {
      return container.as_array().emplace_back(std::move(value));
    }
    return container.as_object().back().value = std::move(value);
  }

  bool add(Value&& value) {
    attach(std::move(value));
    if (++values_ > limits_.max_values) {
      return fail(concat("more than ", limits_.max_values, " values"));
    }
    return true;
  }

  bool open(Value&& value) {
    if (frames_.size() >= limits_.max_depth) {
      return fail(concat("nesting deeper than ", limits_.max_depth));
    }
    Value* container = &attach(std::move(value));
    frames_.push_back(Frame{container, {}});
    if (++values_ > limits_.max_values) {
      return fail(concat("more than ", limits_.max_values, " values"));
    }
    return true;
  }

  bool close() {
    frames_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view name_;
  const Limits& limits_;
  const char* cursor_;
  Value root_;
  std::vector<Frame> frames_;
  size_t values_ = 0;
  bool complete_ = false;
  std::string message_;
};

std::string size_words(size_t bytes) {
  constexpr size_t kMebi = size_t{1} << 20;
  return bytes % kMebi == 0 ? concat(bytes / kMebi, " MiB") : concat(bytes, " bytes");
}

// What can be said of the bytes before the grammar is asked.
Status check_bytes(std::string_view text, std::string_view name, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error::invalid(concat(name, ": larger than ", size_words(limits.max_bytes)));
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return Error::invalid(concat(name, ": not valid UTF-8 at byte 0: this is UTF-16"));
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    return Error::invalid(
        concat(name, ": not valid UTF-8 at byte 0: starts with a byte order mark; remove it"));
  }
  if (trim(text).empty()) {
    return Error::invalid(concat(name, ": empty document"));
  }
  // nlohmann/json takes a NUL byte for the end of the document and would overlook what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return error_at(name, text, nul, "NUL byte");
  }
  return {};
}

}  // namespace

Result<Value> parse(std::string_view text, std::string_view name, const Limits& limits) {
  TRY(check_bytes(text, name, limits));
  Builder builder(text, name, limits);
  const bool complete = nlohmann::json::sax_parse(builder.input(), builder.input_end(), &builder);
  return std::move(builder).take(complete);
}

}  // namespace redoubt::json
