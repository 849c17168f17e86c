#include "policy/authoring/forms.h"

#include <algorithm>

#include "base/str.h"
#include "policy/authoring/apparmor.h"
#include "policy/authoring/kubearmor.h"
#include "policy/authoring/oci_seccomp.h"
#include "policy/authoring/selinux_cil.h"
#include "policy/authoring/spo_apparmor.h"
#include "policy/authoring/yaml.h"

namespace redoubt::policy {
namespace {

bool never(const FormInput& /*input*/) {
  return false;
}

constexpr Form kForms[] = {
    {"apparmor", is_apparmor, from_apparmor, to_apparmor},
    {"kubearmor", is_kubearmor, from_kubearmor, to_kubearmor},
    {"oci-seccomp", is_oci_seccomp, from_oci_seccomp, to_oci_seccomp},
    {"selinux-cil", never, nullptr, to_selinux_cil},
    {"spo-apparmor", is_spo_apparmor, from_spo_apparmor, to_spo_apparmor},
    {"spo-seccomp", is_spo_seccomp, from_spo_seccomp, to_spo_seccomp},
};

// What the text holds as JSON, or else as YAML; null when it is neither, which is no error yet.
Result<json::Value> parse_object(std::string_view text, const std::string& source, std::string& problem) {
  json::Limits limits;
  limits.max_bytes = kMaxFormBytes;
  const bool looks_like_json = trim(text).starts_with('{') || trim(text).starts_with('[');
  Result<json::Value> parsed = looks_like_json ? json::parse(text, source, limits) : parse_yaml(text, source, limits);
  if (!parsed) {
    problem = parsed.error().message();
    return looks_like_json ? std::move(parsed) : Result<json::Value>(json::Value());
  }
  return parsed;
}

}  // namespace

std::span<const Form> form_table() {
  return kForms;
}

const Form* find_form(std::string_view name) {
  const auto* found = std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& form) { return form.name == name; });
  return found == std::end(kForms) ? nullptr : found;
}

std::string form_names() {
  std::vector<std::string> names;
  for (const Form& form : kForms) {
    names.emplace_back(form.name);
  }
  return join(names, ", ");
}

Result<Converted> convert_to_profile(std::string_view text, const std::string& source, const std::string& profile_name) {
  if (text.size() > kMaxFormBytes) {
    return Error::invalid(concat(source, ": larger than ", kMaxFormBytes, " bytes"));
  }
  std::string problem;
  TRY_ASSIGN(json::Value object, parse_object(text, source, problem));
  const FormInput input{text, source, profile_name, std::move(object)};
  for (const Form& form : kForms) {
    if (form.recognises(input)) {
      return form.read(input);
    }
  }
  if (!problem.empty()) {
    return Error::invalid(problem);
  }
  return Error::invalid(concat(source, ": has none of the forms that are known: ", form_names()));
}

}  // namespace redoubt::policy
