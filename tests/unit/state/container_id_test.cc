#include "runc-compat/state/container_id.h"

#include <string>

#include <gtest/gtest.h>

namespace redoubt::state {
namespace {

TEST(ValidateId, AcceptsWhatRuncAccepts) {
  const std::string good[] = {"a", "web1", "A_b+c.d-e", "-x", "...", std::string(255, 'x')};
  for (const std::string& id : good) {
    EXPECT_TRUE(validate_id(id).has_value()) << id;
  }
}

TEST(ValidateId, RefusesEverythingThatIsNoPlainName) {
  const std::string bad[] = {".",
                             "..",
                             "a/b",
                             "/",
                             "a b",
                             "a\nb",
                             std::string("a\0b", 3),
                             "\xc3\xa4",
                             "a:b",
                             "~",
                             std::string(256, 'x')};
  for (const std::string& id : bad) {
    const Status status = validate_id(id);
    ASSERT_FALSE(status.has_value()) << id;
    EXPECT_EQ(status.error().message(), "invalid container ID format") << id;
  }
  EXPECT_EQ(validate_id("").error().message(), "container id cannot be empty");
}

}  // namespace
}  // namespace redoubt::state
