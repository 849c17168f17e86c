// The variables and abstractions that AppArmor profiles lean on, as Redoubt knows them: of what the
// distributions' files allow, the part that matters in a container. Wide patterns are trees already.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/apparmor.h"
#include "policy/authoring/apparmor_reader.h"

namespace redoubt::policy {
namespace {

struct Abstraction {
  std::string_view name, rules;
};

constexpr Abstraction kAbstractions[] = {
    {"abstractions/apache2-common",
     "include <abstractions/nameservice>\n"
     "capability chown, capability kill, capability setgid, capability setuid, capability net_bind_service,\n"
     "/usr/share/apache2{,/,/**} r,"},
    {"abstractions/authentication",
     "/etc/{nologin,shadow,gshadow,login.defs,securetty} r, /etc/{pam.d,security}{,/,/**} r,\n"
     "/{,usr/}lib{,32,64}/security{,/,/**} mr, /{,usr/}lib/x86_64-linux-gnu/security{,/,/**} mr,"},
    {"abstractions/base",
     "/etc/{ld.so.cache,ld.so.conf,ld.so.preload,localtime,timezone,gai.conf} r,\n"
     "/etc/ld.so.conf.d{,/,/**} r, /etc/locale{,/,/**} r,\n"
     "/{,usr/}lib{,32,64}{,/,/**} mr,\n"
     "/usr/share/{locale,zoneinfo,i18n,X11/locale}{,/,/**} r, /usr/share/locale-langpack{,/,/**} r,\n"
     "/dev/{null,zero,full} rw, /dev/{random,urandom} r, /dev/log w, /run/systemd/journal/{dev-log,socket,stdout} w,\n"
     "/proc/{cpuinfo,meminfo,stat,filesystems} r, /proc/sys/{vm/overcommit_memory,kernel/version,kernel/cap_last_cap,kernel/ngroups_max} r,\n"
     "/proc/self{,/,/**} r, /sys/devices/system/cpu{,/,/**} r,\n"
     "signal (receive) peer=unconfined, signal peer=@{profile_name}, ptrace (readby, tracedby),"},
    {"abstractions/bash",
     "/etc/{bash.bashrc,bash_completion,profile,inputrc} r, /etc/{profile.d,bash_completion.d}{,/,/**} r,\n"
     "/usr/share/terminfo{,/,/**} r, /{,usr/}lib/terminfo{,/,/**} r, /etc/terminfo{,/,/**} r,"},
    {"abstractions/consoles", "/dev/{console,tty} rw, /dev/pts{,/,/**} rw,"},
    {"abstractions/mysql", "/var/lib/mysql{,/,/**} rw, /run/mysqld/mysqld.sock rw, /usr/share/{mysql,mysql-common}{,/,/**} r,"},
    {"abstractions/nameservice",
     "/etc/{group,gshadow,host.conf,hosts,nsswitch.conf,passwd,protocols,resolv.conf,services,networks,gai.conf} r,\n"
     "/run/{resolvconf,systemd/resolve,NetworkManager}/resolv.conf r, /run/systemd/resolve/stub-resolv.conf r, /run/nscd/socket rw,\n"
     "/{,usr/}lib/x86_64-linux-gnu{,/,/**} mr,\n"
     "network inet, network inet6, network netlink, network unix,"},
    {"abstractions/openssl", "/etc/ssl/openssl.cnf r, /usr/share/ca-certificates{,/,/**} r, /usr/lib/ssl{,/,/**} r,"},
    {"abstractions/perl", "/usr/{lib,share}/perl{,5}{,/,/**} mr, /etc/perl{,/,/**} r, /usr/local/{lib,share}/perl{,/,/**} mr,"},
    {"abstractions/php", "/etc/php{,5,7,8}{,/,/**} r, /usr/{lib,share}/php{,/,/**} mr, /var/lib/php{,/,/**} rw,"},
    {"abstractions/python",
     "/usr/lib/{python3,python3.11,python3.12,python3.13}{,/,/**} mr, /usr/local/lib{,/,/**} mr, /usr/share/python3{,/,/**} r,"},
    {"abstractions/ssl_certs", "/etc/ssl/certs{,/,/**} r, /etc/ca-certificates{,/,/**} r, /usr/{,local/}share/ca-certificates{,/,/**} r,"},
    {"abstractions/ssl_keys", "/etc/ssl{,/,/**} r,"},
    {"abstractions/user-tmp", "/{,var/}tmp{,/,/**} rwkl,"},
};

// Where a variable begins; "\@" is the character.
size_t find_variable(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '@' && text[i + 1] == '{') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view apparmor_abstraction(std::string_view name) {
  const auto* found = std::find_if(std::begin(kAbstractions), std::end(kAbstractions), [&](const Abstraction& each) { return each.name == name; });
  return found == std::end(kAbstractions) ? std::string_view() : found->rules;
}

AppArmorVariables apparmor_variables() {
  return {
      {"HOME", {"/home/*/", "/root/"}},
      {"HOMEDIRS", {"/home/"}},
      {"PROC", {"/proc/"}},
      {"multiarch", {"*-linux-gnu*"}},
      {"pid", {"[0-9]*"}},
      {"pids", {"[0-9]*"}},
      {"run", {"/run/", "/var/run/"}},
      {"securityfs", {"/sys/kernel/security/"}},
      {"sys", {"/sys/"}},
      {"tid", {"[0-9]*"}},
      {"uid", {"[0-9]*"}},
      {"user_share_dirs", {"/root/.local/share/", "/home/*/.local/share/"}},
  };
}

Result<std::string> expand_apparmor_variables(const AppArmorVariables& variables, std::string_view pattern) {
  constexpr size_t kMaxPattern = 4096;
  constexpr int kMaxRounds = 16;
  std::string text(pattern);
  for (int round = 0; round < kMaxRounds && text.size() <= kMaxPattern; ++round) {
    const size_t open = find_variable(text);
    if (open == std::string::npos) {
      return text;
    }
    const size_t close = text.find('}', open);
    const std::string variable = close == std::string::npos ? "" : text.substr(open + 2, close - open - 2);
    const auto known = variables.find(variable);
    if (known == variables.end()) {
      return Error::invalid(concat("variable ", quote(variable.substr(0, 64)), " is not defined; put \"@{NAME}=...\" before the profile"));
    }
    const std::vector<std::string>& values = known->second;
    std::string value = values.size() == 1 ? values[0] : concat("{", join(values, ","), "}");
    if (value.ends_with('/') && text.substr(close + 1).starts_with('/')) {
      value.pop_back();
    }
    text = concat(text.substr(0, open), value, text.substr(close + 1));
  }
  return Error::invalid(concat(quote(pattern.substr(0, 64)), ": its variables stand for too much; write several rules"));
}

}  // namespace redoubt::policy
