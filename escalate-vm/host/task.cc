#include "escalate-vm/host/task.h"

#include <unistd.h>

#include "base/io.h"

namespace redoubt::vm {
namespace {

constexpr size_t kTaskLimit = size_t{32} << 20;

Result<json::Value> read_document(int fd) {
  if (::lseek(fd, 0, SEEK_SET) != 0) {
    return Error::system(errno, "task of redoubt-vm");
  }
  TRY_ASSIGN(const std::string text, read_all(fd, kTaskLimit, "task of redoubt-vm"));
  return json::parse(text, "task of redoubt-vm");
}

Result<const json::Value*> member(const json::Value& document, std::string_view key) {
  const json::Value* value = document.find(key);
  if (value == nullptr) {
    return Error::internal(concat("task of redoubt-vm: no ", key));
  }
  return value;
}

}  // namespace

json::Value to_json(const MachineTask& task) {
  return json::Value()
      .set("id", task.id)
      .set("emulated", task.emulated)
      .set("memory", task.memory)
      .set("vcpus", task.vcpus)
      .set("watchdog", task.watchdog_ms)
      .set("vmmUser", task.vmm_user)
      .set("kernel", task.image.kernel)
      .set("initrd", task.image.initrd)
      .set("terminal", task.terminal)
      .set("config", task.config)
      .set("policy", task.policy);
}

json::Value to_json(const ExecTask& task) {
  return json::Value().set("id", task.id).set("terminal", task.terminal).set("process", task.process);
}

Result<MachineTask> read_machine_task(int fd) {
  TRY_ASSIGN(const json::Value document, read_document(fd));
  MachineTask task;
  TRY_ASSIGN(const json::Value* id, member(document, "id"));
  TRY_ASSIGN(const json::Value* emulated, member(document, "emulated"));
  TRY_ASSIGN(const json::Value* memory, member(document, "memory"));
  TRY_ASSIGN(const json::Value* vcpus, member(document, "vcpus"));
  TRY_ASSIGN(const json::Value* user, member(document, "vmmUser"));
  TRY_ASSIGN(const json::Value* watchdog, member(document, "watchdog"));
  TRY_ASSIGN(const json::Value* kernel, member(document, "kernel"));
  TRY_ASSIGN(const json::Value* initrd, member(document, "initrd"));
  TRY_ASSIGN(const json::Value* terminal, member(document, "terminal"));
  TRY_ASSIGN(const json::Value* config, member(document, "config"));
  TRY_ASSIGN(const json::Value* policy, member(document, "policy"));
  task.id = id->as_string();
  task.emulated = emulated->as_bool();
  task.memory = static_cast<uint64_t>(memory->as_int());
  task.vcpus = static_cast<uint32_t>(vcpus->as_int());
  task.vmm_user = static_cast<uid_t>(user->as_int());
  task.watchdog_ms = static_cast<uint64_t>(watchdog->as_int());
  task.image = {kernel->as_string(), initrd->as_string()};
  task.terminal = terminal->as_bool();
  task.config = *config;
  task.policy = *policy;
  return task;
}

Result<ExecTask> read_exec_task(int fd) {
  TRY_ASSIGN(const json::Value document, read_document(fd));
  TRY_ASSIGN(const json::Value* id, member(document, "id"));
  TRY_ASSIGN(const json::Value* terminal, member(document, "terminal"));
  TRY_ASSIGN(const json::Value* process, member(document, "process"));
  return ExecTask{id->as_string(), terminal->as_bool(), *process};
}

}  // namespace redoubt::vm
