// Seccomp: up to three filters, of which the kernel takes the strictest answer.
//
// The floor refuses what policy denies (kernel.*, syscalls.deny, network.families) and lets
// everything else through: it goes under config.json's filter or ours alike. The ceiling, with
// syscalls.allow, lets only those calls through. Where config.json has no seccomp section, the
// profile's own list (syscalls.default) takes its place.
//
// Integer arguments are compared in their low 32 bits: the kernel reads no more of them, and a
// comparison of all 64 could be walked around by setting the upper ones.
#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/socket_families.h"
#include "policy/harden.h"
#include "policy/passes.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kLow32 = 0xffffffff;
// What redoubt-init itself still calls under the filters (lib/init/child/steps.cc): a list that lacks
// them could not be installed, or would not let the program be started. Without no_new_privs the
// filters go on before identity and capabilities are given up.
constexpr std::string_view kInitCalls[] = {
    "close", "close_range", "execve", "exit_group", "read", "seccomp", "sendmsg", "write"};
constexpr std::string_view kEarlyInitCalls[] = {
    "capset", "chdir",     "faccessat",  "faccessat2", "fcntl",     "getcwd",
    "newfstatat", "prctl", "setgroups", "setresgid",  "setresuid", "umask"};

// A family that a capability or a device of config.json asks for.
struct FamilyLift {
  std::string_view family;
  uint64_t capabilities;
  std::string_view device;
};
constexpr FamilyLift kFamilyLifts[] = {
    {"AF_BLUETOOTH", capability_bit(CAP_NET_ADMIN), ""},
    {"AF_CAN", capability_bit(CAP_NET_ADMIN), ""},
    {"AF_KEY", capability_bit(CAP_NET_ADMIN), ""},
    {"AF_PPPOX", capability_bit(CAP_NET_ADMIN), "/dev/ppp"},
    {"AF_VSOCK", 0, "/dev/vsock"},
    {"AF_VSOCK", 0, "/dev/vhost-vsock"},
    {"AF_XDP", capability_bit(CAP_BPF) | capability_bit(CAP_SYS_ADMIN), ""},
};

bool has_device(const oci::Spec& spec, std::string_view path) {
  const std::vector<oci::Device>& devices = linux_section(spec).devices;
  return std::any_of(devices.begin(), devices.end(), [&](const oci::Device& device) {
    return device.path == path;
  });
}

struct Verdict {
  bool refused = false;
  bool audited = false;  // logged and let through
  uint64_t lifted_by = 0;
};

class SeccompHardener {
 public:
  explicit SeccompHardener(Hardener& h)
      : h_(h), granted_(h.plan.process.capabilities.bounding) {}

  Status run() {
    add_surfaces();
    add_denied();
    add_flag_rules();
    add_families();
    add_default();
    add_ceiling();
    finish();
    return {};
  }

 private:
  plan::Seccomp filter(plan::SeccompAction default_action) const {
    plan::Seccomp result;
    result.default_action = default_action;
    result.default_errno_ret = EPERM;
    result.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
#if defined(__x86_64__)
    result.architectures = {"x86_64"};
    if (!denies_foreign()) {
      result.architectures = {"x86_64", "x86", "x32"};
    }
#elif defined(__aarch64__)
    result.architectures = {"aarch64"};
    if (!denies_foreign()) {
      result.architectures = {"aarch64", "arm"};
    }
#endif
    return result;
  }

  bool denies_foreign() const {
    return h_.policy.level(Field::kForeignArchitectures) == kDenyLevel && !h_.audits();
  }

  plan::SeccompAction refusal(bool audited) const {
    return audited || h_.audits() ? plan::SeccompAction::kLog : plan::SeccompAction::kErrno;
  }

  Verdict verdict_on(Field field, uint64_t lifting) const {
    Verdict verdict;
    const uint32_t level = h_.policy.level(field);
    if (level == 0) {
      return verdict;
    }
    const uint64_t lifted = h_.policy.rule_of(field).hard ? 0 : lifting & granted_;
    verdict.lifted_by = lifted;
    verdict.refused = level == kDenyLevel && lifted == 0;
    verdict.audited = level != kDenyLevel && lifted == 0;
    return verdict;
  }

  // One rule for each pair of action and errno.
  void refuse(std::string_view name, bool audited, uint32_t errno_ret) {
    const plan::SeccompAction action = refusal(audited);
    for (plan::SeccompRule& rule : floor_) {
      if (rule.action == action && rule.errno_ret == errno_ret && rule.arguments.empty()) {
        rule.names.emplace_back(name);
        return;
      }
    }
    floor_.push_back({{std::string(name)}, action, errno_ret, {}});
  }

  void refuse_if(std::string_view name, plan::SeccompArgument argument, bool audited, uint32_t err) {
    floor_.push_back({{std::string(name)}, refusal(audited), err, {argument}});
  }

