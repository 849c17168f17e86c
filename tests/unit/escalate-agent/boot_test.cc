#include "escalate-vm/guest/agent/boot.h"

#include <gtest/gtest.h>

namespace redoubt::agent {
namespace {

TEST(KernelArgument, IsTheValueOfTheWholeWord) {
  const std::string_view line = "quiet xredoubt.nonce=no redoubt.nonce=a=b redoubt.nonce2=no\n";
  EXPECT_EQ(kernel_argument(line, "redoubt.nonce"), "a=b");
  EXPECT_EQ(kernel_argument(line, "quiet"), "");
  EXPECT_EQ(kernel_argument(line, "absent"), "");
  EXPECT_EQ(kernel_argument("a=", "a"), "");
}

}  // namespace
}  // namespace redoubt::agent
