// What system call filters and Landlock refuse, as violations in the log: who asks for it, and whether the programs that
// see it are there.
#include "base/str.h"
#include "policy/harden.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

bool is_asked(const Hardener& h, Field field) {
  return h.has(field) && h.policy[field].number != 0;
}

Status report_filters(Hardener& h) {
  constexpr Field kField = Field::kSyscallsReport;
  if (!is_asked(h, kField)) {
    return {};
  }
  if (!h.host.filter_report_lack.empty() && !h.host.bpf_lsm_lack.empty()) {
    return h.degrade_lsm(kField);
  }
  if (!h.host.filter_report_lack.empty()) {
    return h.degrade(kField, "", h.host.filter_report_lack);
  }
  h.plan.hardening.intents.reports_filters = true;
  h.decide(kField,
           value_text(info_of(kField), h.policy[kField]),
           "seccomp, bpf",
           h.plan.seccomp && plan::has_notify_rule(*h.plan.seccomp) ? "not of config.json's filter, which has SCMP_ACT_NOTIFY" : "");
  return {};
}

Status report_files(Hardener& h) {
  constexpr Field kField = Field::kFilesReport;
  if (!is_asked(h, kField) || h.audits()) {
    return {};
  }
  if (!wants_file_reports(h.policy)) {
    h.decide(kField, "true; no rule about files refuses anything", "policy");
    return {};
  }
  if (!h.host.file_report_lack.empty() && h.host.landlock_abi >= 1 && !h.host.bpf_lsm_lack.empty()) {
    return h.degrade_lsm(kField);
  }
  if (!h.host.file_report_lack.empty()) {
    return h.degrade(kField, "", h.host.file_report_lack);
  }
  h.plan.hardening.intents.reports_files = true;
  h.decide(kField, value_text(info_of(kField), h.policy[kField]), "landlock, bpf");
  return {};
}

}  // namespace

// A layer of its own in the record: the container relies on the programs, whatever else they do for it.
Status harden_reports(Hardener& h) {
  TRY(report_filters(h));
  TRY(report_files(h));
  const plan::KernelIntents& intents = h.plan.hardening.intents;
  if (intents.reports_filters || intents.reports_files) {
    h.layer("reports",
            "active",
            !intents.reports_files     ? "refused system calls"
            : !intents.reports_filters ? "refused files"
                                       : "refused system calls and files");
  } else if (is_asked(h, Field::kSyscallsReport) || wants_file_reports(h.policy)) {
    h.layer("reports", "off", "the programs that see what is refused cannot be had");
  }
  return {};
}

}  // namespace redoubt::policy
