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
#include "sandbox/seccomp_guard.h"
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

// The filter of one architecture.
struct Builder {
  const SeccompLibrary& lib;
  const plan::Seccomp& seccomp;
  ScmpFilter context;
  uint32_t default_action = 0;
  bool for_socketcall = false;  // leaves out the rules that skip it
  size_t rule_count = 0;
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
    return {};  // unknown_names
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

Result<ScmpFilter> new_context(const SeccompLibrary& lib, uint32_t default_action) {
  ScmpFilter context(lib.init(default_action), {lib.release});
  if (context == nullptr) {
    return Error::unsupported("linux.seccomp.defaultAction: not supported by this kernel");
  }
  return context;
}

// The profile's architectures and the native one, as libseccomp's tokens, each once. They are tried together,
// for not all go together.
Result<std::vector<uint32_t>> architectures(const SeccompLibrary& lib, const plan::Seccomp& seccomp,
                                            uint32_t default_action) {
  TRY_ASSIGN(const ScmpFilter together, new_context(lib, default_action));
  std::vector<uint32_t> tokens = {lib.arch_native()};
  for (const std::string& name : seccomp.architectures) {
    const uint32_t token = lib.arch_resolve_name(name.c_str());
    if (token == 0) {
      return Error::invalid(
          concat("linux.seccomp.architectures: string ", name, " is not a valid arch for seccomp"));
    }
    const int rc = lib.arch_add(together.get(), token);
    if (rc < 0 && rc != -EEXIST) {
      return Error::system(-rc, concat("linux.seccomp.architectures: adding ", quote(name)));
    }
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
      tokens.push_back(token);
    }
  }
  return tokens;
}

std::optional<uint32_t> last_named(const SeccompLibrary& lib, const plan::Seccomp& seccomp, uint32_t token) {
  int last = 0;
  for (const plan::SeccompRule& rule : seccomp.rules) {
    for (const std::string& name : rule.names) {
      last = std::max(last, lib.syscall_resolve_name_arch(token, name.c_str()));
    }
  }
  return last > 0 ? std::optional<uint32_t>(static_cast<uint32_t>(last)) : std::nullopt;
}

bool lets_through(plan::SeccompAction action) {
  return action == plan::SeccompAction::kAllow || action == plan::SeccompAction::kLog ||
         action == plan::SeccompAction::kTrace;
}

std::vector<KnownSyscalls> known_syscalls(const SeccompLibrary& lib, const plan::Seccomp& seccomp,
                                          const std::vector<uint32_t>& tokens) {
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
    const std::optional<uint32_t> last = last_named(lib, seccomp, token);
    if (!x32) {
      it->last = last;
    } else if (last) {
      it->last_x32 = *last | kX32Bit;
    }
  }
  return known;
}

// libseccomp 2.5 can write a program to a descriptor only.
Result<std::vector<sock_filter>> export_filter(const Builder& b) {
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
  std::vector<sock_filter> filter(bytes.size() / sizeof(sock_filter));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(filter.data()));
  return filter;
}

// The rules for one architecture; whatever comes from another one is allowed.
Result<std::vector<sock_filter>> filter_of_architecture(const SeccompLibrary& lib,
                                                        const plan::Seccomp& seccomp, uint32_t default_action,
                                                        uint32_t token) {
  TRY_ASSIGN(ScmpFilter context, new_context(lib, default_action));
  const uint32_t native = lib.arch_native();
  Builder b{lib, seccomp, std::move(context), default_action, token == SCMP_ARCH_X86 && token != native};
  int rc = lib.attr_set(b.context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
  if (rc == 0 && token != native) {
    rc = lib.arch_add(b.context.get(), token);
    rc = rc == 0 ? lib.arch_remove(b.context.get(), native) : rc;
  }
  if (rc < 0) {
    return Error::system(-rc, "seccomp: a filter for one architecture");
  }
  TRY(add_rules(b));
  if (b.rule_count > kTreeThreshold) {
    // A library that does not know the attribute emits a list: slower, same meaning.
    static_cast<void>(lib.attr_set(b.context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  }
  return export_filter(b);
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

std::vector<std::string> unknown_names(const SeccompLibrary& lib, const plan::Seccomp& seccomp) {
  std::vector<std::string> unknown;
  for (const plan::SeccompRule& rule : seccomp.rules) {
    for (const std::string& name : rule.names) {
      if (lib.syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR) {
        unknown.push_back(name);
      }
    }
  }
  return unknown;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

Result<BuiltFilter> build_seccomp_filter(const SeccompLibrary& lib, const plan::Seccomp& seccomp) {
  const uint32_t default_action = scmp_action(seccomp.default_action, seccomp.default_errno_ret);
  TRY_ASSIGN(const std::vector<uint32_t> tokens, architectures(lib, seccomp, default_action));
  // One after the other: libseccomp's notes of an architecture are the most memory that a first start takes.
  std::vector<std::vector<sock_filter>> filters;
  for (const uint32_t token : tokens) {
    TRY_ASSIGN(std::vector<sock_filter> filter, filter_of_architecture(lib, seccomp, default_action, token));
    filters.push_back(std::move(filter));
  }
  filters.push_back(architecture_guard(tokens));
  BuiltFilter built;
  if (!lets_through(seccomp.default_action)) {
    built.filter = enosys_stub(known_syscalls(lib, seccomp, tokens));
  }
  const std::vector<sock_filter> joined = join_filters(filters);
  built.filter.insert(built.filter.end(), joined.begin(), joined.end());
  built.filter = compact_filter(built.filter);
  TRY(check_length(built.filter));
  built.unknown_syscalls = sorted(unknown_names(lib, seccomp));
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
