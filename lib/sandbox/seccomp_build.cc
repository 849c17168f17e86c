#include "sandbox/seccomp_build.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/io.h"
#include "base/str.h"
#include "base/unique_fd.h"
#include "sandbox/seccomp_compact.h"
#include "sandbox/seccomp_enosys.h"
#include "sandbox/seccomp_join.h"
#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

// From this many rules on, a binary tree by number is both smaller on average and faster than a
// list. libseccomp before 2.5.5 miscompiles an empty tree, so it must never be the choice for few
// rules.
constexpr size_t kTreeThreshold = 32;

uint32_t scmp_action(plan::SeccompAction action, uint32_t errno_ret) {
  switch (action) {
    case plan::SeccompAction::kKillThread:
      return SCMP_ACT_KILL_THREAD;
    case plan::SeccompAction::kKillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case plan::SeccompAction::kTrap:
      return SCMP_ACT_TRAP;
    case plan::SeccompAction::kErrno:
      return SCMP_ACT_ERRNO(errno_ret);
    case plan::SeccompAction::kTrace:
      return SCMP_ACT_TRACE(errno_ret);
    case plan::SeccompAction::kAllow:
      return SCMP_ACT_ALLOW;
    case plan::SeccompAction::kLog:
      return SCMP_ACT_LOG;
    case plan::SeccompAction::kNotify:
      return SCMP_ACT_NOTIFY;
  }
  return SCMP_ACT_KILL_PROCESS;
}

scmp_compare scmp_operator(plan::SeccompOperator op) {
  switch (op) {
    case plan::SeccompOperator::kNotEqual:
      return SCMP_CMP_NE;
    case plan::SeccompOperator::kLess:
      return SCMP_CMP_LT;
    case plan::SeccompOperator::kLessEqual:
      return SCMP_CMP_LE;
    case plan::SeccompOperator::kEqual:
      return SCMP_CMP_EQ;
    case plan::SeccompOperator::kGreaterEqual:
      return SCMP_CMP_GE;
    case plan::SeccompOperator::kGreater:
      return SCMP_CMP_GT;
    case plan::SeccompOperator::kMaskedEqual:
      return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_NE;
}

struct Builder {
  const SeccompLibrary& lib;
  const plan::Seccomp& seccomp;
  ScmpFilter context;
  uint32_t default_action = 0;
  bool for_socketcall = false;  // leaves out the rules that skip it
  size_t rule_count = 0;
  std::vector<std::string> unknown = {};
};

std::vector<scmp_arg_cmp> conditions_of(const plan::SeccompRule& rule) {
  std::vector<scmp_arg_cmp> conditions;
  for (const plan::SeccompArgument& arg : rule.arguments) {
    conditions.push_back({arg.index, scmp_operator(arg.op), arg.value, arg.value_two});
  }
  return conditions;
}

bool repeats_an_argument(const std::vector<scmp_arg_cmp>& conditions) {
  std::array<bool, 6> seen{};
  for (const scmp_arg_cmp& condition : conditions) {
    if (std::exchange(seen[condition.arg], true)) {
      return true;
    }
  }
  return false;
}

Status add_rule(Builder& b, uint32_t action, int number, const scmp_arg_cmp* args, size_t count) {
  const int rc =
      b.lib.rule_add_array(b.context.get(), action, number, static_cast<unsigned>(count), args);
  if (rc < 0) {
    return Error::system(-rc, "error adding seccomp rule");
  }
  ++b.rule_count;
  return {};
}

Status add_syscall(Builder& b, const plan::SeccompRule& rule, const std::string& name) {
  const int number = b.lib.syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) {
    b.unknown.push_back(name);
    return {};
  }
  const uint32_t action = scmp_action(rule.action, rule.errno_ret);
  if (action == b.default_action) {
    return {};  // libseccomp refuses a rule that changes nothing
  }
  const std::vector<scmp_arg_cmp> conditions = conditions_of(rule);
  if (!repeats_an_argument(conditions)) {
    return add_rule(b, action, number, conditions.data(), conditions.size());
  }
  for (const scmp_arg_cmp& condition : conditions) {
    TRY(add_rule(b, action, number, &condition, 1));
  }
  return {};
}

