// Hardening of a process: capabilities, no_new_privs, user, labels, resource limits.
#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/rlimit_names.h"
#include "policy/engine_defaults.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

uint64_t mask_of(const FieldValue& value) {
  uint64_t mask = 0;
  for (const Entry& entry : value.entries) {
    mask |= uint64_t{1} << plan::capability_number(entry.key).value_or(63);
  }
  return mask;
}

uint64_t ceiling_of(const Document& policy) {
  uint64_t ceiling = ~uint64_t{0};
  if (policy[Field::kCapabilitiesAllow].present) {
    ceiling = mask_of(policy[Field::kCapabilitiesAllow]);
  }
  return ceiling & ~mask_of(policy[Field::kCapabilitiesDeny]);
}

uint64_t all_sets(const plan::Capabilities& caps) {
  return caps.bounding | caps.effective | caps.inheritable | caps.permitted | caps.ambient;
}

// The field that takes these capabilities away.
Field deciding_field(const Document& policy, uint64_t taken) {
  return (mask_of(policy[Field::kCapabilitiesDeny]) & taken) != 0 ? Field::kCapabilitiesDeny
                                                                  : Field::kCapabilitiesAllow;
}

bool clamps(const Document& policy) {
  return policy.level(Field::kNodeOnConflict, 1) == 0;
}

std::string hex(uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value % 16]);
    value /= 16;
  } while (value != 0);
  return text;
}

// FNV-1a: no secret, only spread.
uint32_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

// Two different categories out of 1024, from the id: half a million pairs, the same one for every
// verb that looks at the container.
std::string categories_of(const std::string& id) {
  constexpr uint32_t kCategories = 1024;
  const uint32_t hash = hash_of(id);
  const uint32_t first = hash % kCategories;
  const uint32_t second = (first + 1 + hash / kCategories % (kCategories - 1)) % kCategories;
  return concat("c", std::min(first, second), ",c", std::max(first, second));
}

Status harden_selinux(Hardener& h, plan::Process& process) {
  if (!h.has(Field::kSelinuxType)) {
    return {};
  }
  if (!process.selinux_label.empty()) {
    h.decide(Field::kSelinuxType, concat("config.json has a label: ", process.selinux_label), "selinux");
    h.layer("selinux", "active");
    return {};
  }
  if (!h.host.selinux_enabled) {
    h.layer("selinux", "off", "this host has no SELinux");
    return h.degrade(Field::kSelinuxType, "", "this host has no SELinux");
  }
  const std::string level = concat("s0:", categories_of(h.plan.id));
  process.selinux_label =
      concat("system_u:system_r:", h.policy[Field::kSelinuxType].text, ":", level);
  if (h.plan.mount_label.empty()) {
    h.plan.mount_label = concat("system_u:object_r:container_file_t:", level);
  }
  h.decide(Field::kSelinuxType, process.selinux_label, "selinux");
  h.layer("selinux", "active");
  return {};
}

Status harden_apparmor(Hardener& h, plan::Process& process) {
  if (!h.has(Field::kApparmorProfile)) {
    return {};
  }
  if (!process.apparmor_profile.empty()) {
    h.decide(Field::kApparmorProfile,
             concat("config.json names one: ", process.apparmor_profile),
             "apparmor");
    h.layer("apparmor", "active");
    return {};
  }
  if (!h.host.apparmor_enabled) {
    h.layer("apparmor", "off", "this host has no AppArmor");
    return h.degrade(Field::kApparmorProfile, "", "this host has no AppArmor");
  }
  process.apparmor_profile = h.policy[Field::kApparmorProfile].text;
  h.decide(Field::kApparmorProfile, process.apparmor_profile, "apparmor");
  h.layer("apparmor", "active");
  return {};
}

void limit_resource(plan::Process& process, int resource, uint64_t bound) {
  for (plan::Rlimit& limit : process.rlimits) {
    if (limit.resource == resource) {
      limit.hard = std::min(limit.hard, bound);
      limit.soft = std::min(limit.soft, bound);
      return;
    }
  }
  process.rlimits.push_back({resource, bound, bound});
}

Status check_user(Hardener& h, const plan::Process& process) {
  if (!h.has(Field::kNonRoot) || h.policy[Field::kNonRoot].number == 0) {
    return {};
  }
  if (h.spec.process && process.uid == 0 && !h.audits()) {
    return Error(ErrorKind::kDenied,
                 concat("process.user.uid: config.json asks for 0, ",
                        h.source_of(Field::kNonRoot),
                        " says process.nonRoot: true"));
  }
  h.decide(Field::kNonRoot, concat("user id ", process.uid), "runtime");
  return {};
}

}  // namespace

Status harden_capabilities(Hardener& h, plan::Process& process) {
  if (!h.has(Field::kCapabilitiesAllow) && !h.has(Field::kCapabilitiesDeny)) {
    h.layer("capabilities", "active", concat("bounding set of config.json, 0x", hex(process.capabilities.bounding)));
    return {};
  }
  plan::Capabilities& caps = process.capabilities;
  const uint64_t taken = all_sets(caps) & ~ceiling_of(h.policy);
  const std::string names = join(plan::capability_names_of(taken), ", ");
  const Field field = deciding_field(h.policy, taken);
  if (taken != 0 && h.audits()) {
    h.decide(h.has(field) ? field : Field::kCapabilitiesAllow, concat("would take ", names), "", "audit: kept");
    h.layer("capabilities", "audit");
    return {};
  }
  const std::string_view engine = engine_of(caps.bounding);
  if (taken != 0 && engine.empty() && !clamps(h.policy)) {
    return Error(ErrorKind::kDenied,
                 concat("process.capabilities: config.json asks for ",
                        names,
                        ", ",
                        h.source_of(field),
                        " does not allow it (",
                        info_of(field).path,
                        ")"));
  }
  for (uint64_t* set :
       {&caps.bounding, &caps.effective, &caps.inheritable, &caps.permitted, &caps.ambient}) {
    *set &= ~taken;
  }
  const Field present = h.has(Field::kCapabilitiesAllow) ? Field::kCapabilitiesAllow : field;
  h.decide(taken == 0 ? present : field,
           taken == 0 ? "nothing to take"
                      : concat("taken: ", names, engine.empty() ? "" : concat(" (default of ", engine, ")")),
           "bounding set");
  h.layer("capabilities", "active");
  return {};
}

Status harden_labels(Hardener& h, plan::Process& process) {
  if (h.has(Field::kNoNewPrivileges) && h.policy[Field::kNoNewPrivileges].number != 0 &&
      !h.audits()) {
    process.no_new_privileges = true;
    h.decide(Field::kNoNewPrivileges, "true", "no_new_privs");
  }
  h.layer("no_new_privs",
          process.no_new_privileges ? "active" : "off",
          process.no_new_privileges ? "" : "neither config.json nor the profile asks for it");
  TRY(check_user(h, process));
  if (h.audits()) {
    return {};
  }
  TRY(harden_selinux(h, process));
  return harden_apparmor(h, process);
}

Status harden_limits(Hardener& h, plan::Process& process) {
  if (!h.has(Field::kRlimits) || h.audits()) {
    return {};
  }
  for (const Entry& entry : h.policy[Field::kRlimits].entries) {
    const auto resource = plan::find_number(plan::rlimit_names(), entry.key);
    limit_resource(process, static_cast<int>(resource.value_or(0)), entry.number);
  }
  h.decide(Field::kRlimits,
           value_text(info_of(Field::kRlimits), h.policy[Field::kRlimits]),
           "rlimit");
  return {};
}

}  // namespace redoubt::policy
