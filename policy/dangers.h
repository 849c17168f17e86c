// What is dangerous by its name: paths, capabilities, devices, labels and endpoints that give more
// than they seem to. Facts only; what is made of them is said by lint (lint_checks.cc) and by the
// risks (authoring/risk_table.cc).
#ifndef REDOUBT_POLICY_DANGERS_H_
#define REDOUBT_POLICY_DANGERS_H_

#include <string_view>

#include "policy/document/endpoint.h"

namespace redoubt::policy {

// Whether a path is the tree or lies in it.
bool lies_in(std::string_view tree, std::string_view path);

// What it gives is the whole host, or nearly.
bool is_great_capability(std::string_view name);
bool is_rare_family(std::string_view name);

bool is_runtime_socket(std::string_view path);
bool is_shell(std::string_view path);
bool is_package_manager(std::string_view path);
// A tree with the programs or libraries of a distribution, as a whole.
bool is_program_tree(std::string_view path);
// Keys, password hashes.
bool is_secret(std::string_view path);
// For starting a machine.
bool is_for_booting(std::string_view path);
// In a directory that everybody writes to.
bool is_temporary(std::string_view path);
// The tree has the service account's token of Kubernetes in it, or lies beside it.
bool has_token(std::string_view path);
// The host's memory or a disk.
bool is_device_of_host(std::string_view path);

bool is_unconfined_label(std::string_view label);

bool is_every_port(const Endpoint& endpoint);
// All ports of all addresses.
bool is_everywhere(const Endpoint& endpoint);
// A block, not everything, in which the cloud's metadata service lies.
bool names_metadata(const Endpoint& endpoint);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DANGERS_H_
