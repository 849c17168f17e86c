#include "sandbox/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <optional>

#include "base/str.h"

namespace redoubt::sandbox {
namespace {

// Part of the cache key: raise it whenever the same profile compiles to another program.
constexpr std::string_view kCompilerVersion = "redoubt-seccomp-5";
constexpr uint32_t kMaxErrno =
    4095;  // the kernel cuts larger ones silently, libseccomp refuses them
constexpr uint32_t kMaxTraceValue = 0xffff;
constexpr uint32_t kMaxArgument = 5;
constexpr size_t kTypicalSource = 16384;  // bytes

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
constexpr uint32_t kWaitKillable = 1U << 5;
#else
constexpr uint32_t kWaitKillable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
#endif

Status check_return_value(plan::SeccompAction action, uint32_t value, const std::string& field) {
  const uint32_t limit = action == plan::SeccompAction::kErrno   ? kMaxErrno
                         : action == plan::SeccompAction::kTrace ? kMaxTraceValue
                                                                 : UINT32_MAX;
  if (value > limit) {
    return Error::invalid(concat(field, ": ", value, " is not in the range 0 to ", limit));
  }
  return {};
}

Status check_rule(const plan::SeccompRule& rule, const std::string& field) {
  TRY(check_return_value(rule.action, rule.errno_ret, field + ".errnoRet"));
  for (const std::string& name : rule.names) {
    if (name.empty()) {
      return Error::invalid(concat(field, ".names: empty string is not a valid syscall"));
    }
    // The notification's descriptor number is reported to the parent with write(2), under the
    // filter: it would wait for the agent that has not got the descriptor yet.
    if (rule.action == plan::SeccompAction::kNotify && name == "write") {
      return Error::invalid("SCMP_ACT_NOTIFY cannot be used for the write syscall");
    }
  }
  for (size_t i = 0; i < rule.arguments.size(); ++i) {
    if (rule.arguments[i].index > kMaxArgument) {
      return Error::invalid(concat(field,
                                   ".args[",
                                   i,
                                   "].index: ",
                                   rule.arguments[i].index,
                                   ": a system call has the arguments 0 to ",
                                   kMaxArgument));
    }
  }
  return {};
}

Status check(const plan::Seccomp& seccomp) {
  if (seccomp.default_action == plan::SeccompAction::kNotify) {
    return Error::invalid("SCMP_ACT_NOTIFY cannot be used as default action");
  }
  TRY(check_return_value(
      seccomp.default_action, seccomp.default_errno_ret, "linux.seccomp.defaultErrnoRet"));
  for (size_t i = 0; i < seccomp.rules.size(); ++i) {
    TRY(check_rule(seccomp.rules[i], concat("linux.seccomp.syscalls[", i, "]")));
  }
  return {};
}

// What two profiles share only when they compile to the same program: numbers as they are in memory,
// strings and lists after their length.
std::string source_of(const SeccompStack& stack, SeccompPart part) {
  utsname machine{};
  uname(&machine);
  std::string text;
  text.reserve(kTypicalSource);
  const auto put = [&text](auto... numbers) {
    (text.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  };
  const auto put_string = [&](std::string_view string) {
    put(string.size());
    text.append(string);
  };
  const auto put_strings = [&](const std::vector<std::string>& strings) {
    put(strings.size());
    for (const std::string& string : strings) {
      put_string(string);
    }
  };
  put_string(kCompilerVersion);
  put_string(machine.machine);
  put(part);
  for (const plan::Seccomp* seccomp : stack) {
    put(seccomp->default_action, seccomp->default_errno_ret, seccomp->rules.size());
    put_strings(seccomp->architectures);
    for (const plan::SeccompRule& rule : seccomp->rules) {
      put(rule.action, rule.errno_ret, rule.skips_socketcall, rule.arguments.size());
      for (const plan::SeccompArgument& arg : rule.arguments) {
        put(arg.index, arg.op, arg.value, arg.value_two);
      }
      put_strings(rule.names);
    }
  }
  return text;
}

}  // namespace

SeccompCompiler::SeccompCompiler(const std::string& cache_dir) {
  if (cache_dir.empty()) {
    return;
  }
  if (Result<BpfCache> cache = BpfCache::open(cache_dir)) {
    cache_ = *std::move(cache);
  }
}

Result<CachedProgram> SeccompCompiler::build(const SeccompStack& stack, SeccompPart part) {
  if (!libraries_) {
    TRY_ASSIGN(libraries_, DlProcess::start());
  }
  Words request = {"compile seccomp", concat(static_cast<int>(part)), concat(stack.size())};
  for (const plan::Seccomp* seccomp : stack) {
    put(request, *seccomp);
  }
  TRY_ASSIGN(const Words reply, libraries_->call(request));
  WordReader reader(reply);
  CachedProgram program = take_program(reader);
  if (!reader.is_complete() || program.filter.empty()) {
    return Error::internal("seccomp: not a program");
  }
  return program;
}

Result<CachedProgram> SeccompCompiler::find_or_build(const SeccompStack& stack, SeccompPart part) {
  if (!cache_) {
    return build(stack, part);
  }
  const std::string source = source_of(stack, part);
  if (std::optional<CachedProgram> found = cache_->find(source)) {
    return *std::move(found);
  }
  TRY_ASSIGN(CachedProgram program, build(stack, part));
  ignore(cache_->store(source, program), "the next start compiles again");
  return program;
}

Result<std::vector<SeccompProgram>> SeccompCompiler::compile(
    const std::vector<const plan::Seccomp*>& filters, bool reports) {
  std::vector<SeccompProgram> programs;
  for (const SeccompStack& stack : stack_filters(filters)) {
    const size_t before = programs.size();
    Status added = add_stack(stack, reports, programs);
    if (added || stack.size() == 1) {
      TRY(added);
      continue;
    }
    // What is too long together may fit apart.
    programs.resize(before);
    for (auto filter = stack.rbegin(); filter != stack.rend(); ++filter) {
      TRY(add_stack({*filter}, reports, programs));
    }
  }
  return programs;
}

Status SeccompCompiler::add_stack(const SeccompStack& stack,
                                  bool reports,
                                  std::vector<SeccompProgram>& programs) {
  // Who sets the flag in config.json has everything written down that is refused there.
  const auto notifies = [](const plan::Seccomp* seccomp) { return plan::has_notify_rule(*seccomp); };
  const bool is_split = reports && !std::any_of(stack.begin(), stack.end(), notifies) &&
                        (stack.front()->flags & SECCOMP_FILTER_FLAG_LOG) == 0;
  if (!is_split) {
    TRY_ASSIGN(SeccompProgram program, compile_stack(stack, SeccompPart::kAll));
    programs.push_back(std::move(program));
    return {};
  }
  TRY_ASSIGN(SeccompProgram quiet, compile_stack(stack, SeccompPart::kQuiet));
  TRY_ASSIGN(SeccompProgram loud, compile_stack(stack, SeccompPart::kLoud));
  loud.flags |= SECCOMP_FILTER_FLAG_LOG;
  if (!allows_everything(quiet.filter)) {
    programs.push_back(std::move(quiet));
  }
  programs.push_back(std::move(loud));
  return {};
}

Result<SeccompProgram> SeccompCompiler::compile_stack(const SeccompStack& stack, SeccompPart part) {
  SeccompProgram program;
  for (const plan::Seccomp* seccomp : stack) {
    TRY(check(*seccomp));
    program.has_listener |= plan::has_notify_rule(*seccomp);
  }
  TRY_ASSIGN(CachedProgram compiled, find_or_build(stack, part));
  program.filter = std::move(compiled.filter);
  program.unknown_syscalls = std::move(compiled.unknown_syscalls);
  program.flags = stack.front()->flags & ~static_cast<uint32_t>(SECCOMP_FILTER_FLAG_TSYNC);
  if (program.has_listener) {
    program.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  } else {
    program.flags &= ~(static_cast<uint32_t>(SECCOMP_FILTER_FLAG_NEW_LISTENER) | kWaitKillable);
  }
  return program;
}

std::string libseccomp_version() {
  Result<DlProcess> process = DlProcess::start();
  const Result<Words> reply =
      process ? process->call({"libseccomp version"}) : Result<Words>(std::move(process).error());
  return reply ? WordReader(*reply).text() : std::string();
}

}  // namespace redoubt::sandbox