Status add_rules(Builder& b) {
  for (size_t i = 0; i < b.seccomp.rules.size(); ++i) {
    if (b.for_socketcall && b.seccomp.rules[i].skips_socketcall) {
      continue;
    }
    for (const std::string& name : b.seccomp.rules[i].names) {
      TRY(add_syscall(b, b.seccomp.rules[i], name)
              .context(concat("linux.seccomp.syscalls[", i, "]: ", quote(name))));
    }
  }
  return {};
}

// The profile's architectures and the native one, as libseccomp's tokens, each once.
Result<std::vector<uint32_t>> add_architectures(Builder& b) {
  std::vector<uint32_t> tokens = {b.lib.arch_native()};
  for (const std::string& name : b.seccomp.architectures) {
    const uint32_t token = b.lib.arch_resolve_name(name.c_str());
    if (token == 0) {
      return Error::invalid(
          concat("linux.seccomp.architectures: string ", name, " is not a valid arch for seccomp"));
    }
    const int rc = b.lib.arch_add(b.context.get(), token);
    if (rc < 0 && rc != -EEXIST) {
      return Error::system(-rc, concat("linux.seccomp.architectures: adding ", quote(name)));
    }
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
      tokens.push_back(token);
    }
  }
  return tokens;
}

// The architecture with socketcall(2) gets rules of its own when some are not for it: those that it
// has are dropped with it, and a filter for it alone is merged in.
Status split_off_socketcall(Builder& b, const std::vector<uint32_t>& tokens) {
  const bool skips = std::any_of(b.seccomp.rules.begin(),
                                 b.seccomp.rules.end(),
                                 [](const plan::SeccompRule& rule) { return rule.skips_socketcall; });
  const bool has_x86 = std::find(tokens.begin(), tokens.end(), SCMP_ARCH_X86) != tokens.end();
  if (!skips || !has_x86 || b.lib.arch_native() == SCMP_ARCH_X86) {
    return {};
  }
  Builder x86{
      b.lib, b.seccomp, ScmpFilter(b.lib.init(b.default_action), {b.lib.release}), b.default_action, true};
  if (x86.context == nullptr) {
    return Error::unsupported("linux.seccomp.defaultAction: not supported by this kernel");
  }
  for (const int rc : {b.lib.arch_add(x86.context.get(), SCMP_ARCH_X86),
                       b.lib.arch_remove(x86.context.get(), b.lib.arch_native()),
                       b.lib.arch_remove(b.context.get(), SCMP_ARCH_X86)}) {
    if (rc < 0) {
      return Error::system(-rc, "seccomp: a filter for x86 alone");
    }
  }
  TRY(add_rules(x86));
  if (const int rc = b.lib.merge(b.context.get(), x86.context.get()); rc < 0) {
    return Error::system(-rc, "seccomp: merge the filter for x86");
  }
  static_cast<void>(x86.context.release());  // merged: the other one owns it
  return {};
}

std::optional<uint32_t> last_named(const Builder& b, uint32_t token) {
  int last = 0;
  for (const plan::SeccompRule& rule : b.seccomp.rules) {
    for (const std::string& name : rule.names) {
      last = std::max(last, b.lib.syscall_resolve_name_arch(token, name.c_str()));
    }
  }
  return last > 0 ? std::optional<uint32_t>(static_cast<uint32_t>(last)) : std::nullopt;
}

bool lets_through(plan::SeccompAction action) {
  return action == plan::SeccompAction::kAllow || action == plan::SeccompAction::kLog ||
         action == plan::SeccompAction::kTrace;
}

std::vector<KnownSyscalls> known_syscalls(const Builder& b, const std::vector<uint32_t>& tokens) {
  std::vector<KnownSyscalls> known;
  for (const uint32_t token : tokens) {
    // libseccomp's x32 token is no AUDIT_ARCH value: the kernel reports x86_64 and sets bit 30 of
    // the number.
    const bool x32 = token == SCMP_ARCH_X32;
    const uint32_t audit_arch = x32 ? AUDIT_ARCH_X86_64 : token;
    auto it = std::find_if(known.begin(), known.end(), [&](const KnownSyscalls& k) {
      return k.audit_arch == audit_arch;
    });
    if (it == known.end()) {
      it = known.insert(known.end(), KnownSyscalls{audit_arch, {}, {}});
    }
    const std::optional<uint32_t> last = last_named(b, token);
    if (!x32) {
      it->last = last;
    } else if (last) {
      it->last_x32 = *last | kX32Bit;
    }
  }
  return known;
}

