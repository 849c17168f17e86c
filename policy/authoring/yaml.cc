#include "policy/authoring/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <optional>

#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::policy {
namespace {

constexpr size_t kShownText = 64;

std::string_view text_of(const yaml_char_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event); }

  yaml_event_t event{};
};

// What a plain scalar means in YAML 1.2 and, as far as the two agree, in the YAML 1.1 that Kubernetes
// reads; nothing where they do not.
std::optional<json::Value> plain_value(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return json::Value();
  }
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "false") {
    return json::Value(lower == "true");
  }
  if (lower == "yes" || lower == "no" || lower == "on" || lower == "off") {
    return std::nullopt;
  }
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits.starts_with('0') && parse_number<uint64_t>(digits)) {
    return std::nullopt;  // octal to one, decimal to the other
  }
  if (const auto number = parse_number<int64_t>(text)) {
    return json::Value(*number);
  }
  return json::Value(text);
}

class YamlReader {
 public:
  // Preconditions: the text is not empty.
  YamlReader(std::string_view text, std::string_view name, const json::Limits& limits) : name_(name), limits_(limits) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (ready_) {
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
      yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    }
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;
  ~YamlReader() {
    if (ready_) {
      yaml_parser_delete(&parser_);
    }
  }

  Result<json::Value> read() {
    if (!ready_) {
      return Error(ErrorKind::kSystem, concat(name_, ": out of memory"));
    }
    Event start;
    TRY(next(start, YAML_STREAM_START_EVENT));
    Event document;
    TRY(next(document, YAML_DOCUMENT_START_EVENT));
    Event first;
    TRY(next(first));
    TRY_ASSIGN(json::Value root, value(first, 1));
    Event end;
    TRY(next(end, YAML_DOCUMENT_END_EVENT));
    Event last;
    TRY(next(last));
    if (last.event.type != YAML_STREAM_END_EVENT) {
      return error(last, "a second document; give one file for each");
    }
    return root;
  }

 private:
  Error error(const Event& at, std::string_view what) const {
    return Error::invalid(concat(name_, ":", at.event.start_mark.line + 1, ": ", what));
  }

  Status next(Event& out) {
    if (yaml_parser_parse(&parser_, &out.event) == 1) {
      return {};
    }
    const char* problem = parser_.problem == nullptr ? "out of memory" : parser_.problem;
    return Error::invalid(concat(name_, ":", parser_.problem_mark.line + 1, ": is no YAML: ", std::string_view(problem)));
  }

  Status next(Event& out, yaml_event_type_t wanted) {
    TRY(next(out));
    return out.event.type == wanted ? Status() : error(out, "holds no document");
  }

  Result<json::Value> value(const Event& at, size_t depth) {
    if (depth > limits_.max_depth) {
      return error(at, concat("nested deeper than ", limits_.max_depth));
    }
    if (++values_ > limits_.max_values) {
      return error(at, concat("more than ", limits_.max_values, " values"));
    }
    switch (at.event.type) {
      case YAML_SCALAR_EVENT:
        return scalar(at);
      case YAML_SEQUENCE_START_EVENT:
        return sequence(depth);
      case YAML_MAPPING_START_EVENT:
        return mapping(depth);
      case YAML_ALIAS_EVENT:
        return error(at, "an alias (*name); write out what it stands for");
      default:
        return error(at, "holds no value");
    }
  }

  Result<json::Value> scalar(const Event& at) const {
    const auto& scalar = at.event.data.scalar;
    const std::string_view text = text_of(scalar.value, scalar.length);
    if (scalar.tag != nullptr) {
      return error(at, "a tag (!name); leave it out");
    }
    if (text.find('\0') != std::string_view::npos || find_invalid_utf8(text) != std::string_view::npos) {
      return error(at, "a text with NUL or of invalid UTF-8");
    }
    if (scalar.style != YAML_PLAIN_SCALAR_STYLE) {
      return json::Value(text);
    }
    const std::optional<json::Value> plain = plain_value(text);
    if (!plain) {
      return error(at, concat(quote(text), " means different things to different readers: quote it, or write true, false or a number"));
    }
    return *plain;
  }

  Result<json::Value> sequence(size_t depth) {
    json::Array out;
    while (true) {
      Event item;
      TRY(next(item));
      if (item.event.type == YAML_SEQUENCE_END_EVENT) {
        return json::Value(std::move(out));
      }
      TRY_ASSIGN(json::Value read, value(item, depth + 1));
      out.push_back(std::move(read));
    }
  }

  Result<json::Value> mapping(size_t depth) {
    json::Value out{json::Object()};
    while (true) {
      Event key;
      TRY(next(key));
      if (key.event.type == YAML_MAPPING_END_EVENT) {
        return out;
      }
      if (key.event.type != YAML_SCALAR_EVENT) {
        return error(key, "a key that is no text");
      }
      const std::string name(text_of(key.event.data.scalar.value, key.event.data.scalar.length));
      if (out.find(name) != nullptr) {
        return error(key, concat("duplicate key ", quote(name.substr(0, kShownText))));
      }
      if (out.as_object().size() >= kMaxKeys) {
        return error(key, concat("more than ", kMaxKeys, " keys"));
      }
      Event item;
      TRY(next(item));
      TRY_ASSIGN(json::Value read, value(item, depth + 1));
      out.set(name, std::move(read));
    }
  }

  static constexpr size_t kMaxKeys = 1024;  // of one mapping: they are compared one by one

  std::string_view name_;
  const json::Limits& limits_;
  yaml_parser_t parser_{};
  bool ready_ = false;
  size_t values_ = 0;
};

}  // namespace

Result<json::Value> parse_yaml(std::string_view text, std::string_view name, const json::Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error::invalid(concat(name, ": larger than ", limits.max_bytes, " bytes"));
  }
  if (text.empty()) {
    return Error::invalid(concat(name, ": is empty"));
  }
  return YamlReader(text, name, limits).read();
}

}  // namespace redoubt::policy
