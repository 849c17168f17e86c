#include "bpf/load/complaint.h"

#include <errno.h>

#include <gtest/gtest.h>

namespace redoubt::bpf {
namespace {

TEST(Complaint, DoesNotSayTheErrnoThatTheErrorSays) {
  EXPECT_EQ(without_errno("libbpf: prog 'p': BPF program load failed: Operation not permitted", EPERM),
            "libbpf: prog 'p': BPF program load failed");
}

TEST(Complaint, KeepsAnotherErrno) {
  const std::string complaint = "libbpf: failed to find valid kernel BTF: No such file or directory";
  EXPECT_EQ(without_errno(complaint, EPERM), complaint);
  EXPECT_EQ(without_errno("libbpf: kernel BTF is missing", EPERM), "libbpf: kernel BTF is missing");
  EXPECT_EQ(without_errno("no", EPERM), "no");
}

}  // namespace
}  // namespace redoubt::bpf
