#include "policy/dangers.h"

#include <algorithm>
#include <span>

namespace redoubt::policy {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kGreatCapabilities[] = {"CAP_BPF",
                                                   "CAP_DAC_READ_SEARCH",
                                                   "CAP_SYS_ADMIN",
                                                   "CAP_SYS_BOOT",
                                                   "CAP_SYS_MODULE",
                                                   "CAP_SYS_PTRACE",
                                                   "CAP_SYS_RAWIO"};
constexpr std::string_view kRareFamilies[] = {"AF_ALG",
                                              "AF_BLUETOOTH",
                                              "AF_CAN",
                                              "AF_KEY",
                                              "AF_PPPOX",
                                              "AF_RDS",
                                              "AF_TIPC",
                                              "AF_VSOCK",
                                              "AF_XDP"};
constexpr std::string_view kRuntimeSockets[] = {"/run/containerd/containerd.sock",
                                                "/run/crio/crio.sock",
                                                "/run/docker.sock",
                                                "/run/podman/podman.sock",
                                                "/var/run/docker.sock"};
constexpr std::string_view kSecrets[] = {"/etc/gshadow", "/etc/shadow", "/root/.ssh"};
constexpr std::string_view kPrograms[] = {"/bin", "/lib", "/lib64", "/sbin", "/usr"};
constexpr std::string_view kTemporary[] = {"/dev/shm", "/tmp", "/var/tmp"};
constexpr std::string_view kBoot[] = {"/boot", "/lib/modules", "/usr/lib/modules"};
constexpr std::string_view kShells[] = {
    "/bin/bash", "/bin/dash", "/bin/sh", "/usr/bin/bash", "/usr/bin/dash", "/usr/bin/sh"};
constexpr std::string_view kPackageManagers[] = {"/sbin/apk",
                                                 "/usr/bin/apt",
                                                 "/usr/bin/apt-get",
                                                 "/usr/bin/dnf",
                                                 "/usr/bin/dpkg",
                                                 "/usr/bin/rpm"};
constexpr std::string_view kTokens = "/run/secrets/kubernetes.io";
constexpr std::string_view kHostDevices[] = {"/dev/kmem", "/dev/mem", "/dev/port"};
constexpr std::string_view kDisks[] = {"/dev/dm-", "/dev/nvme", "/dev/sd", "/dev/vd", "/dev/xvd"};
constexpr std::string_view kUnconfined[] = {"spc_t", "unconfined", "unconfined_t"};

bool is_one_of(Names list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Beneath one of these, or one of them itself.
bool lies_in_one_of(Names trees, std::string_view path) {
  return std::any_of(
      trees.begin(), trees.end(), [&](std::string_view tree) { return lies_in(tree, path); });
}

}  // namespace

bool lies_in(std::string_view tree, std::string_view path) {
  return tree == "/" || path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

bool is_great_capability(std::string_view name) {
  return is_one_of(kGreatCapabilities, name);
}

bool is_rare_family(std::string_view name) {
  return is_one_of(kRareFamilies, name);
}

bool is_runtime_socket(std::string_view path) {
  return is_one_of(kRuntimeSockets, path);
}

bool is_shell(std::string_view path) {
  return is_one_of(kShells, path);
}

bool is_package_manager(std::string_view path) {
  return is_one_of(kPackageManagers, path);
}

bool is_program_tree(std::string_view path) {
  return is_one_of(kPrograms, path);
}

bool is_secret(std::string_view path) {
  return lies_in_one_of(kSecrets, path);
}

bool is_for_booting(std::string_view path) {
  return lies_in_one_of(kBoot, path);
}

bool is_temporary(std::string_view path) {
  return lies_in_one_of(kTemporary, path);
}

bool has_token(std::string_view path) {
  return lies_in(path, kTokens) || lies_in(kTokens, path);
}

bool is_device_of_host(std::string_view path) {
  return is_one_of(kHostDevices, path) ||
         std::any_of(std::begin(kDisks), std::end(kDisks), [&](std::string_view disk) {
           return path.starts_with(disk);
         });
}

bool is_unconfined_label(std::string_view label) {
  return is_one_of(kUnconfined, label);
}

bool is_every_port(const Endpoint& endpoint) {
  return endpoint.first_port == 1 && endpoint.last_port == UINT16_MAX;
}

bool is_everywhere(const Endpoint& endpoint) {
  return is_any_address(endpoint) && is_every_port(endpoint);
}

bool names_metadata(const Endpoint& endpoint) {
  const auto metadata = parse_endpoint("tcp 169.254.169.254 80");
  return !is_any_address(endpoint) && contains(endpoint, *metadata);
}

}  // namespace redoubt::policy
