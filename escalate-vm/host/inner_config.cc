#include "escalate-vm/host/inner_config.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/str.h"
#include "escalate-vm/host/machine_layout.h"
#include "escalate-vm/host/outer_plan.h"
#include "escalate-vm/protocol/request.h"
#include "plan/rlimit_names.h"

namespace redoubt::vm {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view key, Names names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

json::Value* member(json::Value& object, std::string_view key) {
  if (object.is_object()) {
    for (json::Member& candidate : object.as_object()) {
      if (candidate.key == key) {
        return &candidate.value;
      }
    }
  }
  return nullptr;
}

void remove(json::Value* object, Names names) {
  if (object != nullptr && object->is_object()) {
    std::erase_if(object->as_object(),
                  [&](const json::Member& one) { return is_one_of(one.key, names); });
  }
}

void keep(json::Value* object, Names names) {
  if (object != nullptr && object->is_object()) {
    std::erase_if(object->as_object(),
                  [&](const json::Member& one) { return !is_one_of(one.key, names); });
  }
}

// Entries of the cgroup that are the guest's.
void keep_of_guest(json::Value* unified) {
  if (unified != nullptr && unified->is_object()) {
    std::erase_if(unified->as_object(), [](const json::Member& one) {
      return !one.key.starts_with("memory.") && !one.key.starts_with("pids.") && !one.key.starts_with("cpu.");
    });
  }
}

// The guest has one network, the machine's: the container joins it, so that sysctls of the network
// are still the container's own. Other namespaces that it joins are those of its pod's sandbox: policy has
// let no others through.
void replace_namespaces(json::Value* namespaces, const std::string& sandbox) {
  if (namespaces == nullptr || !namespaces->is_array()) {
    return;
  }
  for (json::Value& ns : namespaces->as_array()) {
    const json::Value* type = ns.find("type");
    const json::Value* path = ns.find("path");
    if (type != nullptr && type->is_string() && type->as_string() == "network") {
      ns = json::Value().set("type", "network").set("path", "/proc/1/ns/net");
    } else if (type != nullptr && path != nullptr && path->is_string() && !path->as_string().empty()) {
      const json::Value joined = *type;
      ns = json::Value().set("type", joined).set("path", concat(kOfContainer, sandbox));
    }
  }
}

// Devices that every kernel has: one that comes by the share is no device in the guest, whose own is the same.
bool is_device_of_any_kernel(std::string_view source) {
  return is_one_of(source, {"/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"});
}

void replace_sources(json::Value* mounts, const plan::Plan& plan) {
  size_t number = 0;
  for (const plan::Mount* volume : volumes_of(plan)) {
    json::Value& entry = mounts->as_array()[volume->spec_index];
    const std::string shared = shared_volume(plan.id, number++);
    remove(&entry, {"source", "uidMappings", "gidMappings"});
    entry.set("source", is_device_of_any_kernel(volume->source) ? volume->source : shared);
  }
}

bool has_rlimit(const json::Value& rlimits, std::string_view type) {
  const json::Array& entries = rlimits.as_array();
  return std::any_of(entries.begin(), entries.end(), [&](const json::Value& entry) {
    const json::Value* named = entry.find("type");
    return named != nullptr && named->is_string() && named->as_string() == type;
  });
}

void add_rlimits(json::Value& process, const std::vector<plan::Rlimit>& inherited) {
  if (!process.is_object()) {
    return;
  }
  json::Value* rlimits = member(process, "rlimits");
  if (rlimits == nullptr || rlimits->is_null()) {
    remove(&process, {"rlimits"});
    rlimits = &process.set("rlimits", json::Array()).as_object().back().value;
  }
  for (const plan::Rlimit& limit : rlimits->is_array() ? inherited : std::vector<plan::Rlimit>()) {
    const std::string_view type = plan::find_name(plan::rlimit_names(), static_cast<uint64_t>(limit.resource));
    if (!has_rlimit(*rlimits, type)) {
      rlimits->push(json::Value().set("type", type).set("soft", limit.soft).set("hard", limit.hard));
    }
  }
}

}  // namespace

json::Value inner_process(json::Value process, const std::vector<plan::Rlimit>& inherited) {
  // Labels of the host's security modules, and its processors.
  remove(&process, {"apparmorProfile", "selinuxLabel", "execCPUAffinity", "ioPriority"});
  add_rlimits(process, inherited);
  return process;
}

json::Value inner_limits(json::Value resources) {
  keep(&resources, {"memory", "cpu", "pids", "unified"});
  remove(member(resources, "cpu"), {"cpus", "mems"});
  keep_of_guest(member(resources, "unified"));
  return resources;
}

json::Value inner_config(json::Value config, const plan::Plan& plan, const std::vector<plan::Rlimit>& inherited) {
  remove(&config, {"root"});
  config.set("root", json::Value().set("path", shared_rootfs(plan.id)).set("readonly", plan.rootfs.readonly));
  if (json::Value* process = member(config, "process")) {
    *process = inner_process(std::move(*process), inherited);
  }
  if (json::Value* mounts = member(config, "mounts")) {
    replace_sources(mounts, plan);
  }
  keep(member(config, "hooks"), {"startContainer"});
  json::Value* linux_section = member(config, "linux");
  if (linux_section == nullptr) {
    return config;
  }
  remove(linux_section, {"cgroupsPath", "intelRdt", "netDevices", "mountLabel", "rootfsPropagation", "memoryPolicy"});
  replace_namespaces(member(*linux_section, "namespaces"), plan.machine ? plan.machine->sandbox : std::string());
  if (json::Value* resources = member(*linux_section, "resources")) {
    const json::Value* devices = resources->find("devices");
    json::Value limits = inner_limits(*resources);
    if (devices != nullptr) {
      limits.set("devices", *devices);
    }
    *resources = std::move(limits);
  }
  return config;
}

}  // namespace redoubt::vm
