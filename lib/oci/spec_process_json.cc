// The process object: config.md, "Process", and the scheduler, I/O priority and affinity parts
// added since.
#include "oci/spec_decode.h"

namespace redoubt::oci {
void decode(const Cursor& at, ConsoleSize& out) {
  Fields(at).read("height", out.height).read("width", out.width);
}

void decode(const Cursor& at, User& out) {
  Fields(at)
      .read("uid", out.uid)
      .read("gid", out.gid)
      .read("umask", out.umask)
      .read("additionalGids", out.additional_gids);
}

void decode(const Cursor& at, Capabilities& out) {
  Fields(at)
      .read("bounding", out.bounding)
      .read("effective", out.effective)
      .read("inheritable", out.inheritable)
      .read("permitted", out.permitted)
      .read("ambient", out.ambient);
}

void decode(const Cursor& at, Rlimit& out) {
  Fields(at).read("type", out.type).read("hard", out.hard).read("soft", out.soft);
}

void decode(const Cursor& at, Scheduler& out) {
  Fields(at)
      .read("policy", out.policy)
      .read("nice", out.nice)
      .read("priority", out.priority)
      .read("flags", out.flags)
      .read("runtime", out.runtime)
      .read("deadline", out.deadline)
      .read("period", out.period);
}

void decode(const Cursor& at, IoPriority& out) {
  Fields(at).read("class", out.io_class).read("priority", out.priority);
}

void decode(const Cursor& at, ExecCpuAffinity& out) {
  Fields(at).read("initial", out.initial).read("final", out.final_);
}

void decode(const Cursor& at, Process& out) {
  Fields(at)
      .read("terminal", out.terminal)
      .read("consoleSize", out.console_size)
      .read("user", out.user)
      .read("args", out.args)
      .read("env", out.env)
      .read("cwd", out.cwd)
      .read("capabilities", out.capabilities)
      .read("rlimits", out.rlimits)
      .read("noNewPrivileges", out.no_new_privileges)
      .read("apparmorProfile", out.apparmor_profile)
      .read("oomScoreAdj", out.oom_score_adj)
      .read("scheduler", out.scheduler)
      .read("selinuxLabel", out.selinux_label)
      .read("ioPriority", out.io_priority)
      .read("execCPUAffinity", out.exec_cpu_affinity);
}

}  // namespace redoubt::oci
