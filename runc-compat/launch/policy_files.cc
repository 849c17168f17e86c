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

Result<std::string> policy_root(TrustedPaths& paths) {
  const char* value = ::getenv(kRootVariable);
  if (value == nullptr || *value == '\0' || ::getauxval(AT_SECURE) != 0) {
    return std::string();
  }
  struct stat st {};
  if (*value != '/' || ::stat(value, &st) != 0 || !S_ISDIR(st.st_mode)) {
    return Error::invalid(concat(kRootVariable, ": ", quote(value), " must be an absolute path of a directory"));
  }
  Result<std::string> root = paths.resolve(value);
  return root ? root : std::move(root).error().add_context(kRootVariable);
}

// Whether it is there. Usually it is not, and one system call tells.
Result<bool> find_directory(TrustedPaths& paths, const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    const Error error = Error::system(errno, concat("stat ", path));
    return is_absence(error) ? Result<bool>(false) : error;
  }
  TRY_ASSIGN(const std::string real, paths.resolve(path));
  if (!paths.is_directory(real)) {
    return Error::invalid(concat(path, ": must be a directory"));
  }
  return true;
}

using MaybeText = std::optional<policy::SourceText>;

// Nothing when there is no such file. `real`: what to open.
Result<MaybeText> read_own(const std::string& real, int flags, const std::string& path, size_t limit) {
  Result<UniqueFd> file = open_at(AT_FDCWD, real, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
  if (!file) {
    return is_absence(file.error()) ? Result<MaybeText>(std::nullopt) : std::move(file).error();
  }
  struct stat st {};
  if (::fstat(file->get(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  if (!S_ISREG(st.st_mode)) {
    return Error(ErrorKind::kDenied, concat(path, ": must be a file that only root or the caller may write to"));
  }
  TRY(TrustedPaths::check(st, real));
  TRY_ASSIGN(std::string text, read_all(file->get(), limit, path));
  return MaybeText({std::move(text), path});
}

// The same, and nobody else may change what the path names.
Result<MaybeText> read_trusted(TrustedPaths& paths, const std::string& path, size_t limit = policy::kMaxDocumentBytes) {
  Result<std::string> real = paths.resolve(path);
  if (!real) {
    return is_absence(real.error()) ? Result<MaybeText>(std::nullopt) : std::move(real).error();
  }
  return read_own(*real, O_NOFOLLOW, path, limit);
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
  TRY_ASSIGN(const std::string root, policy_root(files.paths_));
  const std::string etc = root + "/etc/redoubt";
  TRY_ASSIGN(const bool is_configured, find_directory(files.paths_, etc));
  if (is_configured) {
    TRY_ASSIGN(files.node_, read_trusted(files.paths_, etc + "/config.json"));
    TRY(files.add_directory(etc + "/profiles"));
  }
  TRY(files.add_directory(root + "/usr/share/redoubt/profiles"));
  return files;
}

// Of profiles, when it is there.
Status PolicyFiles::add_directory(const std::string& path) {
  TRY_ASSIGN(const bool found, find_directory(paths_, path));
  if (found) {
    directories_.push_back(path);
  }
  return {};
}

Result<PolicyFiles> PolicyFiles::of_container(int state_directory_fd) {
  PolicyFiles files;
  files.is_copy_ = true;
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
               read_trusted(paths_, concat(directory, "/", name, ".json")));
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
  if (is_copy_ || profile == read_.end()) {
    return MaybeText();
  }
  const std::string path = concat(profile->second.source, policy::kSignatureSuffix);
  // One that was named by the caller lies where he likes.
  TRY_ASSIGN(MaybeText text,
             name == imposed_ ? read_own(path, 0, path, policy::kMaxSignatureFile)
                              : read_trusted(paths_, path, policy::kMaxSignatureFile));
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
