// Compares compiled programs with the meaning of the profile, call by call, through the
// interpreter; and one program with the kernel itself.
#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"
#include "sandbox/seccomp_eval.h"
#include "sandbox/seccomp_library.h"
#include "tests/unit/sandbox/seccomp_profile.h"

namespace redoubt::sandbox {
namespace {

using plan::SeccompAction;
using plan::SeccompOperator;

constexpr uint32_t kErrno = SECCOMP_RET_ERRNO;
constexpr uint32_t kX32 = 0x40000000;

plan::Seccomp profile_of(SeccompAction default_action, std::vector<plan::SeccompRule> rules) {
  plan::Seccomp profile;
  profile.default_action = default_action;
  profile.rules = std::move(rules);
  return profile;
}

SeccompProgram compile(const plan::Seccomp& profile) {
  Result<std::vector<SeccompProgram>> programs = SeccompCompiler("").compile({&profile});
  if (!programs) {
    ADD_FAILURE() << programs.error().message();
    return {};
  }
  return std::move(programs->front());
}

std::string error_of(const plan::Seccomp& profile) {
  const Result<std::vector<SeccompProgram>> programs = SeccompCompiler("").compile({&profile});
  return programs ? "" : programs.error().message();
}

using Arguments = std::array<uint64_t, 6>;

uint32_t run(const SeccompProgram& program,
             uint32_t arch,
             uint32_t nr,
             const Arguments& args = {}) {
  seccomp_data call{static_cast<int>(nr), arch, 0, {}};
  std::copy(args.begin(), args.end(), call.args);
  return evaluate_seccomp(program.filter, call).value_or(0xdeadbeef);
}

// ---- the meaning of a profile, written down independently of libseccomp's code generation ----

bool holds(const plan::SeccompArgument& condition, const Arguments& args, bool wide) {
  const uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
  const uint64_t left = args[condition.index] & mask, right = condition.value & mask;
  switch (condition.op) {
    case SeccompOperator::kNotEqual:
      return left != right;
    case SeccompOperator::kLess:
      return left < right;
    case SeccompOperator::kLessEqual:
      return left <= right;
    case SeccompOperator::kEqual:
      return left == right;
    case SeccompOperator::kGreaterEqual:
      return left >= right;
    case SeccompOperator::kGreater:
      return left > right;
    case SeccompOperator::kMaskedEqual:
      return (left & right) == (condition.value_two & mask);
  }
  return false;
}

bool matches(const plan::SeccompRule& rule, const Arguments& args, bool wide) {
  std::set<uint32_t> indexes;
  bool all = true, any = rule.arguments.empty();
  for (const plan::SeccompArgument& condition : rule.arguments) {
    indexes.insert(condition.index);
    all = all && holds(condition, args, wide);
    any = any || holds(condition, args, wide);
  }
  return indexes.size() == rule.arguments.size() ? all : any;
}

uint32_t value_of(SeccompAction action, uint32_t errno_ret) {
  switch (action) {
    case SeccompAction::kAllow:
      return SECCOMP_RET_ALLOW;
    case SeccompAction::kErrno:
      return kErrno | errno_ret;
    case SeccompAction::kTrace:
      return SECCOMP_RET_TRACE | errno_ret;
    case SeccompAction::kLog:
      return SECCOMP_RET_LOG;
    case SeccompAction::kTrap:
      return SECCOMP_RET_TRAP;
    case SeccompAction::kNotify:
      return SECCOMP_RET_USER_NOTIF;
    case SeccompAction::kKillProcess:
      return SECCOMP_RET_KILL_PROCESS;
    case SeccompAction::kKillThread:
      return SECCOMP_RET_KILL_THREAD;
  }
  return 0;
}

struct Arch {
  uint32_t audit, token;
  bool wide;
};
constexpr Arch kArches[] = {{AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, true},
                            {AUDIT_ARCH_I386, SCMP_ARCH_X86, false},
                            {AUDIT_ARCH_X86_64, SCMP_ARCH_X32, false}};

// i386 has these both directly and through socketcall(2) and ipc(2); libseccomp resolves the names
// to pseudo numbers.
int direct_i386_number(std::string_view name) {
  static const std::map<std::string_view, int> kNumbers = {
      {"recvmmsg", 337},   {"sendmmsg", 345},   {"socket", 359},      {"socketpair", 360},
      {"bind", 361},       {"connect", 362},    {"listen", 363},      {"accept4", 364},
      {"getsockopt", 365}, {"setsockopt", 366}, {"getsockname", 367}, {"getpeername", 368},
      {"sendto", 369},     {"sendmsg", 370},    {"recvfrom", 371},    {"recvmsg", 372},
      {"shutdown", 373},   {"semget", 393},     {"semctl", 394},      {"shmget", 395},
      {"shmctl", 396},     {"shmat", 397},      {"shmdt", 398},       {"msgget", 399},
      {"msgsnd", 400},     {"msgrcv", 401},     {"msgctl", 402}};
  const auto it = kNumbers.find(name);
  return it == kNumbers.end() ? -1 : it->second;
}

class Reference {
 public:
  Reference(const SeccompLibrary& lib, const plan::Seccomp& profile, const Arch& arch)
      : profile_(profile), wide_(arch.wide) {
    for (const plan::SeccompRule& rule : profile.rules) {
      for (const std::string& name : rule.names) {
        int nr = lib.syscall_resolve_name_arch(arch.token, name.c_str());
        if (nr < 0 && arch.token == SCMP_ARCH_X86) {
          nr = direct_i386_number(name);
        }
        if (nr >= 0) {  // negative: not a number of this architecture
          rules_[static_cast<uint32_t>(nr)].push_back(&rule);
          last_ = std::max(last_, static_cast<uint32_t>(nr));
        }
      }
    }
  }

