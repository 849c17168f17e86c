// The forms of others that profiles are converted from and to: one table, which `profile convert`,
// its errors and the fuzz targets follow. A form is recognised by what a file holds, not by its name.
#ifndef REDOUBT_POLICY_AUTHORING_FORMS_H_
#define REDOUBT_POLICY_AUTHORING_FORMS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/authoring/conversion.h"

namespace redoubt::policy {

// Of the objects of the Security Profiles Operator.
inline constexpr std::string_view kSpoGroup = "security-profiles-operator.x-k8s.io";

inline constexpr size_t kMaxFormBytes = size_t{1} << 20;

struct FormInput {
  std::string_view text;
  const std::string& source;        // starts errors and notes
  const std::string& profile_name;  // of the profile to be made
  json::Value object;               // the text as JSON or YAML; null when it is neither
};

struct WriteOptions {
  std::string rootfs;  // selinux-cil: whose files get labels by path; empty: none
};

struct Form {
  std::string_view name;
  bool (*recognises)(const FormInput& input);
  Result<Converted> (*read)(const FormInput& input);  // nullptr: is only written
  // `merged`: with all that the profile extends.
  Result<Converted> (*write)(const Document& merged, const WriteOptions& options);
};

std::span<const Form> form_table();
const Form* find_form(std::string_view name);

// "apparmor, kubearmor, ...".
std::string form_names();

// A profile of the text, whichever form it has.
Result<Converted> convert_to_profile(std::string_view text,
                                     const std::string& source,
                                     const std::string& profile_name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_FORMS_H_
