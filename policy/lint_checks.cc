// What lint looks for, how bad it is, and what to do about it.
#include <algorithm>

#include "policy/lint.h"

namespace redoubt::policy {
namespace {

constexpr LintCheck kChecks[] = {
    {"capability-denied-too", Severity::kInfo, "take it out of one of the lists"},
    {"capability-great", Severity::kWarning, "grant a smaller one, or run the workload in a machine (isolation: vm)"},
    {"capability-half-of-identity", Severity::kInfo, "grant CAP_SETUID and CAP_SETGID together, or neither"},
    {"capability-of-nobody", Severity::kInfo, "take the capabilities out: users other than root get none"},
    {"conflict", Severity::kError, "make the two documents agree, or extend one of them only"},
    {"description-missing", Severity::kInfo, "say in a sentence what the profile is for"},
    {"device-of-host", Severity::kWarning, "take the device out"},
    {"execute-all", Severity::kWarning, "name the directories with programs"},
    {"execute-loader-missing", Severity::kInfo, "add the dynamic loader, unless all programs are static"},
    {"execute-package-manager", Severity::kInfo, "take it out: packages are not installed in a running service"},
    {"execute-shell", Severity::kInfo, "take the shell out when the service starts no script"},
    {"execute-temporary", Severity::kWarning, "take out the directory that everybody writes to"},
    {"execute-unreadable", Severity::kError, "add the path to files.read: execve(2) reads the program"},
    {"explicit-allow", Severity::kInfo, "take the rule out: \"allow\" is what no rule means"},
    {"extends-nothing", Severity::kInfo, "extend \"default\", to get what is closed there later"},
    {"family-for-endpoints-missing", Severity::kInfo, "add AF_INET or AF_INET6 to network.families, or drop the endpoints"},
    {"family-rare", Severity::kWarning, "take the family out unless the workload is about it"},
    {"files-covered", Severity::kInfo, "drop the path: a tree of the same list has it"},
    {"files-masked", Severity::kInfo, "drop the path: it shows nothing"},
    {"label-unconfined", Severity::kWarning, "name a confined type or profile, or leave the field out"},
    {"limit-pids-huge", Severity::kInfo, "set it to what the service needs, some hundreds as a rule"},
    {"limit-pids-missing", Severity::kInfo, "set limits.pids: it stops fork bombs"},
    {"limit-too-small", Severity::kWarning, "raise it: the dynamic loader alone needs more"},
    {"list-all", Severity::kInfo, "name the directories, unless the names of all files may be seen"},
    {"list-no-effect", Severity::kInfo, "drop the path: files.read lists what it reads, and everything where it is absent"},
    {"mode-denies-nothing", Severity::kWarning, "set mode to \"preferred\" or \"required\" when the trial is over"},
    {"network-any-bind", Severity::kWarning, "list the ports that the service listens on"},
    {"network-any-connect", Severity::kWarning, "list addresses and ports, or let out one port only"},
    {"network-metadata", Severity::kWarning, "leave 169.254.169.254 out: it hands out the node's credentials"},
    {"network-raw", Severity::kWarning, "drop CAP_NET_RAW or AF_PACKET: together they pass by every endpoint rule"},
    {"no-new-privileges-missing", Severity::kInfo, "set process.noNewPrivileges unless set-user-ID programs are needed"},
    {"path-pattern", Severity::kWarning, "name the directory: a path means all that is below it"},
    {"read-all", Severity::kWarning, "name the directories; put / into files.list where only names are to be seen"},
    {"read-secret", Severity::kWarning, "take it out, or say in the reason who needs it"},
    {"reason-empty-words", Severity::kWarning, "write the reason that a reviewer can judge"},
    {"rules-many", Severity::kInfo, "let profile generalise gather paths, or use directories"},
    {"signature-not-accepted", Severity::kWarning, "until then, the containers of this node that ask for it are refused"},
    {"syscall-allowed-and-denied", Severity::kInfo, "take it out of one of the lists"},
    {"syscall-closed-by-surface", Severity::kInfo, "take the call out: the kernel.* field decides"},
    {"syscall-foreign-open", Severity::kInfo, "set syscalls.foreignArchitectures to \"deny\""},
    {"syscall-needed", Severity::kError, "add the call"},
    {"syscall-unknown", Severity::kWarning, "correct the name"},
    {"token-and-open-egress", Severity::kWarning, "bound network.connect, or do not mount the token"},
    {"wider-than-default", Severity::kWarning, "tighten the field, or list the profile in node.allowedProfiles"},
    {"write-all", Severity::kWarning, "name the directories that hold data"},
    {"write-and-execute", Severity::kWarning, "keep data and programs in different trees"},
    {"write-boot", Severity::kWarning, "take it out: it is the host's, or of no use in a container"},
    {"write-configuration", Severity::kWarning, "take /etc out, or name the one file"},
    {"write-dev-null-missing", Severity::kWarning, "add /dev/null or /dev to files.write"},
    {"write-has-no-effect", Severity::kInfo, "drop the path: files.readonly has it"},
    {"write-programs", Severity::kWarning, "take the tree of programs out"},
    {"write-runtime-socket", Severity::kError, "take it out: who talks to the engine commands the host"},
};

constexpr bool sorted() {
  for (size_t i = 1; i < std::size(kChecks); ++i) {
    if (kChecks[i - 1].id >= kChecks[i].id) {
      return false;
    }
  }
  return true;
}
static_assert(sorted(), "kChecks must be sorted by id");

}  // namespace

std::span<const LintCheck> lint_checks() {
  return kChecks;
}

const LintCheck& lint_check(std::string_view id) {
  return *std::lower_bound(std::begin(kChecks), std::end(kChecks), id, [](const LintCheck& check, std::string_view i) {
    return check.id < i;
  });
}

}  // namespace redoubt::policy
