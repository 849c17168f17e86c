// Lint of what a container is surrounded by: network, limits, labels and devices.
#include "base/str.h"
#include "policy/dangers.h"
#include "policy/document/endpoint.h"
#include "policy/linter.h"

namespace redoubt::policy {
namespace {

constexpr uint64_t kManyPids = 100000;
constexpr uint64_t kFewFiles = 16;

void check_connect(Linter& lint) {
  bool open = false;
  for (const Entry& entry : lint.merged[Field::kNetworkConnect].entries) {
    const auto endpoint = parse_endpoint(entry.key);
    if (endpoint && is_everywhere(*endpoint) && !open) {
      open = true;
      lint.add("network-any-connect",
               Field::kNetworkConnect,
               entry.rule,
               concat(entry.key, ": lets everything out"));
    } else if (endpoint && names_metadata(*endpoint)) {
      lint.add("network-metadata",
               Field::kNetworkConnect,
               entry.rule,
               concat(entry.key, " has the cloud's metadata service"));
    }
  }
}

void check_bind(Linter& lint) {
  for (const Entry& entry : lint.merged[Field::kNetworkBind].entries) {
    const auto endpoint = parse_endpoint(entry.key);
    if (endpoint && is_everywhere(*endpoint)) {
      lint.add("network-any-bind",
               Field::kNetworkBind,
               entry.rule,
               concat(entry.key, ": every port can be taken"));
      return;
    }
  }
}

void check_families(Linter& lint) {
  const FieldValue& families = lint.merged[Field::kNetworkFamilies];
  for (const Entry& entry : lint.raw[Field::kNetworkFamilies].entries) {
    if (is_rare_family(entry.key)) {
      lint.add("family-rare",
               Field::kNetworkFamilies,
               concat(entry.key, " is code of the kernel that has had holes and few users"));
    }
  }
  const bool has_ip = !families.present || find_entry(families, "AF_INET") != nullptr ||
                      find_entry(families, "AF_INET6") != nullptr;
  for (const Field field : {Field::kNetworkConnect, Field::kNetworkBind}) {
    if (!has_ip && !lint.merged[field].entries.empty()) {
      lint.add("family-for-endpoints-missing", field, "no socket of IPv4 or IPv6 can be made");
    }
  }
  const FieldValue& capabilities = lint.merged[Field::kCapabilitiesAllow];
  const Entry* raw = find_entry(capabilities, "CAP_NET_RAW");
  const bool bounded =
      lint.merged[Field::kNetworkConnect].present || lint.merged[Field::kNetworkBind].present;
  if (raw != nullptr && bounded &&
      (!families.present || find_entry(families, "AF_PACKET") != nullptr)) {
    lint.add("network-raw",
             Field::kCapabilitiesAllow,
             raw->rule,
             "packet sockets go where network.connect and network.bind do not look");
  }
}

void check_limits(Linter& lint) {
  const FieldValue& pids = lint.merged[Field::kPidsLimit];
  if (!pids.present) {
    lint.add("limit-pids-missing", info_of(Field::kPidsLimit).path, "the number of processes has no bound");
  } else if (pids.number > kManyPids) {
    lint.add("limit-pids-huge", Field::kPidsLimit, concat(pids.number, " processes bound nothing"));
  }
  for (const Entry& entry : lint.merged[Field::kRlimits].entries) {
    if (entry.key == "RLIMIT_NOFILE" && entry.number < kFewFiles) {
      lint.add("limit-too-small",
               Field::kRlimits,
               entry.rule,
               concat("with ", entry.number, " open files hardly a program starts"));
    }
  }
}

void check_labels_and_devices(Linter& lint) {
  for (const Field field : {Field::kSelinuxType, Field::kApparmorProfile}) {
    const std::string& label = lint.merged[field].text;
    if (is_unconfined_label(label)) {
      lint.add("label-unconfined", field, concat(label, " confines nothing"));
    }
  }
  for (const Entry& entry : lint.merged[Field::kDevicesAllow].entries) {
    if (is_device_of_host(entry.key)) {
      lint.add("device-of-host",
               Field::kDevicesAllow,
               entry.rule,
               concat(entry.key, " is the host's memory or disk"));
    }
  }
}

}  // namespace

void lint_surroundings(Linter& lint) {
  check_connect(lint);
  check_bind(lint);
  check_families(lint);
  check_limits(lint);
  check_labels_and_devices(lint);
}

}  // namespace redoubt::policy
