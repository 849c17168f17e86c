#include "policy/authoring/apparmor_scan.h"

#include <algorithm>

#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxWord = 4096;
constexpr size_t kMaxWords = 128;  // of one statement

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Statements that end with their line: "include <x>", "@{VAR} = a b".
bool ends_with_line(const std::vector<std::string>& words) {
  if (words.empty()) {
    return false;
  }
  const std::string& first = words[0];
  if (first == "include" || first == "#include") {
    return true;
  }
  const size_t close = first.find('}');
  const bool is_variable = first.starts_with("@{") && close != std::string::npos;
  const std::string_view rest = is_variable ? std::string_view(first).substr(close + 1) : std::string_view();
  return is_variable && (rest.starts_with('=') || rest.starts_with("+=") ||
                         (rest.empty() && words.size() > 1 && (words[1].starts_with('=') || words[1].starts_with("+="))));
}

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  // Until the end of the text, or of the block when `depth` is not 0.
  Result<AppArmorBlock> block(size_t depth) {
    AppArmorBlock out;
    AppArmorStatement current;
    while (true) {
      const bool new_line = skip_blanks();
      if (new_line && ends_with_line(current.words)) {
        TRY(finish(current, out));
      }
      if (at_end() || peek() == '}') {
        TRY(end_of_block(depth, current, out));
        return out;
      }
      TRY(part(depth, current, out));
    }
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }

  Error error(uint32_t line, std::string_view what) const { return Error::invalid(concat(source_, ":", line, ": ", what)); }

  char take() {
    const char c = text_[at_++];
    line_ += c == '\n' ? 1 : 0;
    return c;
  }

  // Over blanks and comments; whether a line ended.
  bool skip_blanks() {
    const uint32_t before = line_;
    while (!at_end()) {
      if (peek() == '#' && !text_.substr(at_).starts_with("#include")) {
        while (!at_end() && peek() != '\n') {
          take();
        }
      } else if (is_blank(peek())) {
        take();
      } else {
        break;
      }
    }
    return line_ != before || at_end();
  }

  Status end_of_block(size_t depth, AppArmorStatement& current, AppArmorBlock& out) {
    if (!current.words.empty()) {
      if (!ends_with_line(current.words)) {
        return error(current.line, concat(quote(current.words[0]), ": the rule does not end with a comma"));
      }
      TRY(finish(current, out));
    }
    if (at_end() != (depth == 0)) {
      return error(line_, at_end() ? "a { is not closed" : "a } without its {");
    }
    if (!at_end()) {
      take();
    }
    return {};
  }

  Status finish(AppArmorStatement& current, AppArmorBlock& out) {
    if (++statements_ > kMaxAppArmorStatements) {
      return error(line_, concat("more than ", kMaxAppArmorStatements, " rules"));
    }
    if (!current.words.empty()) {
      out.statements.push_back(std::move(current));
    }
    current = {};
    return {};
  }

  // One word, or what ends a statement or begins a block.
  Status part(size_t depth, AppArmorStatement& current, AppArmorBlock& out) {
    if (peek() == ',') {
      take();
      return finish(current, out);
    }
    if (peek() == '{') {
      take();
      if (++statements_ > kMaxAppArmorStatements || depth == kMaxAppArmorDepth) {
        return error(line_, concat("too many blocks, or nested deeper than ", kMaxAppArmorDepth));
      }
      TRY_ASSIGN(AppArmorBlock inner, block(depth + 1));
      inner.header = std::move(current);
      current = {};
      out.blocks.push_back(std::move(inner));
      return {};
    }
    if (current.words.empty()) {
      current.line = line_;
    }
    TRY_ASSIGN(std::string word, peek() == '"' ? quoted_word() : bare_word());
    current.words.push_back(std::move(word));
    return current.words.size() <= kMaxWords ? Status() : error(current.line, concat("more than ", kMaxWords, " words in one rule"));
  }

  Result<std::string> quoted_word() {
    const uint32_t start = line_;
    std::string word;
    take();
    while (!at_end() && peek() != '"') {
      if (peek() == '\n' || word.size() >= kMaxWord) {
        break;
      }
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        word += take();
      }
      word += take();
    }
    if (at_end() || take() != '"') {
      return error(start, "a quote is not closed");
    }
    return word;
  }

  // To a blank or a comma that is in no brackets.
  Result<std::string> bare_word() {
    const uint32_t start = line_;
    std::string word, open;
    while (!at_end()) {
      const char c = peek();
      const bool inside = !open.empty();
      if (open.ends_with(')') ? false : is_blank(c) || (!inside && (c == ',' || c == '}'))) {
        break;
      }
      if (word.size() >= kMaxWord) {
        return error(start, concat("a word longer than ", kMaxWord, " bytes"));
      }
      if (c == '\\' && at_ + 1 < text_.size()) {
        word += take();
      } else {
        follow_bracket(c, open);
      }
      word += take();
    }
    if (!open.empty()) {
      return error(start, concat(quote(word.substr(0, 64)), ": ", quote(open.substr(open.size() - 1)), " is missing"));
    }
    return word;
  }

  // `open`: what must close the brackets that the word is in, innermost last.
  static void follow_bracket(char c, std::string& open) {
    const bool in_class = open.ends_with(']');
    if (!open.empty() && c == open.back()) {
      open.pop_back();
    } else if (!in_class && (c == '{' || c == '[' || c == '(')) {
      open += c == '{' ? '}' : c == '[' ? ']' : ')';
    }
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0, statements_ = 0;
  uint32_t line_ = 1;
};

}  // namespace

Result<AppArmorBlock> scan_apparmor(std::string_view text, const std::string& source) {
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    return Error::invalid(concat(source, ": not valid UTF-8 at byte ", bad));
  }
  if (text.find('\0') != std::string_view::npos) {
    return Error::invalid(concat(source, ": holds NUL"));
  }
  return Scanner(text, source).block(0);
}

}  // namespace redoubt::policy