  uint32_t last() const { return last_; }

  uint32_t operator()(uint32_t nr, const Arguments& args) const {
    if (nr > last_) {
      return kErrno | ENOSYS;
    }
    if (const auto it = rules_.find(nr); it != rules_.end()) {
      for (const plan::SeccompRule* rule : it->second) {
        if (matches(*rule, args, wide_)) {
          return value_of(rule->action, rule->errno_ret);
        }
      }
    }
    return value_of(profile_.default_action, profile_.default_errno_ret);
  }

 private:
  const plan::Seccomp& profile_;
  bool wide_;
  std::map<uint32_t, std::vector<const plan::SeccompRule*>> rules_;
  uint32_t last_ = 0;
};

constexpr Arguments kProbes[] = {
    {},
    {1, 2, 3, 4, 5, 6},
    {40},
    {0x1'0000'0028},
    {8},
    {0x20000},
    {0xffffffff},
    {0xffffffffffffffff},
    {0x10000000},
    {0x00000011},
    {0x1'0000'0000},
    {0x80000000},
};

TEST(CompileSeccomp, EngineProfileMeansTheSameOnEveryArchitecture) {
  const Result<SeccompLibrary> lib = load_seccomp_library();
  ASSERT_TRUE(lib) << lib.error().message();
  const plan::Seccomp profile = engine_profile();
  const SeccompProgram program = compile(profile);
  for (const Arch& arch : kArches) {
    const Reference reference(*lib, profile, arch);
    const uint32_t base = arch.token == SCMP_ARCH_X32 ? kX32 : 0;
    for (uint32_t nr = base; nr < base + 700; ++nr) {
      if (arch.token == SCMP_ARCH_X86 && nr == 102) {
        continue;  // socketcall, see I386SocketcallFollowsTheSocketRules
      }
      for (const Arguments& args : kProbes) {
        ASSERT_EQ(run(program, arch.audit, nr, args), reference(nr, args))
            << arch.token << " nr " << (nr & ~kX32) << " arg0 " << args[0];
      }
    }
  }
}

TEST(CompileSeccomp, UnlistedArchitecturesAreKilled) {
  plan::Seccomp profile = engine_profile();
  profile.architectures = {"x86_64"};
  const SeccompProgram program = compile(profile);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_getpid), SECCOMP_RET_ALLOW);
  EXPECT_EQ(run(program, AUDIT_ARCH_I386, 20), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, kX32 | SYS_getpid), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, kX32 | 600), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(run(program, AUDIT_ARCH_AARCH64, 600), SECCOMP_RET_KILL_THREAD);
}