  void add_surfaces() {
    std::array<uint64_t, kFieldCount> lifted{};
    for (const SurfaceCall& call : surface_calls()) {
      const Verdict verdict = verdict_on(call.field, call.lifted_by);
      if (verdict.refused || verdict.audited) {
        refuse(call.name, verdict.audited, call.errno_ret);
      }
      lifted[static_cast<size_t>(call.field)] |= verdict.lifted_by;
    }
    for (const FieldInfo& info : field_table()) {
      if (info.path.starts_with("kernel.") && info.layer.starts_with("seccomp") &&
          h_.has(info.field)) {
        record_surface(info, lifted[static_cast<size_t>(info.field)]);
      }
    }
  }

  void record_surface(const FieldInfo& info, uint64_t lifted) {
    std::string value = value_text(info, h_.policy[info.field]);
    if (info.field == Field::kUserNamespaces) {
      lifted = verdict_on(info.field, capability_bit(CAP_SYS_ADMIN)).lifted_by;
    }
    if (lifted != 0) {
      value += concat("; lifted by ", join(plan::capability_names_of(lifted), ", "),
                      " of config.json");
    } else if (h_.policy.level(info.field) != 0) {
      want_surface(info.path, h_.policy.level(info.field) != kDenyLevel);
    }
    h_.decide(info.field, std::move(value), h_.audits() ? "seccomp (log)" : "seccomp");
  }

  // The same for the layers that see the act itself and not its system call.
  void want_surface(std::string_view path, bool audited) {
    plan::KernelIntents& intents = h_.plan.hardening.intents;
    (audited || h_.audits() ? intents.audited_surfaces : intents.denied_surfaces).push_back(path);
  }

  void add_denied() {
    const FieldValue& denied = h_.policy[Field::kSyscallsDeny];
    for (const Entry& entry : denied.entries) {
      refuse(entry.key, false, EPERM);
    }
    if (denied.present) {
      h_.decide(Field::kSyscallsDeny, value_text(info_of(Field::kSyscallsDeny), denied), "seccomp");
    }
  }

  // Calls that are refused for some of their arguments only.
  void add_flag_rules() {
    using Op = plan::SeccompOperator;
    const Verdict users = verdict_on(Field::kUserNamespaces, capability_bit(CAP_SYS_ADMIN));
    if (users.refused || users.audited) {
      for (const std::string_view name : {"clone", "unshare"}) {
        refuse_if(name, {0, Op::kMaskedEqual, CLONE_NEWUSER, CLONE_NEWUSER}, users.audited, EPERM);
      }
      // Its flags are in memory, where no filter looks. The C libraries fall back to clone.
      refuse("clone3", users.audited, ENOSYS);
    }
    if (users.refused && verdict_on(Field::kMounts, capability_bit(CAP_SYS_ADMIN)).refused) {
      refuse_namespaces();
    }
    const Verdict typing = verdict_on(Field::kTerminalInjection, capability_bit(CAP_SYS_ADMIN));
    if (typing.refused || typing.audited) {
      for (const uint64_t request : {uint64_t{TIOCSTI}, uint64_t{TIOCLINUX}}) {
        refuse_if("ioctl", {1, Op::kMaskedEqual, kLow32, request}, typing.audited, EPERM);
      }
    }
  }

  // Namespaces of the other kinds take CAP_SYS_ADMIN, and nobody gets that here without a user
  // namespace: this costs no program anything, and holds when a hole has given the capability away.
  void refuse_namespaces() {
    constexpr uint64_t kKinds[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                   CLONE_NEWIPC, CLONE_NEWPID,    CLONE_NEWNET};
    for (const uint64_t kind : kKinds) {
      for (const std::string_view name : {"clone", "unshare"}) {
        refuse_if(name, {0, plan::SeccompOperator::kMaskedEqual, kind, kind}, false, EPERM);
      }
    }
    // In clone(2) this bit is part of the signal's number.
    constexpr uint64_t kTime = CLONE_NEWTIME;
    refuse_if("unshare", {0, plan::SeccompOperator::kMaskedEqual, kTime, kTime}, false, EPERM);
  }

  bool is_lifted(std::string_view family) const {
    return std::any_of(std::begin(kFamilyLifts), std::end(kFamilyLifts), [&](const FamilyLift& l) {
      return l.family == family && ((l.capabilities & granted_) != 0 ||
                                    (!l.device.empty() && has_device(h_.spec, l.device)));
    });
  }

