#include "policy/annotations.h"

#include <optional>

#include "base/str.h"
#include "policy/document/memory_size.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kPrefix = "io.redoubt.";
constexpr std::string_view kContainerPrefix = "container.";
constexpr size_t kShown = 64;
constexpr size_t kMaxRecordingName = 63;

// What the engines call the container within its pod.
constexpr const char* kNameKeys[] = {"io.kubernetes.cri.container-name",
                                     "io.kubernetes.container.name"};

// No bounds but choices, which can be wider than none: kernel parameters are set by root, a type of SELinux or a profile of AppArmor can be that of
// any service of the host. What a pod may choose of them, its engine has judged in config.json.
constexpr Field kChoices[] = {Field::kSysctls, Field::kSelinuxType, Field::kApparmorProfile};

std::string container_name(const std::map<std::string, std::string>& annotations) {
  for (const char* key : kNameKeys) {
    const auto found = annotations.find(key);
    if (found != annotations.end()) {
      return found->second;
    }
  }
  return {};
}

std::string source_of(std::string_view key) {
  return concat("annotation ", key);
}

std::string shown(std::string_view value) {
  return value.size() <= kShown ? quote(value) : concat(quote(value.substr(0, kShown)), "...");
}

Status add_level(Field field,
                 const std::string& key,
                 const std::string& value,
                 AnnotationPolicy& out) {
  const FieldInfo& info = info_of(field);
  const std::optional<uint32_t> level = find_level(info, value);
  if (!level) {
    const std::vector<std::string> words(info.words.begin(), info.words.end());
    return Error::invalid(concat(
        source_of(key), ": ", shown(value), " is none of: ", join(words, ", ")));
  }
  Document document;
  document.rules.push_back({source_of(key), 0, "asked for by annotation", true});
  FieldValue& field_value = document[field];
  field_value.present = true;
  field_value.number = *level;
  out.document = meet(out.document, document);
  return {};
}

Status add_policy(const std::string& key, const std::string& value, AnnotationPolicy& out) {
  TRY_ASSIGN(Document document,
             read_document(value, source_of(key), {.kind = DocumentKind::kProfile, .is_inline = true}));
  for (const Field field : kChoices) {
    if (document[field].present) {
      return Error(ErrorKind::kDenied,
                   concat(source_of(key), ": ", info_of(field).path,
                          ": not for an annotation, which only takes away; config.json, a profile or the node's policy may say it"));
    }
  }
  for (Rule& rule : document.rules) {
    rule.hard = true;
  }
  out.document = meet(out.document, document);
  return {};
}

// It becomes a part of a file's name in a directory of the node.
bool is_recording_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRecordingName && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

Status add_recording(const std::string& key, const std::string& value, AnnotationPolicy& out) {
  if (!is_recording_name(value)) {
    return Error::invalid(concat(source_of(key),
                                 ": ",
                                 shown(value),
                                 " is not a recording's name: up to ",
                                 kMaxRecordingName,
                                 " letters, digits, dots, dashes and underscores, the first one a letter, a digit or an underscore"));
  }
  out.recording = value;
  return {};
}

// `word`: "profile", "mode" ...; `key`: the whole annotation.
Status add(std::string_view word,
           const std::string& key,
           const std::string& value,
           AnnotationPolicy& out) {
  out.any = true;
  if (word == "mode") {
    return add_level(Field::kMode, key, value, out);
  }
  if (word == "isolation") {
    return add_level(Field::kIsolation, key, value, out);
  }
  if (word == "policy") {
    return add_policy(key, value, out);
  }
  if (word == "record") {
    return add_recording(key, value, out);
  }
  if (!is_profile_name(value)) {
    return Error::invalid(concat(source_of(key), ": ", shown(value), " is not a profile's name, which ", kProfileNameForm));
  }
  out.profile = value;
  out.profile_source = source_of(key);
  return {};
}

bool is_policy_word(std::string_view word) {
  return word == "profile" || word == "mode" || word == "isolation" || word == "policy" || word == "record";
}

struct ContainerKey {
  std::string_view name, word;
};

std::optional<ContainerKey> parse_container_key(std::string_view rest) {
  if (!rest.starts_with(kContainerPrefix)) {
    return std::nullopt;
  }
  rest.remove_prefix(kContainerPrefix.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos || !is_profile_name(rest.substr(0, dot)) ||
      !is_policy_word(rest.substr(dot + 1))) {
    return std::nullopt;
  }
  return ContainerKey{rest.substr(0, dot), rest.substr(dot + 1)};
}

bool is_vcpu_count(std::string_view value) {
  const auto number = parse_number<uint32_t>(value);
  return number && *number > 0 && *number <= kMaxVcpus && value.front() != '0';
}

// The size of the virtual machine, for whoever starts it. Nothing when the key is none of these.
std::optional<Status> check_machine_key(std::string_view word, const std::string& value) {
  if (word == "vm.memory") {
    return parse_memory_size(value)
               ? Status()
               : Error::invalid(concat("annotation io.redoubt.vm.memory: ",
                                       shown(value),
                                       " is no size such as 512Mi or 2Gi"));
  }
  if (word == "vm.vcpus") {
    return is_vcpu_count(value) ? Status()
                                : Error::invalid(concat("annotation io.redoubt.vm.vcpus: ",
                                                        shown(value),
                                                        " is no number from 1 to ",
                                                        kMaxVcpus));
  }
  return std::nullopt;
}

Error unknown_key(const std::string& key) {
  return Error::invalid(concat("annotation ",
                               shown(key),
                               ": unknown key; there are io.redoubt.profile, .mode, .isolation, "
                               ".policy, .record, .container.NAME.* of these, .vm.memory and .vm.vcpus"));
}

}  // namespace

Result<AnnotationPolicy> read_annotations(const std::map<std::string, std::string>& annotations) {
  AnnotationPolicy out;
  const std::string own_name = container_name(annotations);
  // Keys for one container come after those for the pod, so that its profile is the one that counts.
  std::vector<std::pair<std::string_view, const std::pair<const std::string, std::string>*>> own;
  for (auto it = annotations.lower_bound(std::string(kPrefix)); it != annotations.end(); ++it) {
    const auto& annotation = *it;
    if (!annotation.first.starts_with(kPrefix)) {
      break;
    }
    const std::string_view rest = std::string_view(annotation.first).substr(kPrefix.size());
    if (is_policy_word(rest)) {
      TRY(add(rest, annotation.first, annotation.second, out));
    } else if (const auto key = parse_container_key(rest)) {
      if (key->name == own_name) {
        own.emplace_back(key->word, &annotation);
      }
    } else if (const auto machine = check_machine_key(rest, annotation.second)) {
      TRY(*machine);
    } else {
      return unknown_key(annotation.first);
    }
  }
  for (const auto& [word, annotation] : own) {
    TRY(add(word, annotation->first, annotation->second, out));
  }
  return out;
}

}  // namespace redoubt::policy
