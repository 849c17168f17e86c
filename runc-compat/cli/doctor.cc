// doctor: what this host can enforce, and the remedy for each lack.
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "bpf/recorder.h"
#include "escalate-vm/host/image.h"
#include "escalate-vm/host/probe.h"
#include "policy/escalate.h"
#include "policy/signed_profiles.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/report.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/policy_files.h"
#include "sandbox/probe.h"

namespace redoubt::cli {
namespace {

constexpr char kFormat[] = "format";
constexpr int kFullLandlockAbi = 6;

constexpr Flag kDoctorFlags[] = {
    {.name = kFormat,
     .short_name = "f",
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "table or json"},
};

struct Check {
  std::string what;
  bool good = false;
  bool essential = false;
  std::string finding, remedy;
};

using Checks = std::vector<Check>;

void check_seccomp(const sandbox::KernelFeatures& kernel, Checks& checks) {
  const bool library = !kernel.libseccomp_version.empty();
  checks.push_back({"seccomp",
                    kernel.seccomp_filter && library,
                    true,
                    !kernel.seccomp_filter ? "this kernel has no filters"
                    : library              ? concat("libseccomp ", kernel.libseccomp_version)
                                           : "libseccomp.so.2 cannot be loaded",
                    !kernel.seccomp_filter ? "boot a kernel with CONFIG_SECCOMP_FILTER"
                                           : "install libseccomp2"});
}

void check_cgroups(const plan::HostFacts& host, const sandbox::KernelFeatures& kernel, Checks& checks) {
  checks.push_back({"cgroup v2",
                    kernel.cgroup_v2 && host.cgroup_v2_only,
                    !kernel.cgroup_v2,
                    !kernel.cgroup_v2      ? "not mounted"
                    : host.cgroup_v2_only ? "the only version"
                                          : "beside version 1: limits of its controllers fail",
                    "boot with systemd.unified_cgroup_hierarchy=1"});
}

void check_network_filter(Checks& checks) {
  const bool loads = sandbox::probe_network_filter();
  checks.push_back({"cgroup network filter",
                    loads,
                    false,
                    loads ? "programs for connect, sendmsg and bind"
                          : "no programs can be loaded: network.connect and .bind hold TCP ports only",
                    "Linux 4.18 or newer with CONFIG_CGROUP_BPF; root with CAP_BPF and CAP_NET_ADMIN"});
}

void check_lsms(const plan::HostFacts& host, Checks& checks) {
  const int abi = host.landlock_abi;
  checks.push_back({"landlock",
                    abi >= kFullLandlockAbi,
                    false,
                    abi == 0 ? "none: rules about files and scopes are not enforced, and there is no such wall around a machine's VMM"
                             : concat("ABI ", abi),
                    abi == 0 ? "add landlock to the lsm= list of the kernel command line"
                             : "Linux 6.12 has ABI 6: ports and scopes"});
  checks.push_back({"mandatory access control",
                    host.selinux_enabled || host.apparmor_enabled,
                    false,
                    host.selinux_enabled    ? "SELinux"
                    : host.apparmor_enabled ? "AppArmor"
                                            : "neither SELinux nor AppArmor",
                    "enable the one that the distribution supports"});
  const size_t closed = host.bpf_lsm_fields.size();
  checks.push_back({"bpf lsm",
                    closed != 0,
                    false,
                    closed != 0 ? concat("programs attached, ", closed, " surfaces")
                                : host.bpf_lsm_lack,
                    "add bpf to the lsm= list of the kernel command line, install libbpf1, then: redoubt bpf load"});
}

// What stands in a row of its own is not told again.
std::string report_finding(const plan::HostFacts& host, const std::string& lack, const char* good) {
  if (lack.empty()) {
    return good;
  }
  const std::string& known = host.bpf_lsm_lack;
  return !known.empty() && lack.find(known) != std::string::npos ? "needs bpf lsm, which this host lacks" : lack;
}

// What costs a file more is asked here and by who has a policy that wants it.
void check_filter_reports(const plan::HostFacts& host, Checks& checks) {
  const std::string lack =
      host.filter_report_lack.empty() ? sandbox::filter_log_lack() : host.filter_report_lack;
  checks.push_back({"refused system calls as events",
                    lack.empty(),
                    false,
                    report_finding(host, lack, "where the policy has syscalls.report"),
                    "a kernel with BPF LSM, audit and ftrace, and errno in kernel.seccomp.actions_logged"});
}

// By loading the programs, for no longer than that.
void check_file_reports(const plan::HostFacts& host, Checks& checks) {
  const std::string lack = launch::file_report_lack(host, launch::BpfSet::kQuery);
  checks.push_back({"refused files as events",
                    lack.empty(),
                    false,
                    report_finding(host, lack, "where the policy has files.report"),
                    "Linux 5.17 or newer with Landlock, BPF LSM and ftrace, no lockdown=confidentiality"});
}

// By starting one, of nobody: what the kernel takes of it is known only then.
void check_recording(Checks& checks) {
  Check check{"profile record", false, false, "", "a kernel with BTF (5.17 or newer), libbpf1, root with CAP_BPF and CAP_PERFMON, no lockdown=confidentiality"};
  Result<bpf::Recording> recording = bpf::Recording::start({});
  const Result<bpf::Observed> observed = recording ? recording->read() : Result<bpf::Observed>(recording.error());
  if (!observed) {
    check.finding = concat("containers cannot be recorded: ", observed.error().message());
  } else if (!observed->not_seen.empty()) {
    check.finding = concat("recordings lack ", join(observed->not_seen, "; "));
    check.remedy = "a kernel with CONFIG_KPROBES, or Linux 6.14 or newer";
  } else {
    check.good = true;
    check.finding = "containers can be recorded: system calls, files, programs, the network, capabilities";
  }
  checks.push_back(std::move(check));
}

void check_privilege(const plan::HostFacts& host, const sandbox::KernelFeatures& kernel, Checks& checks) {
  const bool full = host.euid == 0 && !host.in_user_namespace;
  checks.push_back({"privilege",
                    full,
                    false,
                    full ? "root of the host" : concat("user id ", host.euid, host.in_user_namespace ? " in a user namespace" : ""),
                    "rootless containers go without cgroup limits that were not delegated"});
  checks.push_back({"id-mapped mounts",
                    kernel.idmapped_mounts,
                    false,
                    kernel.idmapped_mounts ? "yes" : "no",
                    "Linux 5.12 or newer"});
}

void check_policy(Checks& checks) {
  Check check{"policy files", true, true, "built-in profiles only", "correct the file; redoubt profile lint helps"};
  Result<launch::PolicyFiles> files = launch::PolicyFiles::of_node();
  if (!files) {
    check.good = false;
    check.finding = files.error().message();
  } else {
    const policy::PolicySources sources = files->sources();
    const Result<policy::Effective> effective = policy::choose_policy(sources, {});
    check.good = effective.has_value();
    check.finding = !effective       ? effective.error().message()
                    : sources.node ? sources.node->source
                                   : check.finding;
  }
  checks.push_back(std::move(check));
}

// Which profiles of this node would be refused for want of a signature.
void check_signatures(Checks& checks) {
  Check check{"profile signatures", true, false, "not asked for: node.signedBy", "redoubt profile verify says what is wrong with each"};
  Result<launch::PolicyFiles> files = launch::PolicyFiles::of_node();
  const policy::PolicySources sources = files ? files->sources() : policy::PolicySources();
  const Result<policy::Document> node = policy::read_node(sources.node);
  if (!files || !node || !(*node)[policy::Field::kNodeSignedBy].present) {
    checks.push_back(std::move(check));
    return;
  }
  const policy::ProfileLookup find_accepted = policy::accepted_profiles(sources, *node, nullptr);
  std::vector<std::string> refused;
  for (const auto& [name, source] : files->list()) {
    if (!find_accepted(name)) {
      refused.push_back(name);
    }
  }
  check.good = refused.empty();
  check.finding = refused.empty() ? concat("all profiles are signed by a key of ", policy::place_of(node->rule_of(policy::Field::kNodeSignedBy)))
                                  : concat("refused: ", join(refused, ", "));
  checks.push_back(std::move(check));
}

// By the node's policy, which may name other programs and another image.
void check_machine(Checks& checks) {
  Check check{"virtual machines", false, false, "the policy files cannot be read", ""};
  Result<launch::PolicyFiles> files = launch::PolicyFiles::of_node();
  const Result<policy::Effective> effective =
      files ? policy::choose_policy(files->sources(), {}) : Result<policy::Effective>(files.error());
  if (effective) {
    const plan::Machine machine = policy::node_machine(effective->document);
    std::string lack = vm::machine_lack(machine);
    if (lack.empty()) {
      const Result<vm::ImageIdentity> image = vm::verify_image(
          machine.image, policy::machine_rules(effective->document).image_digest, "");
      lack = image ? "" : image.error().message();
    }
    check.good = lack.empty();
    check.finding = !check.good         ? lack
                    : machine.emulated ? "yes, interpreted (vm.accelerator \"tcg\"): for tests, slow"
                                       : "yes, by KVM";
    check.remedy = "without one, isolation \"vm\" is refused: redoubt-vm(8)";
  }
  checks.push_back(std::move(check));
}

json::Value to_json(const Checks& checks) {
  json::Value out{json::Array()};
  for (const Check& check : checks) {
    json::Value row;
    row.set("check", check.what).set("good", check.good).set("essential", check.essential);
    out.push(row.set("finding", check.finding).set("remedy", check.good ? "" : check.remedy));
  }
  return out;
}

std::string to_text(const Checks& checks, const ReportStyle& style) {
  std::vector<std::vector<Cell>> rows;
  for (const Check& check : checks) {
    const Colour colour = check.good ? Colour::kGood : check.essential ? Colour::kBad : Colour::kWarn;
    rows.push_back({{check.good ? "ok" : check.essential ? "FAIL" : "lacks", colour},
                    {check.what, Colour::kBold},
                    {check.finding},
                    {check.good ? "" : check.remedy}});
  }
  return format_report({"", "WHAT", "FOUND", "REMEDY"}, rows, style);
}

Result<int> run_doctor(const Globals& /*globals*/, const Arguments& arguments) {
  const std::string& format = arguments.text(kFormat);
  if (format != "table" && format != "json") {
    return Error::invalid(concat("invalid format: ", quote(format), "; must be table or json"));
  }
  const plan::HostFacts host = launch::probe_launch_host(launch::BpfSet::kQuery);
  const sandbox::KernelFeatures kernel = sandbox::probe_kernel_features();
  Checks checks;
  check_privilege(host, kernel, checks);
  check_seccomp(kernel, checks);
  check_cgroups(host, kernel, checks);
  check_network_filter(checks);
  check_lsms(host, checks);
  check_filter_reports(host, checks);
  check_file_reports(host, checks);
  check_recording(checks);
  check_policy(checks);
  check_signatures(checks);
  check_machine(checks);
  TRY(print(format == "json" ? json::dump(to_json(checks), json::Layout::kIndent2) + "\n"
                             : to_text(checks, stdout_style())));
  for (const Check& check : checks) {
    if (check.essential && !check.good) {
      return 1;
    }
  }
  return 0;
}

}  // namespace

constinit const Verb kVerbDoctor = {
    .name = "doctor",
    .group = VerbGroup::kPolicy,
    .summary = "check what this host can enforce",
    .description =
        "One line for each thing that containers are confined with: whether this host has it, what\n"
        "was found, and what to do. Exits with 1 when something is missing that nothing works\n"
        "without.",
    .examples = "redoubt doctor",
    .flags = kDoctorFlags,
    .run = run_doctor,
};

}  // namespace redoubt::cli
