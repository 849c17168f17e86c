// The text of what policy adds to a Plan: Landlock, what the BPF LSM programs are to deny, and the
// record of every decision.
#include <span>

#include "plan/landlock_names.h"
#include "plan/plan_text_parts.h"
#include "plan/socket_families.h"

namespace redoubt::plan {
namespace {

// By bit, from landlock(7).
constexpr std::string_view kLandlockPorts[] = {"bind_tcp", "connect_tcp"};
constexpr std::string_view kLandlockScopes[] = {"abstract_unix_socket", "signal"};

// The names of the bits that are set, a space before each.
std::string bits_text(uint64_t bits, std::span<const std::string_view> names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if ((bits >> i & 1U) != 0) {
      text += concat(" ", names[i]);
    }
  }
  return text;
}

std::string files_text(uint64_t access) {
  std::string text;
  for (const std::string_view name : landlock_file_access_names(access)) {
    text += concat(" ", name);
  }
  return text;
}

void write_landlock(const Landlock& landlock, TextWriter& out) {
  if (!landlock.active()) {
    return;
  }
  out.section("landlock");
  out.line("restricts:",
           files_text(landlock.handled_fs),
           bits_text(landlock.handled_net, kLandlockPorts));
  out.line("scopes:", bits_text(landlock.scoped, kLandlockScopes));
  for (const LandlockPath& path : landlock.paths) {
    out.line("below ", quote(path.path), ":", files_text(path.access));
  }
  for (const LandlockPort& port : landlock.ports) {
    out.line("port ", port.port, ":", bits_text(port.access, kLandlockPorts));
  }
}

void write_intents(const KernelIntents& intents, TextWriter& out) {
  out.section("bpf lsm");
  for (const std::string_view surface : intents.denied_surfaces) {
    out.line("deny ", surface);
  }
  for (const std::string_view surface : intents.audited_surfaces) {
    out.line("audit ", surface);
  }
  out.flag("reports what system call filters refuse", intents.reports_filters);
  out.flag("reports what Landlock refuses of files", intents.reports_files);
  for (const NamedNumber& family : socket_family_names()) {
    out.flag(concat("sockets of ", family.name), (intents.families >> family.number & 1U) != 0);
  }
}

void write_machine(const std::optional<Machine>& machine, TextWriter& out) {
  if (!machine) {
    return;
  }
  out.section("machine");
  out.line(machine->memory >> 20, " MiB, ", machine->vcpus, " vCPU, ", machine->emulated ? "tcg" : "kvm");
  out.line("image: ", machine->image);
  out.line("programs: ", machine->monitor, " ", machine->vmm, " ", machine->virtiofsd);
}

}  // namespace

void write_hardening(const Plan& plan, TextWriter& out) {
  const Hardening& hardening = plan.hardening;
  write_landlock(hardening.landlock, out);
  write_intents(hardening.intents, out);
  write_machine(plan.machine, out);
  if (hardening.profile.empty()) {
    return;
  }
  out.section("policy");
  out.line("profile: ", quote(hardening.profile));
  out.line("mode: ", hardening.mode);
  out.flag("privileged", hardening.privileged);
  for (const Decision& decision : hardening.decisions) {
    out.line(decision.control, ": ", decision.value);
    out.line("  from ", decision.source);
    out.line("  by ", decision.backend.empty() ? "nothing" : decision.backend);
    if (!decision.degradation.empty()) {
      out.line("  lacks: ", decision.degradation);
    }
  }
  out.section("layers");
  for (const LayerState& layer : hardening.layers) {
    out.line(layer.layer, ": ", layer.level, layer.reason.empty() ? "" : ", ", layer.reason);
  }
}

}  // namespace redoubt::plan
