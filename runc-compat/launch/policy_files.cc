#include "runc-compat/launch/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "policy/document/read_document.h"
#include "policy/signature/signature.h"

namespace redoubt::launch {
namespace {

constexpr char kRootVariable[] = "REDOUBT_POLICY_ROOT";
constexpr size_t kMaxCopy = size_t{16} << 20;

bool is_trusted(const struct stat& st) {
  return (st.st_uid == 0 || st.st_uid == ::geteuid()) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<std::string> policy_root() {
  const char* value = ::getenv(kRootVariable);
  if (value == nullptr || *value == '\0' || ::getauxval(AT_SECURE) != 0) {
    return std::string();
  }
  struct stat st {};
  const std::string root = value;
  if (root.front() != '/' || ::stat(value, &st) != 0 || !S_ISDIR(st.st_mode) || !is_trusted(st)) {
    return Error::invalid(concat(kRootVariable,
                                 ": ",
                                 quote(root),
                                 " must be an absolute directory that only root or the caller may "
                                 "write to"));
  }
  return root;
}

// Nothing when there is no such file.
Result<std::optional<policy::SourceText>> read_trusted(const std::string& path,
                                                       size_t limit = policy::kMaxDocumentBytes) {
  Result<UniqueFd> file = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    const int err = file.error().err();
    if (err == ENOENT || err == ENOTDIR) {
      return std::optional<policy::SourceText>();
    }
    return std::move(file).error();
  }
  struct stat st {};
  if (::fstat(file->get(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  if (!S_ISREG(st.st_mode) || !is_trusted(st)) {
    return Error(ErrorKind::kDenied,
                 concat(path, ": must be a file that only root or the caller may write to"));
  }
  TRY_ASSIGN(std::string text, read_all(file->get(), limit, path));
  return std::optional<policy::SourceText>({std::move(text), path});
}

json::Value to_json(const policy::SourceText& text) {
  return json::Value().set("source", text.source).set("text", text.text);
}

Result<policy::SourceText> source_from(const json::Value* value) {
  const json::Value* source = value == nullptr ? nullptr : value->find("source");
  const json::Value* text = value == nullptr ? nullptr : value->find("text");
  if (source == nullptr || text == nullptr || !source->is_string() || !text->is_string()) {
    return Error::state("policy.json: not written by this runtime");
  }
  return policy::SourceText{text->as_string(), source->as_string()};
}

void list_directory(const std::string& directory, std::map<std::string, std::string>& found) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), ::closedir);
  if (listing == nullptr) {
    return;
  }
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string name = entry->d_name;
    if (!name.ends_with(".json")) {
      continue;
    }
    name.resize(name.size() - 5);
    if (policy::is_profile_name(name)) {
      found.emplace(name, concat(directory, "/", entry->d_name));
    }
  }
}

// Of impose().
std::optional<std::pair<std::string, policy::SourceText>>& imposed_profile() {
  static std::optional<std::pair<std::string, policy::SourceText>> imposed;
  return imposed;
}

}  // namespace

void PolicyFiles::impose(const std::string& name, policy::SourceText profile) {
  imposed_profile() = {name, std::move(profile)};
}

Result<PolicyFiles> PolicyFiles::of_node() {
  PolicyFiles files;
  if (const auto& imposed = imposed_profile()) {
    files.imposed_ = imposed->first;
    files.read_[imposed->first] = imposed->second;
  }
  TRY_ASSIGN(const std::string root, policy_root());
  files.directories_ = {root + "/etc/redoubt/profiles", root + "/usr/share/redoubt/profiles"};
  TRY_ASSIGN(files.node_, read_trusted(root + "/etc/redoubt/config.json"));
  return files;
}

Result<PolicyFiles> PolicyFiles::of_container(int state_directory_fd) {
  PolicyFiles files;
  Result<std::string> text = read_file_at(state_directory_fd, kPolicyFile, kMaxCopy);
  if (!text && text.error().err() == ENOENT) {
    return files;
  }
  if (!text) {
    return std::move(text).error();
  }
  TRY_ASSIGN(const json::Value copy, json::parse(*text, kPolicyFile));
  if (const json::Value* node = copy.find("node")) {
    TRY_ASSIGN(files.node_, source_from(node));
  }
  const json::Value* imposed = copy.find("imposed");
  files.imposed_ = imposed != nullptr && imposed->is_string() ? imposed->as_string() : "";
  const json::Value* profiles = copy.find("profiles");
  if (profiles == nullptr || !profiles->is_object()) {
    return Error::state("policy.json: not written by this runtime");
  }
  for (const json::Member& member : profiles->as_object()) {
    TRY_ASSIGN(files.read_[member.key], source_from(&member.value));
    if (const json::Value* signature = member.value.find("signature")) {
      TRY_ASSIGN(files.signatures_[member.key], source_from(signature));
    }
  }
  return files;
}

policy::PolicySources PolicyFiles::sources() {
  return {node_,
          [this](const std::string& name) { return find(name); },
          imposed_,
          [this](const std::string& name) { return find_signature(name); }};
}

Result<std::optional<policy::SourceText>> PolicyFiles::find(const std::string& name) {
  const auto known = read_.find(name);
  if (known != read_.end()) {
    return std::optional(known->second);
  }
  for (const std::string& directory : directories_) {
    TRY_ASSIGN(std::optional<policy::SourceText> text,
               read_trusted(concat(directory, "/", name, ".json")));
    if (text) {
      read_[name] = *text;
      return text;
    }
  }
  return policy::find_embedded_profile(name);
}

Result<std::optional<policy::SourceText>> PolicyFiles::find_signature(const std::string& name) {
  const auto known = signatures_.find(name);
  if (known != signatures_.end()) {
    return std::optional(known->second);
  }
  const auto profile = read_.find(name);
  if (directories_.empty() || profile == read_.end()) {
    return std::optional<policy::SourceText>();
  }
  TRY_ASSIGN(std::optional<policy::SourceText> text,
             read_trusted(concat(profile->second.source, policy::kSignatureSuffix),
                          policy::kMaxSignatureFile));
  if (text) {
    signatures_[name] = *text;
  }
  return text;
}

std::string PolicyFiles::copy() const {
  if (!node_ && read_.empty()) {
    return {};
  }
  json::Value out{json::Object()};
  if (node_) {
    out.set("node", to_json(*node_));
  }
  json::Value profiles{json::Object()};
  for (const auto& [name, text] : read_) {
    if (text.built_in != nullptr) {  // an imposed one: the program has it
      continue;
    }
    json::Value profile = to_json(text);
    if (const auto signature = signatures_.find(name); signature != signatures_.end()) {
      profile.set("signature", to_json(signature->second));
    }
    profiles.set(name, std::move(profile));
  }
  out.set("profiles", std::move(profiles));
  if (!imposed_.empty()) {
    out.set("imposed", imposed_);
  }
  return json::dump(out);
}

std::vector<std::pair<std::string, std::string>> PolicyFiles::list() const {
  std::map<std::string, std::string> found;
  for (const std::string& directory : directories_) {
    list_directory(directory, found);
  }
  for (const policy::EmbeddedProfile& profile : policy::embedded_profiles()) {
    found.emplace(profile.name, "built in");
  }
  return {found.begin(), found.end()};
}

}  // namespace redoubt::launch