TEST(CompileSeccomp, NativeArchitectureIsAlwaysThere) {
  plan::Seccomp profile = engine_profile();
  profile.architectures = {};
  const SeccompProgram program = compile(profile);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_getpid), SECCOMP_RET_ALLOW);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_mount), kErrno | EPERM);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, 9999), kErrno | ENOSYS);
}

TEST(CompileSeccomp, NewerSyscallsGetEnosysUnlessTheDefaultLetsThrough) {
  const std::vector<plan::SeccompRule> rules = {allow({"read", "openat2"}),
                                                {{"mount"}, SeccompAction::kErrno, EACCES, {}}};
  const struct {
    SeccompAction action;
    uint32_t above, below;
  } cases[] = {
      {SeccompAction::kErrno, kErrno | ENOSYS, kErrno | 1},
      {SeccompAction::kKillProcess, kErrno | ENOSYS, SECCOMP_RET_KILL_PROCESS},
      {SeccompAction::kKillThread, kErrno | ENOSYS, SECCOMP_RET_KILL_THREAD},
      {SeccompAction::kTrap, kErrno | ENOSYS, SECCOMP_RET_TRAP},
      {SeccompAction::kAllow, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW},
      {SeccompAction::kLog, SECCOMP_RET_LOG, SECCOMP_RET_LOG},
      {SeccompAction::kTrace, SECCOMP_RET_TRACE | 1, SECCOMP_RET_TRACE | 1},
  };
  for (const auto& c : cases) {
    const SeccompProgram program = compile(profile_of(c.action, rules));
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, 438), c.above) << static_cast<int>(c.action);
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, 436), c.below) << static_cast<int>(c.action);
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_mount), kErrno | EACCES);
  }
}

TEST(CompileSeccomp, I386SocketcallFollowsTheSocketRules) {
  plan::Seccomp profile = profile_of(SeccompAction::kErrno, {allow({"connect", "openat2"})});
  profile.architectures = {"x86"};
  const SeccompProgram program = compile(profile);
  EXPECT_EQ(run(program, AUDIT_ARCH_I386, 102, {3}), SECCOMP_RET_ALLOW);  // SYS_CONNECT
  EXPECT_EQ(run(program, AUDIT_ARCH_I386, 102, {1}), kErrno | 1);         // SYS_SOCKET
  EXPECT_EQ(run(program, AUDIT_ARCH_I386, 362, {}), SECCOMP_RET_ALLOW);   // connect
}

// Its arguments are in memory: a condition on the family would refuse every socket.
TEST(CompileSeccomp, ARuleCanLeaveSocketcallOpen) {
  plan::SeccompRule alg{{"socket"}, SeccompAction::kErrno, EAFNOSUPPORT, {{0, SeccompOperator::kEqual, 38, 0}}};
  for (const bool skips : {false, true}) {
    alg.skips_socketcall = skips;
    plan::Seccomp profile = profile_of(SeccompAction::kAllow, {alg, {{"bpf"}, SeccompAction::kErrno, EPERM, {}}});
    profile.architectures = {"x86_64", "x86", "x32"};
    const SeccompProgram program = compile(profile);
    EXPECT_EQ(run(program, AUDIT_ARCH_I386, 102, {1}), skips ? SECCOMP_RET_ALLOW : kErrno | EAFNOSUPPORT);
    EXPECT_EQ(run(program, AUDIT_ARCH_I386, 102, {2}), SECCOMP_RET_ALLOW);  // SYS_BIND
    EXPECT_EQ(run(program, AUDIT_ARCH_I386, 357, {}), kErrno | EPERM);      // bpf
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_socket, {38}), kErrno | EAFNOSUPPORT);
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_socket, {2}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_bpf, {}), kErrno | EPERM);
    EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, kX32 | 41, {38}), kErrno | EAFNOSUPPORT);
  }
}

