#include "base/json_lines.h"

#include <vector>

namespace redoubt::json {
namespace {

// Goes through valid JSON text and gives the line of each value, in document order. A string that
// is followed by a colon is a key.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<uint32_t> scan() {
    while (at_ < text_.size()) {
      step();
    }
    return std::move(lines_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      ++at_;
    } else if (c == '"') {
      skip_string();
      if (!colon_follows()) {
        lines_.push_back(line_);
      }
    } else if (c == '{' || c == '[') {
      lines_.push_back(line_);
      ++at_;
    } else if (is_word(c)) {
      lines_.push_back(line_);
      while (at_ < text_.size() && is_word(text_[at_])) {
        ++at_;
      }
    } else {
      ++at_;
    }
  }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      at_ += text_[at_] == '\\' ? 1 : 0;
    }
    ++at_;
  }

  bool colon_follows() const {
    const size_t next = text_.find_first_not_of(" \t\r\n", at_);
    return next != std::string_view::npos && text_[next] == ':';
  }

  static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  std::vector<uint32_t> lines_;
};

}  // namespace

Lines::Lines(std::string_view text, const Value& root) {
  const std::vector<uint32_t> lines = Scanner(text).scan();
  std::vector<const Value*> pending = {&root};
  for (size_t next = 0; !pending.empty() && next < lines.size(); ++next) {
    const Value* value = pending.back();
    pending.pop_back();
    lines_[value] = lines[next];
    if (value->is_array()) {
      for (auto it = value->as_array().rbegin(); it != value->as_array().rend(); ++it) {
        pending.push_back(&*it);
      }
    } else if (value->is_object()) {
      for (auto it = value->as_object().rbegin(); it != value->as_object().rend(); ++it) {
        pending.push_back(&it->value);
      }
    }
  }
}

uint32_t Lines::of(const Value& value) const {
  const auto found = lines_.find(&value);
  return found == lines_.end() ? 1 : found->second;
}

}  // namespace redoubt::json
