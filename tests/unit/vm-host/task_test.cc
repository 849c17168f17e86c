#include "escalate-vm/host/task.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/unique_fd.h"

namespace redoubt::vm {
namespace {

UniqueFd memfd_with(const std::string& text) {
  UniqueFd fd(::memfd_create("task", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), text, "task").has_value());
  return fd;
}

TEST(MachineTask, ComesBackAsItWasWritten) {
  MachineTask task;
  task.id = "web";
  task.emulated = task.terminal = true;
  task.memory = uint64_t{3} << 30;
  task.vcpus = 4;
  task.watchdog_ms = 60000;
  task.vmm_user = 0x7fffffff;
  task.image = {"2049 17", "2049 18"};
  task.config = json::Value().set("root", "x");
  task.policy = json::Value().set("config", json::Value().set("kind", "NodePolicy"));
  const UniqueFd fd = memfd_with(json::dump(to_json(task)));
  const Result<MachineTask> read = read_machine_task(fd.get());
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(json::dump(to_json(*read)), json::dump(to_json(task)));
}

TEST(MachineTask, WithoutAMemberIsAnError) {
  const UniqueFd fd = memfd_with(R"({"id":"web"})");
  const Result<MachineTask> read = read_machine_task(fd.get());
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message(), "task of redoubt-vm: no emulated");
}

TEST(ExecTask, ComesBackAsItWasWritten) {
  const ExecTask task{"web", true, json::Value().set("cwd", "/")};
  const UniqueFd fd = memfd_with(json::dump(to_json(task)));
  const Result<ExecTask> read = read_exec_task(fd.get());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(json::dump(to_json(*read)), json::dump(to_json(task)));
}

}  // namespace
}  // namespace redoubt::vm
