// The JSON reader: RapidJSON's event parser feeds a builder of json::Value that keeps the limits
// while it builds, so that a hostile document is refused before it has cost memory. The parser tells
// where something is wrong and of what kind it is; what is said of it is ours (json_text.h).
#include "base/json.h"

#include <algorithm>
#include <unordered_set>

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include "base/json_text.h"
#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::json {
namespace {

constexpr size_t kLinearKeys = 24;    // up to here comparing is faster than hashing
constexpr size_t kRootMembers = 32;  // there is one root: room for it costs a hostile text nothing

// Iterative: the depth of a document is no depth of our stack. Numbers as exact as strtod has them.
constexpr unsigned kReading =
    rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;

class Builder {
 public:
  // `copy` is the parser's own copy of the text, which it writes into as it reads `stream`.
  Builder(std::string_view text, std::string_view name, const Limits& limits, std::string& copy)
      : stream(copy.data()),
        text_(text),
        name_(name),
        limits_(limits),
        has_unicode_escapes_(text.find("\\u") != std::string_view::npos) {}

  rapidjson::InsituStringStream stream;

  Result<Value> take(const rapidjson::ParseResult& parsed) && {
    if (!parsed.IsError()) {
      return std::move(root_);
    }
    if (parsed.Code() != rapidjson::kParseErrorTermination) {
      explain(parsed.Code(), parsed.Offset());
    }
    return Error::invalid(std::move(message_));
  }

  // The events of rapidjson::Reader. False stops the parser.
  bool Null() { return add(Value()); }
  bool Bool(bool v) { return add(Value(v)); }
  bool Int(int v) { return add(Value(v)); }
  bool Uint(unsigned v) { return add(Value(v)); }
  bool Int64(int64_t v) { return add(Value(v)); }
  bool Uint64(uint64_t v) { return add(Value(v)); }
  bool Double(double v) { return add(Value(v)); }
  bool RawNumber(const char* /*text*/, rapidjson::SizeType /*size*/, bool /*copy*/) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view v(text, size);
    if (const std::string_view wrong = wrong_in(v); !wrong.empty()) {
      return add(Value()) && fail(concat(path(), ": ", wrong));
    }
    return add(Value(v));
  }
  bool StartObject() { return open(Value(Object())); }
  bool StartArray() { return open(Value(Array())); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return close(); }

  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view key(text, size);
    if (const std::string_view wrong = wrong_in(key); !wrong.empty()) {
      return fail(concat(path(), path().empty() ? "" : ": ", "key ", shown(key), ": ", wrong));
    }
    Object& object = frames_.back().container->as_object();
    if (is_duplicate(frames_.back(), key)) {
      const std::string where = path_of(frames_.size() - 1);
      return fail(concat("duplicate key ", shown(key), where.empty() ? "" : " in ", where));
    }
    if (frames_.size() == 1 && object.empty()) {
      object.reserve(kRootMembers);
    }
    object.push_back(Member{std::string(key), Value()});
    return true;
  }

 private:
  struct Frame {
    Value* container = nullptr;
    std::unordered_set<std::string> keys;  // filled when the object outgrows kLinearKeys
  };

  // What an escape has brought in; the parser takes the second half of a surrogate pair alone.
  std::string_view wrong_in(std::string_view decoded) const {
    if (!has_unicode_escapes_) {
      return {};
    }
    return decoded.find('\0') != std::string_view::npos              ? "contains NUL"
           : find_invalid_utf8(decoded) != std::string_view::npos ? kLoneSurrogate
                                                                  : std::string_view();
  }

  void explain(rapidjson::ParseErrorCode code, size_t at) {
    if (is_cut_at(text_, at)) {
      fail_at(text_.size(), "unexpected end");
    } else if (code == rapidjson::kParseErrorDocumentRootNotSingular) {
      fail_at(at, "data after end of document");
    } else if (const std::string_view reason = lexical_reason(code, text_[at]); reason.empty()) {
      const std::string_view token = token_around(text_, at);
      fail_at(static_cast<size_t>(token.data() - text_.data()), concat("unexpected ", shown(token)));
    } else {
      fail_at(at,
              code == rapidjson::kParseErrorNumberTooBig && !frames_.empty()
                  ? concat(next_path(), ": ", reason)
                  : std::string(reason));
    }
  }

  bool fail(std::string_view what) {
    const size_t at = std::min(stream.Tell(), text_.size());
    if (at < text_.size() && text_[at] == '"') {
      return fail_at(at, what);  // a string is told of before it counts as read
    }
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

  static bool is_duplicate(Frame& frame, std::string_view key) {
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
    return !frame.keys.emplace(key).second;
  }

  Value& attach(Value&& value) {
    if (frames_.empty()) {
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
  bool has_unicode_escapes_;
  Value root_;
  std::vector<Frame> frames_;
  size_t values_ = 0;
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
  // The parser takes a NUL byte for the end of the document and would overlook what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return error_at(name, text, nul, "NUL byte");
  }
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    return error_at(name, text, bad, concat("not valid UTF-8 at byte ", bad));
  }
  return {};
}

}  // namespace

Result<Value> parse(std::string_view text, std::string_view name, const Limits& limits) {
  TRY(check_bytes(text, name, limits));
  std::string copy(text);
  Builder builder(text, name, limits, copy);
  rapidjson::Reader reader;
  const rapidjson::ParseResult parsed = reader.Parse<kReading>(builder.stream, builder);
  return std::move(builder).take(parsed);
}

}  // namespace redoubt::json
