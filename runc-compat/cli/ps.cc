#include "base/json.h"
#include "base/str.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/machine.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/ps_table.h"
#include "runc-compat/cli/table.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/pod.h"
#include "sandbox/cgroup_control.h"

namespace redoubt::cli {
namespace {

constexpr char kFormat[] = "format";

constexpr Flag kPsFlags[] = {
    {.name = kFormat,
     .short_name = "f",
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "table, or json: process ids as the host sees them"},
};

// Go's encoding of a slice: one line, null when there is none.
std::string pids_as_json(const std::vector<pid_t>& pids) {
  if (pids.empty()) {
    return "null\n";
  }
  json::Value list{json::Array{}};
  for (const pid_t pid : pids) {
    list.push(pid);
  }
  return json::dump(list) + '\n';
}

std::string two_digits(uint64_t number) {
  return concat(number < 10 ? "0" : "", number);
}

// The processes in the guest, by its numbers. What a process calls itself is printed escaped.
Result<std::string> guest_table(const Container& container) {
  TRY_ASSIGN(const std::vector<vm::ProcessRow> processes, guest_processes(container));
  std::vector<TableRow> rows = {{"UID", "PID", "PPID", "TIME", "CMD"}};
  for (const vm::ProcessRow& process : processes) {
    const uint64_t seconds = process.cpu_ms / 1000;
    rows.push_back({concat(process.user),
                    concat(process.pid),
                    concat(process.parent),
                    concat(two_digits(seconds / 3600), ":", two_digits(seconds / 60 % 60), ":", two_digits(seconds % 60)),
                    process.command});
  }
  return format_table(rows);
}

Result<int> run_ps_verb(const Globals& globals, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  TRY_ASSIGN(const Container container, open_container(globals, words.at(0)));
  TRY_ASSIGN(const std::string cgroup, cgroup_of(container.record));
  TRY_ASSIGN(const std::vector<pid_t> pids, sandbox::cgroup_processes(cgroup));
  const std::string& format = arguments.text(kFormat);
  if (format == "json") {
    TRY(print(pids_as_json(pids)));
    return 0;
  }
  if (format != "table") {
    return Error::invalid("invalid format option");
  }
  if (launch::is_in_machine(container.record)) {
    if (words.size() > 1) {
      return Error::unsupported(concat(
          "ps options: ", quote(words[1]), " cannot be given for a container in a virtual machine (isolation \"vm\"); leave it out, or exec ps"));
    }
    TRY_ASSIGN(const std::string table, guest_table(container));
    TRY(print(table));
    return 0;
  }
  std::vector<std::string> ps_arguments(words.begin() + 1, words.end());
  if (ps_arguments.empty()) {
    ps_arguments.emplace_back("-ef");
  }
  TRY_ASSIGN(const std::string output, run_ps(ps_arguments));
  TRY_ASSIGN(const std::string table, filter_ps_table(output, pids));
  TRY(print(table));
  return 0;
}

}  // namespace

constinit const Verb kVerbPs = {
    .name = "ps",
    .group = VerbGroup::kInspect,
    .arguments = "<container-id> [ps options]",
    .summary = "list the processes of a container",
    .description =
        "Prints those lines of the host's ps that belong to the container. Options for ps follow "
        "the\n"
        "container's id; without any they are -ef. Of a container in a virtual machine: the processes in\n"
        "the guest, by its numbers and without options; json has the machine's on the host.",
    .examples = "redoubt ps web1\nredoubt ps --format json web1\nredoubt ps web1 -o pid,cmd",
    .flags = kPsFlags,
    .min_args = 1,
    .max_args = kAnyNumber,
    .stop_at_first_argument = true,
    .quiet = true,
    .run = run_ps_verb,
};

}  // namespace redoubt::cli