  void add_families() {
    if (!h_.has(Field::kNetworkFamilies)) {
      return;
    }
    const FieldValue& allowed = h_.policy[Field::kNetworkFamilies];
    const bool hard = h_.policy.rule_of(Field::kNetworkFamilies).hard;
    std::vector<std::string> lifted;
    // The BPF LSM hook sees the family, whatever call asks for the socket.
    const std::string_view path = info_of(Field::kNetworkFamilies).path;
    const bool sees_socketcall = std::find(h_.host.bpf_lsm_fields.begin(),
                                           h_.host.bpf_lsm_fields.end(),
                                           path) != h_.host.bpf_lsm_fields.end();
    uint64_t& let_through = h_.plan.hardening.intents.families;
    for (const plan::NamedNumber& family : plan::socket_family_names()) {
      if (find_entry(allowed, family.name) != nullptr) {
        let_through |= uint64_t{1} << family.number;
        continue;
      }
      if (!hard && is_lifted(family.name)) {
        lifted.emplace_back(family.name);
        let_through |= uint64_t{1} << family.number;
        continue;
      }
      refuse_if("socket",
                {0, plan::SeccompOperator::kMaskedEqual, kLow32, family.number},
                false,
                EAFNOSUPPORT);
      floor_.back().skips_socketcall = sees_socketcall;
    }
    want_surface(path, false);
    std::string value = value_text(info_of(Field::kNetworkFamilies), allowed);
    if (!lifted.empty()) {
      value += concat("; config.json adds ", join(lifted, ", "));
    }
    h_.decide(Field::kNetworkFamilies,
              std::move(value),
              "seccomp",
              denies_foreign() ? "" : "32-bit programs get no socket by socketcall(2), of any family");
  }

  void add_default() {
    const FieldValue& list = h_.policy[Field::kSyscallsDefault];
    if (!list.present) {
      return;
    }
    if (h_.plan.seccomp) {
      h_.decide(Field::kSyscallsDefault, "config.json has a filter: kept", "seccomp");
      return;
    }
    // The calls of the surfaces are the floor's to decide, each with an errno of its own.
    std::vector<std::string> names;
    names.reserve(surface_calls().size() + list.entries.size());
    for (const SurfaceCall& call : surface_calls()) {
      names.emplace_back(call.name);
    }
    const auto surfaces = static_cast<ptrdiff_t>(names.size());
    for (const Entry& entry : list.entries) {
      names.push_back(entry.key);
    }
    // Both are sorted: every start does this with five hundred names.
    std::inplace_merge(names.begin(), names.begin() + surfaces, names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const size_t count = names.size();
    plan::Seccomp own = filter(refusal(false));
    own.rules.push_back({std::move(names), plan::SeccompAction::kAllow, EPERM, {}});
    h_.plan.seccomp = std::move(own);
    h_.decide(Field::kSyscallsDefault, concat(count, " calls: config.json has no filter"), "seccomp");
  }

  void add_init_calls(std::vector<std::string>& names) const {
    names.insert(names.end(), std::begin(kInitCalls), std::end(kInitCalls));
    if (!h_.plan.process.no_new_privileges) {
      names.insert(names.end(), std::begin(kEarlyInitCalls), std::end(kEarlyInitCalls));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }

  void add_ceiling() {
    const FieldValue& list = h_.policy[Field::kSyscallsAllow];
    if (!list.present) {
      return;
    }
    plan::SeccompRule rule{{}, plan::SeccompAction::kAllow, EPERM, {}};
    for (const Entry& entry : list.entries) {
      rule.names.push_back(entry.key);
    }
    add_init_calls(rule.names);
    const size_t added = rule.names.size() - list.entries.size();
    plan::Seccomp ceiling = filter(refusal(false));
    ceiling.rules.push_back(std::move(rule));
    h_.plan.seccomp_floor.push_back(std::move(ceiling));
    h_.decide(Field::kSyscallsAllow,
              concat(list.entries.size(),
                     " calls at most",
                     added == 0 ? "" : concat(", and ", added, " that starting the program takes")),
              "seccomp");
  }

  void finish() {
    if (h_.has(Field::kForeignArchitectures)) {
      h_.decide(Field::kForeignArchitectures,
                value_text(info_of(Field::kForeignArchitectures),
                           h_.policy[Field::kForeignArchitectures]),
                "seccomp");
    }
    if (!floor_.empty()) {
      plan::Seccomp floor = filter(plan::SeccompAction::kAllow);
      floor.rules = std::move(floor_);
      h_.plan.seccomp_floor.push_back(std::move(floor));
    }
    const size_t filters = h_.plan.seccomp_floor.size() + (h_.plan.seccomp ? 1 : 0);
    h_.layer("seccomp",
             filters == 0 ? "off" : h_.audits() ? "audit" : "active",
             concat(filters, filters == 1 ? " filter" : " filters"));
  }

  Hardener& h_;
  uint64_t granted_;
  std::vector<plan::SeccompRule> floor_;
};

}  // namespace

Status harden_seccomp(Hardener& hardener) {
  return SeccompHardener(hardener).run();
}

}  // namespace redoubt::policy
