// Grants in words: what a reviewer of security would say that the workload may do.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/grant.h"
#include "policy/document/endpoint.h"

namespace redoubt::policy {
namespace {

// How the grants of a field are said: `verb` and the entry, or `open` where there is no entry.
struct Phrase {
  Field field;
  std::string_view verb, open;
};

// In the order of enum Field. Fields that are not here are said by their own name.
constexpr Phrase kPhrases[] = {
    {Field::kMode, "mode ", ""},
    {Field::kIsolation, "run in isolation ", ""},
    {Field::kNoNewPrivileges,
     "",
     "gain privileges from set-user-ID programs and file capabilities"},
    {Field::kNonRoot, "", "run as root of the container"},
    {Field::kReadonlyRoot, "", "change the root file system"},
    {Field::kCapabilitiesAllow, "capability ", "every capability that config.json asks for"},
    {Field::kCapabilitiesDeny, "capability ", ""},
    {Field::kSyscallsDefault, "system call ", "every system call, when config.json has no filter"},
    {Field::kSyscallsAllow, "system call ", "every system call that config.json asks for"},
    {Field::kSyscallsDeny, "system call ", ""},
    {Field::kNetworkFamilies, "sockets of ", "sockets of every address family"},
    {Field::kNetworkConnect, "egress ", "egress to any address and port"},
    {Field::kNetworkBind, "listen on ", "listen on any address and port"},
    {Field::kFilesMasked, "see ", ""},
    {Field::kFilesReadonly, "change ", ""},
    {Field::kFilesRead, "read ", "read every file"},
    {Field::kFilesList, "list ", ""},
    {Field::kFilesWrite, "write ", "write every file"},
    {Field::kFilesExecute, "execute ", "execute every file"},
    {Field::kDevicesAllow, "device ", "every device that config.json asks for"},
    {Field::kSysctls, "kernel parameter ", ""},
    {Field::kRlimits, "limit ", ""},
    {Field::kPidsLimit, "processes: ", "any number of processes"},
    {Field::kSelinuxType, "SELinux type ", "any SELinux type"},
    {Field::kApparmorProfile, "AppArmor profile ", "any AppArmor profile"},
    {Field::kLandlockScopes, "reach processes outside by ", ""},
};

const Phrase* phrase_of(Field field) {
  const auto* found = std::find_if(
      std::begin(kPhrases), std::end(kPhrases), [&](const Phrase& p) { return p.field == field; });
  return found == std::end(kPhrases) ? nullptr : found;
}

std::string verb_of(Field field) {
  const Phrase* phrase = phrase_of(field);
  return phrase == nullptr ? concat(info_of(field).path, " ") : std::string(phrase->verb);
}

std::string open_text(Field field) {
  const Phrase* phrase = phrase_of(field);
  return phrase == nullptr || phrase->open.empty() ? concat("any ", info_of(field).path)
                                                   : std::string(phrase->open);
}

std::string value_words(const Grant& grant, const FieldInfo& info) {
  switch (info.type) {
    case FieldType::kFlag:
      return open_text(grant.field);
    case FieldType::kLevel: {
      const std::string word(info.words[grant.number]);
      return info.path.starts_with("kernel.") || grant.field == Field::kForeignArchitectures
                 ? concat(info.path, word == "audit" ? " (logged): " : ": ", info.meaning)
                 : concat(verb_of(grant.field), word);
    }
    case FieldType::kNumber:
      return concat(verb_of(grant.field), grant.number);
    case FieldType::kNumbers:
      return concat(verb_of(grant.field), grant.key, " of ", grant.number);
    case FieldType::kTexts:
      return concat(verb_of(grant.field), grant.key, " = ", grant.text);
    default:
      return concat(verb_of(grant.field), grant.text);
  }
}

std::string key_words(const Grant& grant) {
  return info_of(grant.field).type == FieldType::kEndpoints ? endpoint_words(grant.key) : grant.key;
}

bool is_named(const Grant& grant) {
  return grant.kind == GrantKind::kEntry || grant.kind == GrantKind::kLifted;
}

std::string_view suffix_of(const Grant& grant) {
  const bool unbounded =
      grant.kind == GrantKind::kLifted && info_of(grant.field).type == FieldType::kNumbers;
  return unbounded ? " of any size" : "";
}

}  // namespace

std::string endpoint_words(const std::string& key) {
  const std::vector<std::string> parts = split(key, ' ');
  if (parts.size() != 3) {
    return key;
  }
  std::string address = parts[1];
  const bool ipv6 = address.find(':') != std::string::npos;
  const std::string_view whole = ipv6 ? "/128" : "/32";
  if (address.ends_with(whole)) {
    address.resize(address.size() - whole.size());
  }
  const std::string ports = parts[2] == "1-65535" ? "*" : parts[2];
  return concat(ipv6 ? concat("[", address, "]") : address, ":", ports, "/", parts[0]);
}

std::string grant_text(const Grant& grant) {
  if (is_named(grant)) {
    return concat(verb_of(grant.field), key_words(grant), suffix_of(grant));
  }
  return grant.kind == GrantKind::kOpen ? open_text(grant.field)
                                        : value_words(grant, info_of(grant.field));
}

std::string grants_text(const std::vector<Grant>& grants, Field field) {
  constexpr size_t kShown = 6;
  std::vector<std::string> words;
  size_t count = 0;
  for (const Grant& grant : grants) {
    if (grant.field == field && ++count <= kShown) {
      words.push_back(is_named(grant) && !words.empty() ? concat(key_words(grant), suffix_of(grant))
                                                        : grant_text(grant));
    }
  }
  return join(words, ", ") + (count > kShown ? concat(" ... ", count, " in all") : "");
}

}  // namespace redoubt::policy