TEST(CompileSeccomp, ConditionsOnDifferentArgumentsAreJoinedOnTheSameSeparated) {
  const SeccompProgram both = compile(profile_of(
      SeccompAction::kErrno,
      {allow({"ioctl", "openat2"},
             {{0, SeccompOperator::kEqual, 1, 0}, {1, SeccompOperator::kGreater, 7, 0}})}));
  EXPECT_EQ(run(both, AUDIT_ARCH_X86_64, SYS_ioctl, {1, 8}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(run(both, AUDIT_ARCH_X86_64, SYS_ioctl, {1, 7}), kErrno | 1);
  EXPECT_EQ(run(both, AUDIT_ARCH_X86_64, SYS_ioctl, {0, 8}), kErrno | 1);
  const SeccompProgram either = compile(profile_of(
      SeccompAction::kErrno,
      {allow({"ioctl", "openat2"},
             {{1, SeccompOperator::kEqual, 1, 0}, {1, SeccompOperator::kEqual, 7, 0}})}));
  EXPECT_EQ(run(either, AUDIT_ARCH_X86_64, SYS_ioctl, {0, 1}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(run(either, AUDIT_ARCH_X86_64, SYS_ioctl, {0, 7}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(run(either, AUDIT_ARCH_X86_64, SYS_ioctl, {0, 2}), kErrno | 1);
}

TEST(CompileSeccomp, EveryOperatorComparesAll64Bits) {
  constexpr uint64_t kValue = 0x5'0000'0007;
  const std::vector<uint64_t> probes = {
      0, 6, 7, 8, kValue - 1, kValue, kValue + 1, 0x4'0000'0008, 0x6'0000'0000, UINT64_MAX};
  for (const SeccompOperator op : {SeccompOperator::kNotEqual,
                                   SeccompOperator::kLess,
                                   SeccompOperator::kLessEqual,
                                   SeccompOperator::kEqual,
                                   SeccompOperator::kGreaterEqual,
                                   SeccompOperator::kGreater,
                                   SeccompOperator::kMaskedEqual}) {
    const plan::SeccompArgument condition = {2, op, kValue, 0x1'0000'0006};
    const SeccompProgram program = compile(
        profile_of(SeccompAction::kErrno, {allow({"lseek"}, {condition}), allow({"openat2"})}));
    for (const uint64_t probe : probes) {
      const Arguments args = {0, 0, probe};
      EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_lseek, args),
                holds(condition, args, true) ? SECCOMP_RET_ALLOW : (kErrno | 1))
          << static_cast<int>(op) << " " << std::hex << probe;
    }
  }
}

TEST(CompileSeccomp, UnknownNamesAreSkippedAndReportedOnce) {
  const SeccompProgram program = compile(profile_of(
      SeccompAction::kErrno, {allow({"read", "zeta_call", "alpha_call"}), allow({"zeta_call"})}));
  EXPECT_EQ(program.unknown_syscalls, (std::vector<std::string>{"alpha_call", "zeta_call"}));
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_read), SECCOMP_RET_ALLOW);
}

TEST(CompileSeccomp, RulesEqualToTheDefaultAreNoError) {
  const SeccompProgram program = compile(profile_of(
      SeccompAction::kErrno, {{{"mount"}, SeccompAction::kErrno, 1, {}}, allow({"read", "read"})}));
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_mount), kErrno | 1);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_read), SECCOMP_RET_ALLOW);
}

TEST(CompileSeccomp, FlagsFollowTheRules) {
  plan::Seccomp profile = profile_of(SeccompAction::kAllow, {});
  profile.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | (1U << 5);
  SeccompProgram program = compile(profile);
  EXPECT_EQ(program.flags, uint32_t{SECCOMP_FILTER_FLAG_LOG});
  EXPECT_FALSE(program.has_listener);
  profile.rules = {{{"mkdir"}, SeccompAction::kNotify, 1, {}}};
  program = compile(profile);
  EXPECT_EQ(program.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_NEW_LISTENER | (1U << 5));
  EXPECT_TRUE(program.has_listener);
  EXPECT_EQ(run(program, AUDIT_ARCH_X86_64, SYS_mkdir), SECCOMP_RET_USER_NOTIF);
}

