// Which names a field may hold.
#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/rlimit_names.h"
#include "plan/socket_families.h"
#include "policy/document/memory_size.h"
#include "policy/document/read_document.h"
#include "policy/document/reader.h"
#include "policy/document/syscall_sets.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxName = 64;
constexpr size_t kMaxPath = 1024;
constexpr size_t kMaxProfileName = 63;
constexpr std::string_view kLastKeyDigits = "AEIMQUYcgkosw048";

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view also, bool upper) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_lower_or_digit(c) || (upper && c >= 'A' && c <= 'Z') ||
           also.find(c) != std::string_view::npos;
  });
}

std::string syscall_problem(std::string_view name) {
  if (name.starts_with('@')) {
    return find_syscall_set(name) != nullptr ? "" : "is no set of system calls; there are @container and @rare";
  }
  return name.size() <= kMaxName && consists_of(name, "_", false) ? ""
                                                                  : "is not a system call's name, such as openat";
}

std::string path_problem(std::string_view path) {
  if (path == "/") {
    return "";
  }
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > kMaxPath) {
    return "must be an absolute path without a slash at its end";
  }
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return "must not have control characters";
  }
  for (const std::string& part : split(path.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return "must be a path without \"//\", \".\" and \"..\"";
    }
  }
  return "";
}

// Only what belongs to a namespace of the container: anything else would be the host's.
std::string sysctl_problem(std::string_view name) {
  constexpr std::string_view kNamespaced[] = {
      "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm", "net."};
  const bool namespaced =
      std::any_of(std::begin(kNamespaced), std::end(kNamespaced), [&](std::string_view prefix) {
        return name.starts_with(prefix);
      });
  return namespaced && consists_of(name, "._-", true) ? ""
                                                      : "is not a namespaced kernel parameter";
}

std::string digest_problem(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr size_t kDigits = 64;
  const bool good = text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + kDigits &&
                    text.find_first_not_of("0123456789abcdef", kAlgorithm.size()) == std::string_view::npos;
  return good ? "" : "must be sha256: and 64 hexadecimal digits";
}

// The one spelling of a key (policy/signature/key.h): the last digit has two bits that must be 0.
std::string public_key_problem(std::string_view text) {
  constexpr std::string_view kAlgorithm = "ed25519:";
  constexpr size_t kDigits = 43;
  const bool good = text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + kDigits + 1 &&
                    text.ends_with('=') &&
                    consists_of(text.substr(kAlgorithm.size(), kDigits), "+/", true) &&
                    kLastKeyDigits.find(text[text.size() - 2]) != std::string_view::npos;
  return good ? "" : "must be the line of a .pub file of redoubt profile keygen: ed25519: and 44 letters";
}

}  // namespace

bool is_profile_name(std::string_view name) {
  return name.size() <= kMaxProfileName && consists_of(name, "-", false) && name.front() != '-';
}

std::string name_problem(Vocabulary vocabulary, std::string_view name) {
  switch (vocabulary) {
    case Vocabulary::kCapability:
      return plan::capability_number(name) ? "" : "is not a capability; such are CAP_CHOWN and CAP_NET_BIND_SERVICE: capabilities(7)";
    case Vocabulary::kSyscall:
      return syscall_problem(name);
    case Vocabulary::kFamily:
      return plan::find_number(plan::socket_family_names(), name) ? "" : "is not an address family; such are AF_INET and AF_UNIX: address_families(7)";
    case Vocabulary::kPath:
      return path_problem(name);
    case Vocabulary::kRlimit:
      return plan::find_number(plan::rlimit_names(), name) ? "" : "is not a resource limit; such are RLIMIT_NOFILE and RLIMIT_CORE: getrlimit(2)";
    case Vocabulary::kScope:
      return name == "abstract-unix-sockets" || name == "signals"
                 ? ""
                 : "must be abstract-unix-sockets or signals";
    case Vocabulary::kProfile:
      return is_profile_name(name) ? "" : concat("is not a profile's name, which ", kProfileNameForm);
    case Vocabulary::kSysctl:
      return sysctl_problem(name);
    case Vocabulary::kDigest:
      return digest_problem(name);
    case Vocabulary::kPublicKey:
      return public_key_problem(name);
    case Vocabulary::kMemorySize:
      return parse_memory_size(name) ? "" : "is no size such as 512Mi or 2Gi";
    case Vocabulary::kNone:
      break;
  }
  return name.size() <= kMaxName * 2 && consists_of(name, "_.-/", true)
             ? ""
             : "must consist of letters, digits and _ . - /";
}

}  // namespace redoubt::policy
