#include "escalate-vm/guest/agent/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::agent {
namespace {

// The member, made if it is not there. Preconditions: `object` is an object.
json::Value& member(json::Value& object, std::string_view key) {
  for (json::Member& each : object.as_object()) {
    if (each.key == key) {
      return each.value;
    }
  }
  return object.set(key, json::Value()).as_object().back().value;
}

// The same for a member that must be an object; one that is not is left to the inner redoubt to
// refuse.
json::Value* object_member(json::Value& object, std::string_view key) {
  json::Value& found = member(object, key);
  if (found.is_null()) {
    found = json::Value(json::Object{});
  }
  return found.is_object() ? &found : nullptr;
}

constexpr mode_t kPrivate = 0700;
// On the way to a root file system, which the root of a user namespace walks as nobody special.
constexpr mode_t kPassable = 0711;

Status make_directory(const std::string& path, mode_t mode = kPrivate) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return Error::system(errno, concat("mkdir ", path));
  }
  return {};
}

std::string share_root(const std::string& container) {
  return concat("/share/", container, "/rootfs");
}

Status mount_overlay(const std::string& container) {
  const std::string bundle = bundle_path(container);
  for (const char* folder : {"/upper", "/work", "/rootfs"}) {
    TRY(make_directory(bundle + folder));
  }
  struct stat root {};
  const std::string upper = bundle + "/upper";
  // The upper directory is the root directory that the container sees.
  if (::stat(share_root(container).c_str(), &root) != 0 ||
      ::chmod(upper.c_str(), root.st_mode & 07777) != 0 ||
      ::chown(upper.c_str(), root.st_uid, root.st_gid) != 0) {
    return Error::system(errno, concat("root file system ", share_root(container)));
  }
  // Opened, because the share may announce mounts below it, and an overlay takes none that is not there yet.
  TRY_ASSIGN(const UniqueFd lower, open_at(AT_FDCWD, share_root(container), O_RDONLY | O_DIRECTORY));
  const std::string options =
      concat("lowerdir=", share_root(container), ",upperdir=", upper, ",workdir=", bundle, "/work");
  if (::mount("overlay", (bundle + "/rootfs").c_str(), "overlay", MS_NODEV, options.c_str()) != 0) {
    return Error::system(errno, "mount the overlay");
  }
  return {};
}

Status fill_bundle(const vm::Request& create) {
  TRY(make_directory("/run/bundles", kPassable));
  TRY(make_directory(bundle_path(create.container), kPassable));
  if (has_read_only_root(create.document)) {
    TRY(mount_overlay(create.container));
  }
  return write_document(bundle_path(create.container) + "/config.json", adapt_config(create));
}

}  // namespace

std::string bundle_path(const std::string& container) {
  return concat("/run/bundles/", container);
}

bool has_read_only_root(const json::Value& config) {
  const json::Value* root = config.find("root");
  const json::Value* readonly = root == nullptr ? nullptr : root->find("readonly");
  return readonly != nullptr && readonly->is_bool() && readonly->as_bool();
}

Status join_containers(json::Value& config, const std::function<pid_t(const std::string&)>& pid_of) {
  json::Value* linux_section = object_member(config, "linux");
  json::Value* namespaces = linux_section == nullptr ? nullptr : &member(*linux_section, "namespaces");
  for (size_t i = 0; namespaces != nullptr && namespaces->is_array() && i < namespaces->as_array().size(); ++i) {
    json::Value& ns = namespaces->as_array()[i];
    const json::Value* type = ns.find("type");
    const json::Value* path = ns.find("path");
    if (type == nullptr || path == nullptr || !type->is_string() || !path->is_string() || !path->as_string().starts_with(vm::kOfContainer)) {
      continue;
    }
    const std::string name = path->as_string().substr(vm::kOfContainer.size());
    const pid_t pid = pid_of(name);
    if (pid == 0) {
      return Error::state(concat("linux.namespaces: the container ", quote(name), " is not running"));
    }
    member(ns, "path") = concat("/proc/", pid, "/ns/", type->as_string() == "mount" ? "mnt" : type->as_string());
  }
  return {};
}

json::Value adapt_process(json::Value process, const vm::Stdio& stdio) {
  member(process, "terminal") = stdio.terminal.has_value();
  if (stdio.terminal) {
    json::Value size;
    size.set("height", uint32_t{stdio.size.rows}).set("width", uint32_t{stdio.size.columns});
    member(process, "consoleSize") = std::move(size);
  }
  return process;
}

json::Value adapt_config(const vm::Request& create) {
  json::Value config = create.document;
  if (json::Value* root = object_member(config, "root")) {
    member(*root, "path") = has_read_only_root(config) ? bundle_path(create.container) + "/rootfs"
                                                       : share_root(create.container);
  }
  if (json::Value* linux = object_member(config, "linux")) {
    member(*linux, "cgroupsPath") = concat("/", create.container);
  }
  json::Value& process = member(config, "process");
  if (process.is_object()) {
    process = adapt_process(std::move(process), create.stdio);
  }
  return config;
}

Status make_bundle(const vm::Request& create) {
  Status status = fill_bundle(create);
  if (!status) {
    remove_bundle(create.container);
  }
  return status;
}

void remove_bundle(const std::string& container) {
  ::umount2((bundle_path(container) + "/rootfs").c_str(), MNT_DETACH);
  std::error_code
      failed;  // what is left is in the guest's memory and blocks only this container's name
  std::filesystem::remove_all(bundle_path(container), failed);
}

Status write_policy(const vm::Policy& policy) {
  TRY(make_directory("/etc"));
  TRY(make_directory("/etc/redoubt"));
  TRY(make_directory("/etc/redoubt/profiles"));
  if (!policy.config.is_null()) {
    TRY(write_document("/etc/redoubt/config.json", policy.config));
  }
  for (const auto& [name, profile] : policy.profiles) {
    TRY(write_document(concat("/etc/redoubt/profiles/", name, ".json"), profile));
  }
  return {};
}

Status write_document(const std::string& path, const json::Value& document) {
  TRY_ASSIGN(const UniqueFd file, open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  return write_all(file.get(), json::dump(document), path);
}

}  // namespace redoubt::agent
