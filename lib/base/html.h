// HTML and SVG as values that cannot be wrong: Markup is made of elements, attributes and texts only, every text and
// every value of an attribute is escaped where it enters, and names come from lists that have nothing that runs or
// loads code. What a name of hostile origin could do to a reader's eye (control characters, marks that turn the direction
// of writing, bytes that are no UTF-8) is shown as \xNN and \uNNNN.
//
// Used by policy/authoring/report*.cc.
#ifndef REDOUBT_BASE_HTML_H_
#define REDOUBT_BASE_HTML_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace redoubt::html {

// Sorted. Elements without scripts, frames, forms, images and links to elsewhere.
inline constexpr std::string_view kElements[] = {
    "caption", "circle",  "code", "dd",   "desc",    "details", "div",     "dl",    "dt",    "em",
    "footer",  "g",       "h1",   "h2",   "h3",      "header",  "li",      "main",  "nav",   "ol",
    "p",       "path",    "rect", "section", "small", "span",   "strong",  "summary", "svg", "table",
    "tbody",   "td",      "text", "th",   "thead",   "title",   "tr",      "ul"};
// Sorted. Attributes without handlers of events, addresses and styles.
inline constexpr std::string_view kAttributes[] = {
    "aria-hidden", "aria-label", "aria-labelledby", "class", "cx", "cy",   "d",       "data-label",
    "height",      "id",         "open",            "r",     "role",    "rx",     "scope", "tabindex",
    "text-anchor", "viewBox",    "width",           "x",     "y"};

// Not constexpr: a name that is not listed does not compile.
void name_is_not_listed();

constexpr bool is_listed(std::span<const std::string_view> list, std::string_view name) {
  for (const std::string_view known : list) {
    if (known == name) {
      return true;
    }
  }
  return false;
}

struct Tag {
  consteval Tag(const char* tag) : name(tag) {  // NOLINT(google-explicit-constructor): literals
    if (!is_listed(kElements, name)) {
      name_is_not_listed();
    }
  }
  std::string_view name;
};

struct Key {
  consteval Key(const char* key) : name(key) {  // NOLINT(google-explicit-constructor): literals
    if (!is_listed(kAttributes, name)) {
      name_is_not_listed();
    }
  }
  std::string_view name;
};

struct Attribute {
  Key key;
  std::string value;
};
using Attributes = std::initializer_list<Attribute>;

// A finished piece: only the functions below make one that is not empty.
class Markup {
 public:
  Markup() = default;

  Markup& add(const Markup& more) {
    text_ += more.text_;
    return *this;
  }
  bool empty() const { return text_.empty(); }
  const std::string& str() const { return text_; }

 private:
  friend Markup text(std::string_view any);
  friend Markup element(Tag tag, Attributes attributes, const Markup& content);
  friend Markup link_to(std::string_view id, const Markup& content);

  std::string text_;
};

Markup text(std::string_view any);
Markup element(Tag tag, Attributes attributes, const Markup& content);
inline Markup element(Tag tag, const Markup& content) {
  return element(tag, {}, content);
}
inline Markup element(Tag tag, Attributes attributes, std::string_view content) {
  return element(tag, attributes, text(content));
}
inline Markup element(Tag tag, std::string_view content) {
  return element(tag, {}, text(content));
}
// To a place of the same page. Of the id, what is no letter, digit or dash is left out.
Markup link_to(std::string_view id, const Markup& content);

template <typename... Parts>
Markup join(const Parts&... parts) {
  Markup all;
  (all.add(parts), ...);
  return all;
}

// A style sheet that was compiled in.
struct StyleSheet {
  consteval StyleSheet(std::string_view sheet) : text(sheet) {  // NOLINT(google-explicit-constructor)
    if (sheet.find('<') != std::string_view::npos) {
      name_is_not_listed();
    }
  }
  std::string_view text;
};

// A whole document, with a policy that lets a browser load and run nothing and send nothing anywhere.
std::string page(std::string_view title, StyleSheet style, const Markup& body);

}  // namespace redoubt::html

#endif  // REDOUBT_BASE_HTML_H_