TEST(CompileSeccomp, RefusesWhatCannotWork) {
  EXPECT_EQ(error_of(profile_of(SeccompAction::kAllow,
                                {{{"read", "write"}, SeccompAction::kNotify, 1, {}}})),
            "SCMP_ACT_NOTIFY cannot be used for the write syscall");
  EXPECT_EQ(error_of(profile_of(SeccompAction::kNotify, {})),
            "SCMP_ACT_NOTIFY cannot be used as default action");
  EXPECT_EQ(error_of(profile_of(SeccompAction::kErrno,
                                {allow({"read"}), allow({"read"}, {{6, {}, 0, 0}})})),
            "linux.seccomp.syscalls[1].args[0].index: 6: a system call has the arguments 0 to 5");
  EXPECT_EQ(error_of(profile_of(SeccompAction::kErrno, {allow({""})})),
            "linux.seccomp.syscalls[0].names: empty string is not a valid syscall");
  EXPECT_EQ(
      error_of(profile_of(SeccompAction::kAllow, {{{"read"}, SeccompAction::kErrno, 65537, {}}})),
      "linux.seccomp.syscalls[0].errnoRet: 65537 is not in the range 0 to 4095");
  plan::Seccomp profile = profile_of(SeccompAction::kErrno, {allow({"read"})});
  profile.architectures = {"z80"};
  EXPECT_NE(error_of(profile).find("string z80 is not a valid arch for seccomp"),
            std::string::npos);
}

// As libseccomp, and so runc, resolves them.
TEST(CompileSeccomp, ContradictoryRulesFollowLibseccomp) {
  const plan::SeccompRule unconditional = allow({"lseek"});
  const plan::SeccompRule refuse = {{"lseek"}, SeccompAction::kErrno, 5, {}};
  plan::SeccompRule conditional = refuse;
  conditional.arguments = {{0, SeccompOperator::kEqual, 1, 0}};
  const auto result = [](plan::SeccompRule first, plan::SeccompRule second) {
    const SeccompProgram program = compile(profile_of(
        SeccompAction::kKillProcess, {std::move(first), std::move(second), allow({"openat2"})}));
    return run(program, AUDIT_ARCH_X86_64, SYS_lseek, {1});
  };
  EXPECT_EQ(result(unconditional, refuse), SECCOMP_RET_ALLOW);
  EXPECT_EQ(result(refuse, unconditional), kErrno | 5);
  EXPECT_EQ(result(unconditional, conditional), SECCOMP_RET_ALLOW);
  EXPECT_EQ(result(conditional, unconditional), SECCOMP_RET_ALLOW);
  plan::SeccompRule other = allow({"lseek"}, conditional.arguments);
  EXPECT_EQ(error_of(profile_of(SeccompAction::kKillProcess, {conditional, other})),
            "linux.seccomp.syscalls[1]: \"lseek\": error adding seccomp rule: file exists");
}

TEST(CompileSeccomp, KernelAgrees) {
  utsname machine{};
  ASSERT_EQ(uname(&machine), 0);
  if (std::string_view(machine.machine) != "x86_64") {
    GTEST_SKIP() << "needs x86_64";
  }
  const SeccompProgram program = compile(engine_profile());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::vector<sock_filter> copy = program.filter;
    const sock_fprog load = {static_cast<uint16_t>(copy.size()), copy.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program.flags, &load) != 0) {
      _exit(2);
    }
    bool right = syscall(SYS_getpid) > 0;
    right = right && syscall(SYS_mount, 0, 0, 0, 0, 0) == -1 && errno == EPERM;
    right = right && syscall(SYS_socket, 40, 1, 0) == -1 && errno == EPERM;
    right = right && syscall(SYS_clone3, 0, 0) == -1 && errno == ENOSYS;
    right = right && syscall(1000) == -1 && errno == ENOSYS;
    right = right && syscall(SYS_personality, 0xffffffff) >= 0;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace redoubt::sandbox
