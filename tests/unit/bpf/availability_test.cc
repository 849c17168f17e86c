// Whether a failed attempt to load keeps the layer off until the next boot.
#include "bpf/availability.h"

#include <errno.h>

#include <gtest/gtest.h>

namespace redoubt::bpf {
namespace {

TEST(IsLasting, TellsALackFromBadLuck) {
  EXPECT_TRUE(is_lasting(Error::unsupported("this build has no BPF programs")));
  EXPECT_TRUE(is_lasting(Error::system(EPERM, "load the BPF programs")));
  EXPECT_FALSE(is_lasting(Error::system(ENOMEM, "load the BPF programs")));
  EXPECT_FALSE(is_lasting(Error::internal("redoubt-dl has ended without an answer")));
}

}  // namespace
}  // namespace redoubt::bpf
