#include "documents.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::oci {
namespace {

// "a.b[1][\"c.d\"]" -> a, b, [1], c.d; an index keeps its brackets.
std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  while (!path.empty()) {
    size_t end = 0;
    if (path.starts_with("[\"")) {
      end = path.find("\"]");
      steps.emplace_back(path.substr(2, end - 2));
      end += 2;
    } else if (path.front() == '[') {
      end = path.find(']') + 1;
      steps.emplace_back(path.substr(0, end));
    } else {
      end = std::min(path.find_first_of(".["), path.size());
      steps.emplace_back(path.substr(0, end));
    }
    path.remove_prefix(end);
    if (path.starts_with('.')) {
      path.remove_prefix(1);
    }
  }
  return steps;
}

json::Value& child(json::Value& parent, const std::string& step) {
  if (step.front() == '[') {
    const size_t index = *parse_number<size_t>(step.substr(1, step.size() - 2));
    while (!parent.is_array() || parent.as_array().size() <= index) {
      parent.push(json::Value());
    }
    return parent.as_array()[index];
  }
  if (parent.find(step) == nullptr) {
    parent.set(step, json::Value());
  }
  for (json::Member& member : parent.as_object()) {
    if (member.key == step) {
      return member.value;
    }
  }
  return parent;
}

}  // namespace

std::string bundle_text(const std::string& name) {
  Result<std::string> text =
      read_file(concat(REDOUBT_TESTDATA, "/bundles/", name, "/config.json"), size_t{1} << 20);
  return text ? *text : text.error().message();
}

json::Value parse_text(std::string_view text) {
  Result<json::Value> value = json::parse(text, "test");
  EXPECT_TRUE(value) << value.error().message();
  return value ? *value : json::Value();
}

void put(json::Value& document, std::string_view path, std::string_view text) {
  const std::vector<std::string> steps = steps_of(path);
  json::Value* at = &document;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    at = &child(*at, steps[i]);
  }
  if (!text.empty()) {
    child(*at, steps.back()) = parse_text(text);
    return;
  }
  std::erase_if(at->as_object(), [&](const json::Member& m) { return m.key == steps.back(); });
}

TEST(Documents, PutReplacesMakesAndRemoves) {
  json::Value document = parse_text(R"({"a":{"b":[1,2]},"c":3})");
  put(document, "a.b[1]", "\"x\"");
  put(document, "a[\"d.e\"]", "{}");
  put(document, "c", "");
  EXPECT_EQ(json::dump(document), R"({"a":{"b":[1,"x"],"d.e":{}}})");
}

}  // namespace redoubt::oci