// libseccomp 2.5 can write a program to a descriptor only.
Status export_filter(const Builder& b, std::vector<sock_filter>& out) {
  const UniqueFd memory(memfd_create("seccomp", MFD_CLOEXEC));
  if (!memory.valid()) {
    return Error::system(errno, "seccomp: memfd_create");
  }
  const int rc = b.lib.export_bpf(b.context.get(), memory.get());
  if (rc < 0) {
    return Error::system(-rc, "seccomp: error exporting the filter");
  }
  if (lseek(memory.get(), 0, SEEK_SET) < 0) {
    return Error::system(errno, "seccomp: lseek");
  }
  TRY_ASSIGN(const std::string bytes,
             read_all(memory.get(), size_t{4} << 20, "seccomp: exported filter"));
  if (bytes.empty() || bytes.size() % sizeof(sock_filter) != 0) {
    return Error::internal(concat("seccomp: libseccomp exported ", bytes.size(), " bytes"));
  }
  const size_t head = out.size();
  out.resize(head + bytes.size() / sizeof(sock_filter));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data() + head));
  return {};
}

Status check_length(const std::vector<sock_filter>& filter) {
  if (filter.size() > BPF_MAXINSNS) {
    return Error::invalid(concat("linux.seccomp: the filter has ",
                                 filter.size(),
                                 " instructions, the kernel accepts ",
                                 BPF_MAXINSNS));
  }
  return {};
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

Result<BuiltFilter> build_seccomp_filter(const SeccompLibrary& lib, const plan::Seccomp& seccomp) {
  const uint32_t default_action = scmp_action(seccomp.default_action, seccomp.default_errno_ret);
  Builder b{lib, seccomp, ScmpFilter(lib.init(default_action), {lib.release}), default_action};
  if (b.context == nullptr) {
    return Error::unsupported("linux.seccomp.defaultAction: not supported by this kernel");
  }
  TRY_ASSIGN(const std::vector<uint32_t> tokens, add_architectures(b));
  TRY(add_rules(b));
  TRY(split_off_socketcall(b, tokens));
  if (b.rule_count > kTreeThreshold) {
    // A library that does not know the attribute emits a list: slower, same meaning.
    static_cast<void>(lib.attr_set(b.context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  }
  BuiltFilter built;
  if (!lets_through(seccomp.default_action)) {
    built.filter = enosys_stub(known_syscalls(b, tokens));
  }
  TRY(export_filter(b, built.filter));
  built.filter = compact_filter(built.filter);
  TRY(check_length(built.filter));
  built.unknown_syscalls = sorted(std::move(b.unknown));
  return built;
}

Result<BuiltFilter> build_seccomp_filters(const SeccompLibrary& lib,
                                          const std::vector<plan::Seccomp>& last_first,
                                          SeccompPart part) {
  std::vector<std::vector<sock_filter>> filters;
  BuiltFilter all;
  for (const plan::Seccomp& seccomp : last_first) {
    TRY_ASSIGN(BuiltFilter built, build_seccomp_filter(lib, seccomp));
    filters.push_back(std::move(built.filter));
    all.unknown_syscalls.insert(
        all.unknown_syscalls.end(), built.unknown_syscalls.begin(), built.unknown_syscalls.end());
  }
  all.filter = filters.size() == 1 ? std::move(filters.front()) : compact_filter(join_filters(filters));
  if (part != SeccompPart::kAll) {
    all.filter = compact_filter(split_filter(all.filter, part));
  }
  TRY(check_length(all.filter));
  all.unknown_syscalls = sorted(std::move(all.unknown_syscalls));
  return all;
}

}  // namespace redoubt::sandbox
