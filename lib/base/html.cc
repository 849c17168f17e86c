#include "base/html.h"

#include "base/str.h"

namespace redoubt::html {
namespace {

void append_escaped(std::string& out, std::string_view any) {
  for (const char c : printable(any)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

Markup text(std::string_view any) {
  Markup made;
  append_escaped(made.text_, any);
  return made;
}

Markup element(Tag tag, Attributes attributes, const Markup& content) {
  Markup made;
  made.text_.reserve(content.text_.size() + 64);
  made.text_ += concat('<', tag.name);
  for (const Attribute& attribute : attributes) {
    made.text_ += concat(' ', attribute.key.name, "=\"");
    append_escaped(made.text_, attribute.value);
    made.text_ += '"';
  }
  made.text_ += concat('>', content.text_, "</", tag.name, '>');
  return made;
}

Markup link_to(std::string_view id, const Markup& content) {
  Markup made;
  made.text_ = "<a href=\"#";
  for (const char c : id) {
    if (is_word_character(c)) {
      made.text_ += c;
    }
  }
  made.text_ += concat("\">", content.text_, "</a>");
  return made;
}

std::string page(std::string_view title, StyleSheet style, const Markup& body) {
  return concat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; "
      "base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      text(title).str(),
      "</title>\n<style>\n",
      style.text,
      "</style>\n</head>\n<body>\n",
      body.str(),
      "\n</body>\n</html>\n");
}

}  // namespace redoubt::html
