#include "base/html.h"

#include <gtest/gtest.h>

#include "base/str.h"
#include "base/utf8.h"

namespace redoubt::html {
namespace {

TEST(Html, EscapesTextsAndValues) {
  const Markup made =
      element("p", {{"class", "a\" onclick=\"x"}}, "</p><script>alert('1')</script>&amp;");
  EXPECT_EQ(
      made.str(),
      "<p class=\"a&quot; "
      "onclick=&quot;x\">&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;</p>");
}

TEST(Html, ShowsWhatSteersTheEye) {
  EXPECT_EQ(text("a\xe2\x80\xae"
                 "b\x1b[31m\n\x7f")
                .str(),
            "a\\u202eb\\x1b[31m\\n\\x7f");
  EXPECT_EQ(text("\xff\xc0\xaf\xed\xa0\x80").str(), "\\xff\\xc0\\xaf\\xed\\xa0\\x80");
  EXPECT_EQ(text(std::string_view("a\0b", 3)).str(), "a\\x00b");
  EXPECT_EQ(text("grün").str(), "grün");
}

TEST(Html, LinksOnlyWithinThePage) {
  EXPECT_EQ(link_to("risks", text("<r>")).str(), "<a href=\"#risks\">&lt;r&gt;</a>");
  EXPECT_EQ(link_to("\"><script>//evil", Markup()).str(), "<a href=\"#scriptevil\"></a>");
}

TEST(Html, NestsWithoutEscapingTwice) {
  const Markup cell = element("td", element("code", "<"));
  EXPECT_EQ(element("tr", join(cell, text("&"))).str(), "<tr><td><code>&lt;</code></td>&amp;</tr>");
}

TEST(Html, ListsNoElementOrAttributeThatRunsOrLoads) {
  for (const std::string_view name :
       {"script", "iframe", "img", "form", "object", "a", "style", "foreignObject", "use"}) {
    EXPECT_FALSE(is_listed(kElements, name)) << name;
  }
  for (const std::string_view name : kAttributes) {
    EXPECT_FALSE(name.starts_with("on") || name == "href" || name == "src" || name == "style")
        << name;
  }
}

TEST(Html, PageForbidsEverythingButItsStyle) {
  const std::string made =
      page("</title><script>", StyleSheet("p { color: red; }\n"), element("p", "x"));
  EXPECT_NE(
      made.find(
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"),
      std::string::npos);
  EXPECT_EQ(made.find("<script"), std::string::npos);
  EXPECT_LT(made.find("Content-Security-Policy"), made.find("<title>"));
}

// Whatever bytes come in, what comes out is UTF-8 without a character that markup is made of.
TEST(Html, NoByteGetsThrough) {
  std::string all;
  for (int first = 0; first < 256; ++first) {
    all += static_cast<char>(first);
    all += static_cast<char>(255 - first);
  }
  const std::string made = text(all).str();
  EXPECT_EQ(made.find_first_of("<>\"'\n\t"), std::string::npos);
  EXPECT_EQ(find_invalid_utf8(made), std::string::npos);
}

}  // namespace
}  // namespace redoubt::html
