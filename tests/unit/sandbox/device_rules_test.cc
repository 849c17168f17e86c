#include "sandbox/device_rules.h"

#include <optional>

#include <gtest/gtest.h>

namespace redoubt::sandbox {
namespace {

// "+c 1:3 rw", "-a *:* rwm".
plan::DeviceRule rule(const std::string& text) {
  plan::DeviceRule out;
  out.allow = text[0] == '+';
  out.type = text[1];
  const size_t colon = text.find(':');
  const size_t blank = text.find(' ', colon);
  const std::string major = text.substr(3, colon - 3);
  const std::string minor = text.substr(colon + 1, blank - colon - 1);
  out.major = major == "*" ? std::nullopt : std::optional<uint32_t>(std::stoul(major));
  out.minor = minor == "*" ? std::nullopt : std::optional<uint32_t>(std::stoul(minor));
  const std::string access = text.substr(blank);
  out.read = access.find('r') != std::string::npos;
  out.write = access.find('w') != std::string::npos;
  out.mknod = access.find('m') != std::string::npos;
  return out;
}

std::string text_of(const plan::DeviceRule& r) {
  const auto number = [](const std::optional<uint32_t>& n) { return n ? std::to_string(*n) : "*"; };
  return std::string(r.allow ? "+" : "-") + r.type + " " + number(r.major) + ":" + number(r.minor) +
         " " + (r.read ? "r" : "") + (r.write ? "w" : "") + (r.mknod ? "m" : "");
}

struct MinimiseCase {
  std::vector<std::string> rules, expected;
};

class MinimiseDeviceRules : public ::testing::TestWithParam<MinimiseCase> {};

TEST_P(MinimiseDeviceRules, KeepsWhatDecides) {
  std::vector<plan::DeviceRule> rules;
  for (const std::string& text : GetParam().rules) {
    rules.push_back(rule(text));
  }
  std::vector<std::string> kept;
  for (const plan::DeviceRule& r : minimise_device_rules(rules)) {
    kept.push_back(text_of(r));
  }
  EXPECT_EQ(kept, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Lists,
    MinimiseDeviceRules,
    ::testing::Values(
        // Denying is the default.
        MinimiseCase{{"-a *:* rwm"}, {}},
        MinimiseCase{{"-a *:* rwm", "+c 1:3 rwm", "-c 10:229 rwm"}, {"+c 1:3 rwm"}},
        // Overruled, wholly or in part.
        MinimiseCase{{"+c 1:3 rwm", "+c 1:3 rwm"}, {"+c 1:3 rwm"}},
        MinimiseCase{{"+c 1:3 rwm", "-a *:* rwm"}, {}},
        MinimiseCase{{"+c 1:3 rwm", "-c 1:* w"}, {"+c 1:3 rm"}},
        // Said already.
        MinimiseCase{{"+a *:* rwm", "+c 1:3 rwm"}, {"+a *:* rwm"}},
        MinimiseCase{{"+c 1:* rw", "+b 1:* m", "+c 1:3 r"}, {"+c 1:* rw", "+b 1:* m"}},
        // Not said already: something between takes it away.
        MinimiseCase{{"+c *:* rwm", "-c 1:* rwm", "+c 1:3 rwm"},
                     {"+c *:* rwm", "-c 1:* rwm", "+c 1:3 rwm"}},
        // One rule for one device.
        MinimiseCase{{"+c 1:3 r", "+c 1:5 r", "+c 1:3 w"}, {"+c 1:3 rw", "+c 1:5 r"}},
        MinimiseCase{{"+c 1:3 r", "-a *:3 w", "+c 1:3 w"}, {"+c 1:3 rw"}},
        // An exception from what is allowed stays.
        MinimiseCase{{"+a *:* rwm", "-c 1:11 w"}, {"+a *:* rwm", "-c 1:11 w"}}));

TEST(DeviceRules, CoverAndOverlap) {
  EXPECT_TRUE(covers(rule("+a *:* r"), rule("-c 1:3 w")));
  EXPECT_FALSE(covers(rule("+c 1:3 r"), rule("-c 1:* r")));
  EXPECT_FALSE(covers(rule("+c 1:* r"), rule("-a 1:3 r")));
  EXPECT_TRUE(overlaps(rule("+c 1:* r"), rule("-a *:3 r")));
  EXPECT_FALSE(overlaps(rule("+c 1:* r"), rule("-b 1:3 r")));
  EXPECT_FALSE(overlaps(rule("+c 1:* r"), rule("-c 2:* r")));
}

}  // namespace
}  // namespace redoubt::sandbox
