// Rules of AppArmor that are about something else than files: capabilities, network, signals, ptrace,
// mounts, user namespaces, limits.
#include <algorithm>

#include "plan/capability_names.h"
#include "plan/rlimit_names.h"
#include "plan/socket_families.h"
#include "policy/authoring/apparmor_reader.h"

namespace redoubt::policy {
namespace {

std::span<const std::string> rest_of(const AppArmorRule& rule) {
  return rule.words.subspan(1);
}

Status read_all(AppArmorReader& reader, const AppArmorRule& rule) {
  if (rule.deny) {
    return rule.error("deny all leaves nothing that a program could start from; leave the rule out");
  }
  reader.all_files = true;
  reader.capabilities.all = reader.families.all = true;
  for (AppArmorSwitch* each : {&reader.mounts, &reader.ptrace, &reader.signals, &reader.userns}) {
    each->allowed = true;
    each->own_only = false;
  }
  return {};
}

Status read_capability(AppArmorReader& reader, const AppArmorRule& rule) {
  AppArmorNames& names = reader.capabilities;
  if (rest_of(rule).empty()) {
    (rule.deny ? names.none : names.all) = true;
  }
  for (const std::string& word : rest_of(rule)) {
    const std::string name = "CAP_" + to_upper(word);
    if (!plan::capability_number(name)) {
      return rule.error(concat("capability ", quote(word), " is not one of capabilities(7)"));
    }
    (rule.deny ? names.denied : names.allowed).insert(name);
  }
  return {};
}

bool is_socket_type(std::string_view word) {
  constexpr std::string_view kTypes[] = {"stream", "dgram", "seqpacket", "rdm", "raw", "packet", "tcp", "udp", "icmp"};
  return std::find(std::begin(kTypes), std::end(kTypes), word) != std::end(kTypes);
}

bool is_family(const std::string& name) {
  return plan::find_number(plan::socket_family_names(), name).has_value();
}

// "inet stream", "unix", "netlink raw", "tcp", "(connect) inet stream peer=(...)".
struct NetworkRule {
  std::set<std::string> families;
  bool conditional = false;  // more than families
};

Result<NetworkRule> parse_network(const AppArmorRule& rule) {
  NetworkRule out;
  for (const std::string& word : rest_of(rule)) {
    const std::string family = "AF_" + to_upper(word);
    if (out.families.empty() && is_family(family)) {
      out.families.insert(family);
      continue;
    }
    out.conditional = true;
    if (out.families.empty() && (word == "tcp" || word == "udp" || word == "icmp")) {
      out.families = {"AF_INET", "AF_INET6"};
    } else if (!is_socket_type(word) && word.find_first_of("=(") == std::string::npos) {
      return rule.error(concat("network ", quote(word), " is no address family or type of sockets"));
    }
  }
  return out;
}

Status read_network(AppArmorReader& reader, const AppArmorRule& rule) {
  TRY_ASSIGN(const NetworkRule network, parse_network(rule));
  AppArmorNames& names = reader.families;
  if (network.conditional && rule.deny) {
    reader.note(Effect::kWider, rule, concat("denied ", quote(rule.text()), " is left out: only whole families can be"), Field::kNetworkFamilies);
    return {};
  }
  if (network.conditional) {
    reader.note(Effect::kWider, rule, concat(quote(rule.text()), " becomes the whole family"), Field::kNetworkFamilies);
  }
  if (network.families.empty()) {
    (rule.deny ? names.none : names.all) = true;
  }
  (rule.deny ? names.denied : names.allowed).insert(network.families.begin(), network.families.end());
  return {};
}

Status read_unix(AppArmorReader& reader, const AppArmorRule& rule) {
  const bool conditional = !rest_of(rule).empty();
  if (conditional) {
    reader.note(Effect::kWider, rule, concat(quote(rule.text()), rule.deny ? " is left out" : " becomes all sockets of AF_UNIX"), Field::kNetworkFamilies);
  }
  if (!conditional || !rule.deny) {
    (rule.deny ? reader.families.denied : reader.families.allowed).insert("AF_UNIX");
  }
  return {};
}

// "(send, receive) set=(term) peer=x": whether `active` or no direction at all is among the words, and
// what else is asked.
struct PeerRule {
  bool active = true, own = false, conditional = false;
};

// Whether a direction, or a list of some in brackets, has the active one: "(send, receive)", "rw".
bool is_active(std::string_view word, std::string_view active) {
  std::string words(word);
  std::replace_if(words.begin(), words.end(), [](char c) { return c == '(' || c == ')' || c == ','; }, ' ');
  const std::vector<std::string> all = split(words, ' ');
  return std::any_of(all.begin(), all.end(), [&](const std::string& each) {
    return each == active || each == "write" || each == "w" || each == "rw";
  });
}

PeerRule parse_peer(const AppArmorReader& reader, const AppArmorRule& rule, std::string_view active) {
  PeerRule out;
  for (const std::string& word : rest_of(rule)) {
    if (word.starts_with("peer=")) {
      const std::string_view peer = std::string_view(word).substr(5);
      out.own = peer == reader.name || peer == "@{profile_name}";
      out.conditional |= !out.own;
    } else if (word.find('=') != std::string::npos) {
      out.conditional = true;
    } else {
      out.active = is_active(word, active);
    }
  }
  return out;
}

Status read_peer_rule(AppArmorReader& reader, const AppArmorRule& rule, std::string_view active, Field field, AppArmorSwitch& target) {
  const PeerRule peer = parse_peer(reader, rule, active);
  if (!peer.active) {
    return {};
  }
  if (rule.deny) {
    if (peer.conditional || peer.own) {
      reader.note(Effect::kWider, rule, concat("denied ", quote(rule.text()), " is left out"), field);
    } else {
      target.denied = true;
    }
    return {};
  }
  if (peer.conditional) {
    reader.note(Effect::kWider, rule, concat(quote(rule.text()), " becomes all of its kind"), field);
  }
  const bool own = peer.own && !peer.conditional;
  target.own_only = own && (!target.allowed || target.own_only);
  target.allowed = true;
  target.audited |= rule.audit;
  return {};
}

Status read_signal(AppArmorReader& reader, const AppArmorRule& rule) {
  return read_peer_rule(reader, rule, "send", Field::kLandlockScopes, reader.signals);
}

Status read_ptrace(AppArmorReader& reader, const AppArmorRule& rule) {
  return read_peer_rule(reader, rule, "trace", Field::kPtrace, reader.ptrace);
}

// mount, remount and pivot_root. Where they are allowed, umount is as well.
Status read_mount(AppArmorReader& reader, const AppArmorRule& rule) {
  const bool conditional = !rest_of(rule).empty();
  if (rule.deny) {
    if (conditional || rule.words[0] != "mount") {
      reader.note(Effect::kWider, rule, concat("denied ", quote(rule.text()), " is left out: mounts are one switch"), Field::kMounts);
    } else {
      reader.mounts.denied = true;
    }
    return {};
  }
  if (conditional) {
    reader.note(Effect::kWider, rule, concat(quote(rule.text()), " becomes all mounts"), Field::kMounts);
  }
  reader.mounts.allowed = true;
  reader.mounts.audited |= rule.audit;
  return {};
}

Status read_umount(AppArmorReader& reader, const AppArmorRule& rule) {
  if (!rule.deny) {
    reader.umount = rule.where;
  }
  return {};
}

Status read_userns(AppArmorReader& reader, const AppArmorRule& rule) {
  reader.mediates_userns = true;
  (rule.deny ? reader.userns.denied : reader.userns.allowed) = true;
  reader.userns.audited |= rule.audit;
  return {};
}

// What a profile of ours has no word for: let through in any case.
Status read_unknown_to_us(AppArmorReader& reader, const AppArmorRule& rule) {
  if (rule.deny) {
    reader.note(Effect::kWider, rule, concat("denied ", quote(rule.text()), " is left out"));
  }
  return {};
}

Status read_change_profile(AppArmorReader& reader, const AppArmorRule& rule) {
  if (!rule.deny) {
    reader.note(Effect::kTighter, rule, "there is no other profile to change to");
  }
  return {};
}

std::optional<uint64_t> parse_size(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> number = parse_number<uint64_t>(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  const int shift = unit.empty() ? 0 : unit == "K" || unit == "KB" ? 10 : unit == "M" || unit == "MB" ? 20 : unit == "G" || unit == "GB" ? 30 : -1;
  if (!number || shift < 0 || *number > (UINT64_MAX >> 1 >> shift)) {
    return std::nullopt;
  }
  return *number << shift;
}

// "set rlimit nofile <= 1024".
Status read_rlimit(AppArmorReader& reader, const AppArmorRule& rule) {
  if (rule.words.size() != 5 || rule.words[1] != "rlimit" || rule.words[3] != "<=") {
    return rule.error(concat(quote(rule.text()), " is no limit; a limit is \"set rlimit NAME <= VALUE\""));
  }
  const std::string name = "RLIMIT_" + to_upper(rule.words[2] == "ofile" ? std::string("nofile") : rule.words[2]);
  if (!plan::find_number(plan::rlimit_names(), name)) {
    return rule.error(concat("rlimit ", quote(rule.words[2]), " is no resource limit"));
  }
  const std::optional<uint64_t> value = parse_size(rule.words[4]);
  const bool plain = name != "RLIMIT_NICE" && value.has_value();
  if (plain) {
    const auto known = reader.rlimits.emplace(name, *value).first;
    known->second = std::min(known->second, *value);
  } else if (rule.words[4] != "infinity") {
    reader.note(Effect::kWider, rule, concat(quote(rule.text()), " is left out: not a plain number or size"), Field::kRlimits);
  }
  return {};
}

struct Keyword {
  std::string_view word;
  Status (*read)(AppArmorReader& reader, const AppArmorRule& rule);
};

constexpr Keyword kKeywords[] = {
    {"all", read_all},
    {"capability", read_capability},
    {"change_hat", read_unknown_to_us},
    {"change_profile", read_change_profile},
    {"dbus", read_unknown_to_us},
    {"io_uring", read_unknown_to_us},
    {"mount", read_mount},
    {"mqueue", read_unknown_to_us},
    {"network", read_network},
    {"pivot_root", read_mount},
    {"ptrace", read_ptrace},
    {"remount", read_mount},
    {"set", read_rlimit},
    {"signal", read_signal},
    {"umount", read_umount},
    {"unix", read_unix},
    {"userns", read_userns},
};

const Keyword* find_keyword(std::string_view word) {
  const auto* found = std::find_if(std::begin(kKeywords), std::end(kKeywords), [&](const Keyword& each) { return each.word == word; });
  return found == std::end(kKeywords) ? nullptr : found;
}

}  // namespace

bool is_apparmor_keyword(std::string_view word) {
  return find_keyword(word) != nullptr;
}

Status read_apparmor_keyword_rule(AppArmorReader& reader, const AppArmorRule& rule) {
  const Keyword* keyword = find_keyword(rule.words[0]);
  return keyword == nullptr ? Status() : keyword->read(reader, rule);
}

}  // namespace redoubt::policy
