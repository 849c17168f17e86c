#include "oci/validate.h"

#include <limits.h>

#include <optional>

#include "oci/validate_parts.h"

namespace redoubt::oci {
namespace {

constexpr int kMajor = 1;
constexpr int kMinor = 3;
constexpr size_t kMaxHostName = 64;  // __NEW_UTS_LEN, uts_namespaces(7)
constexpr size_t kMaxComponent = NAME_MAX;

struct Version {
  int major = 0;
  int minor = 0;
};

// SemVer 2.0.0 as far as it is compared: MAJOR.MINOR.PATCH with anything after "-" or "+".
std::optional<Version> parse_version(std::string_view text) {
  const std::vector<std::string> parts = split(text.substr(0, text.find_first_of("-+")), '.');
  if (parts.size() != 3 || !parse_number<unsigned>(parts[2])) {
    return std::nullopt;
  }
  const auto major = parse_number<unsigned short>(parts[0]);
  const auto minor = parse_number<unsigned short>(parts[1]);
  if (!major || !minor) {
    return std::nullopt;
  }
  return Version{*major, *minor};
}

// config.md, "Specification version". runc looks at no version at all, so a missing one is no
// reason to refuse; one of a later major version is, for that is how the specification announces
// documents with another meaning.
Status validate_version(const std::string& text, Warnings& warnings) {
  if (text.empty()) {
    warnings.emplace_back("ociVersion: missing; the document is read as version 1.3.0");
    return {};
  }
  const std::optional<Version> version = parse_version(text);
  if (!version) {
    return refuse("ociVersion", concat(quote(text), " is not a version like \"1.3.0\""));
  }
  if (version->major > kMajor) {
    return refuse("ociVersion", concat(quote(text), " is not supported; at most 1.x"));
  }
  if (version->major == kMajor && version->minor > kMinor) {
    warnings.push_back(
        concat("ociVersion: ", quote(text), " is newer than 1.3.0; what it adds is ignored"));
  }
  return {};
}

// config.md, "Root": path is required. runc takes an empty one for the bundle itself.
Status validate_root(const std::optional<Root>& root) {
  if (!root) {
    return Error::invalid("root must be specified");
  }
  if (root->path.empty()) {
    return refuse("root.path", "must not be empty");
  }
  return validate_path_length(root->path, "root.path");
}

// config.md, "Hostname" and "Domainname"; sethostname(2).
Status validate_host_names(const Spec& spec) {
  if (spec.hostname.size() > kMaxHostName) {
    return refuse("hostname", concat("longer than ", kMaxHostName, " bytes"));
  }
  if (spec.domainname.size() > kMaxHostName) {
    return refuse("domainname", concat("longer than ", kMaxHostName, " bytes"));
  }
  return {};
}

// config.md, "Annotations": keys are not empty.
Status validate_annotations(const Annotations& annotations, Warnings& warnings) {
  if (annotations.contains("")) {
    warnings.emplace_back("annotations: an empty key has no meaning");
  }
  return {};
}

}  // namespace

Status validate(const Spec& spec, Warnings& warnings) {
  TRY(validate_version(spec.oci_version, warnings));
  if (!spec.process) {
    return Error::invalid("process property must not be empty");
  }
  TRY(validate_process(*spec.process, warnings));
  TRY(validate_root(spec.root));
  if (!spec.linux_) {
    return refuse("linux",
                  "the section is missing: the container would share every namespace of the host; "
                  "add at least linux.namespaces");
  }
  TRY(validate_namespaces(spec));
  TRY(validate_host_names(spec));
  TRY(validate_mounts(spec));
  TRY(validate_hooks(spec.hooks));
  TRY(validate_linux(*spec.linux_, warnings));
  return validate_annotations(spec.annotations, warnings);
}

Status validate_absolute(std::string_view path, std::string_view field) {
  if (path.empty() || path.front() != '/') {
    return refuse(field, concat(quote(path), " must be an absolute path"));
  }
  return validate_path_length(path, field);
}

Status validate_path_length(std::string_view path, std::string_view field) {
  if (path.size() >= PATH_MAX) {
    return refuse(field, concat("path of ", path.size(), " bytes; at most ", PATH_MAX - 1));
  }
  size_t start = 0;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (end - start > kMaxComponent) {
      return refuse(field,
                    concat("path component of ", end - start, " bytes; at most ", kMaxComponent));
    }
    start = end + 1;
  }
  return {};
}

}  // namespace redoubt::oci
