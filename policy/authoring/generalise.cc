#include "policy/authoring/generalise.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/str.h"
#include "policy/authoring/trees.h"
#include "policy/dangers.h"
#include "policy/document/read_document.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kEntries = "entries";
constexpr std::string_view kProcesses = "processes";
constexpr std::string_view kTemporary = "temporary";
constexpr std::string_view kPackages = "packages";
constexpr std::string_view kSiblings = "siblings";
constexpr std::string_view kAlways = "always";
constexpr std::string_view kVariants = "variants";
constexpr std::string_view kPorts = "ports";
constexpr std::string_view kPeers = "peers";

constexpr GeneraliseStepInfo kSteps[] = {
    {kEntries, "names that were made, removed or renamed: the directory that they are in", false},
    {kProcesses, "files of processes and terminals: the directory of them all", false},
    {kAlways, "what a program cannot start and end without, and /dev/null", false},
    {kVariants, "what the C library uses where a newer system call is refused"},
    {kTemporary, "names with many digits or a hash: the directory above them"},
    {kPackages, "files of packages that are read or listed: their part of the tree, as /usr/lib"},
    {kSiblings, "more than 8 paths in one directory: the directory"},
    {kPorts, "ports of the ephemeral range: the range"},
    {kPeers, "more than 8 peers on one port: any address"},
};

constexpr std::string_view kEverNeeded[] = {
    "execve", "exit", "exit_group", "mmap", "read", "restart_syscall", "rt_sigreturn", "write"};

struct Variant {
  std::string_view newer, older;
};
constexpr Variant kVariantCalls[] = {
    {"clone3", "clone"},          {"epoll_pwait2", "epoll_pwait"}, {"faccessat2", "faccessat"},
    {"fchmodat2", "fchmodat"},    {"fork", "clone"},               {"openat2", "openat"},
    {"statx", "newfstatat"},      {"vfork", "clone"},
};

constexpr size_t kMaxSiblings = 8;
constexpr size_t kMaxPeers = 8;
constexpr uint32_t kFirstEphemeral = 32768;
constexpr std::string_view kEphemeral = "32768-60999";
constexpr size_t kMaxSource = 200;  // of a reason's 512 bytes

json::Value rule_of(std::string_view key, json::Value values, std::string reason) {
  json::Value rule;
  rule.set(key, std::move(values));
  return rule.set("reason", std::move(reason));
}

json::Value names_of(const std::vector<std::string>& names) {
  json::Value out{json::Array()};
  for (const std::string& name : names) {
    out.push(name);
  }
  return out;
}

class Generaliser {
 public:
  Generaliser(const Recording& recording, const GeneraliseOptions& options)
      : recording_(recording), options_(options) {}

  Generalised run() {
    json::Value profile;
    profile.set("apiVersion", kApiVersion).set("kind", "Profile");
    profile.set("name", options_.profile_name).set("description", description());
    profile.set("extends", names_of({"default"}));
    if (recording_.privileged_execs == 0) {
      profile.set("process",
                  json::Value().set("noNewPrivileges",
                                    rule_of("value", true, seen("no program gained a privilege"))));
    }
    profile.set("capabilities", json::Value().set("allow", capabilities()));
    profile.set("syscalls", syscalls());
    profile.set("network", network());
    profile.set("files", files());
    return {std::move(profile), std::move(steps_)};
  }

 private:
  bool takes(std::string_view step) const {
    return std::find(options_.without.begin(), options_.without.end(), step) ==
           options_.without.end();
  }

  std::string seen(std::string_view what) const {
    return concat(what, " (", options_.source.substr(0, kMaxSource), ")");
  }

  std::string description() const {
    std::string command = recording_.runs.empty() ? "" : join(recording_.runs.front().command, " ");
    std::string text = concat("Recorded from ", recording_.runs.size(),
                              recording_.runs.size() == 1 ? " run" : " runs");
    const std::string image = recording_.runs.empty() ? "" : recording_.runs.front().image;
    text += image.empty() ? "" : concat(" of ", image.substr(0, kMaxSource));
    return concat(text, ": ", command.substr(0, kMaxSource), ".");
  }

  // A rule for what every run did, and one for each smaller number of runs.
  json::Value by_runs(const std::map<uint64_t, std::vector<std::string>>& groups,
                      std::string_view what) const {
    json::Value rules{json::Array()};
    const uint64_t all = recording_.runs.size();
    for (auto it = groups.rbegin(); it != groups.rend(); ++it) {
      const std::string share =
          all <= 1 ? "" : concat(", in ", it->first, " of ", all, " runs");
      rules.push(rule_of("names", names_of(it->second), seen(concat(what, share))));
    }
    return rules;
  }

  std::map<uint64_t, std::vector<std::string>> groups_of(Section section) const {
    std::map<uint64_t, std::vector<std::string>> groups;
    for (const Seen& row : recording_[section]) {
      groups[row.runs].push_back(row.key);
    }
    return groups;
  }

  json::Value capabilities() const {
    if (recording_[Section::kCapabilities].empty()) {
      return json::Value().push(
          rule_of("names", json::Value(json::Array()), seen("no capability was used")));
    }
    return by_runs(groups_of(Section::kCapabilities), "used");
  }

  bool has_call(std::string_view name) const {
    const std::vector<Seen>& calls = recording_[Section::kSyscalls];
    return std::any_of(calls.begin(), calls.end(), [&](const Seen& c) { return c.key == name; });
  }

  json::Value syscalls() {
    json::Value allow = by_runs(groups_of(Section::kSyscalls), "used");
    std::vector<std::string> always, variants;
    for (const std::string_view name : kEverNeeded) {
      if (!has_call(name)) {
        always.emplace_back(name);
      }
    }
    for (const Variant& variant : kVariantCalls) {
      const std::string older(variant.older);
      if (takes(kVariants) && has_call(variant.newer) && !has_call(older) &&
          std::find(variants.begin(), variants.end(), older) == variants.end()) {
        variants.push_back(older);
        steps_.push_back({kVariants, "syscalls.allow", {std::string(variant.newer)}, older});
      }
    }
    if (!always.empty()) {
      steps_.push_back({kAlways, "syscalls.allow", {}, join(always, " ")});
      allow.push(rule_of("names", names_of(always), "no program starts and ends without them"));
    }
    if (!variants.empty()) {
      allow.push(rule_of(
          "names", names_of(variants), "what the C library falls back to where a newer call fails"));
    }
    json::Value section;
    section.set("allow", std::move(allow));
    if (!recording_.foreign_architecture) {
      section.set("foreignArchitectures",
                  rule_of("value", "deny", seen("no call came by another table")));
    }
    return section;
  }

  // ---- network ----

  json::Value network() {
    json::Value section;
    json::Value families = by_runs(groups_of(Section::kSockets), "made");
    if (recording_[Section::kSockets].empty()) {
      families = json::Value().push(
          rule_of("names", json::Value(json::Array()), seen("no socket was made")));
    }
    section.set("families", std::move(families));
    section.set("connect", endpoints(Section::kConnect, "network.connect"));
    return section.set("bind", endpoints(Section::kBind, "network.bind"));
  }

  struct Target {
    std::string address, protocol, port;
    bool operator<(const Target& other) const {
      return std::tie(address, protocol, port) < std::tie(other.address, other.protocol, other.port);
    }
  };

  // The kernel's choice of a port is no port, and the wildcard is every address of the host.
  std::set<Target> targets_of(Section section, const std::string& field) {
    std::set<Target> targets;
    std::vector<std::string> ephemeral;
    for (const Seen& row : recording_[section]) {
      const std::vector<std::string> parts = split(row.key, ' ');
      Target target{parts[1], parts[0], parts[2]};
      if (target.address == "0.0.0.0" || target.address == "::") {
        target.address = "any";
      }
      const uint32_t port = parse_number<uint32_t>(target.port).value_or(0);
      if (port == 0) {
        if (section == Section::kConnect || target.protocol == "udp") {
          continue;
        }
        target.address = "any";
        target.port = "1-65535";
      } else if (port >= kFirstEphemeral && takes(kPorts)) {
        ephemeral.push_back(row.key);
        target.port = kEphemeral;
      }
      targets.insert(std::move(target));
    }
    if (!ephemeral.empty()) {
      steps_.push_back({kPorts, field, std::move(ephemeral), std::string(kEphemeral)});
    }
    return targets;
  }

  void gather_peers(std::set<Target>& targets, const std::string& field) {
    std::map<std::pair<std::string, std::string>, std::vector<Target>> by_port;
    for (const Target& target : targets) {
      by_port[{target.protocol, target.port}].push_back(target);
    }
    for (const auto& [key, group] : by_port) {
      if (group.size() <= kMaxPeers) {
        continue;
      }
      GeneraliseStep step{kPeers, field, {}, concat(key.first, " any ", key.second)};
      for (const Target& target : group) {
        step.from.push_back(target.address);
        targets.erase(target);
      }
      targets.insert({"any", key.first, key.second});
      steps_.push_back(std::move(step));
    }
  }

  json::Value endpoints(Section section, const std::string& field) {
    std::set<Target> targets = targets_of(section, field);
    if (takes(kPeers)) {
      gather_peers(targets, field);
    }
    const bool connects = section == Section::kConnect;
    json::Value rules{json::Array()};
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> grouped;
    for (const Target& target : targets) {
      grouped[{target.address, target.protocol}].push_back(target.port);
    }
    for (const auto& [key, ports] : grouped) {
      json::Value rule;
      rule.set("address", key.first).set("ports", names_of(ports)).set("protocol", key.second);
      rules.push(rule.set("reason", seen(connects ? "connected to" : "bound")));
    }
    if (grouped.empty()) {
      rules.push(rule_of("address", "none", seen(connects ? "no connection" : "no port was bound")));
    }
    return rules;
  }

  // ---- files ----

  std::string reason_of(std::string_view step, std::string_view verb) const {
    if (step.empty()) {
      return seen(verb);
    }
    for (const GeneraliseStepInfo& info : kSteps) {
      if (info.name == step) {
        return seen(concat(verb, "; ", info.what));
      }
    }
    return seen(verb);
  }

  json::Value rules_of(const Trees& trees, std::string_view verb) const {
    std::map<std::string_view, std::vector<std::string>> groups;
    for (const auto& [path, step] : trees.paths()) {
      groups[step].push_back(path);
    }
    json::Value rules{json::Array()};
    for (const auto& [step, paths] : groups) {
      rules.push(rule_of("paths", names_of(paths), reason_of(step, verb)));
    }
    return rules;
  }

  static bool has(const Seen& row, char letter) {
    return row.access.find(letter) != std::string::npos;
  }

  // A rule holds for what is there when the container starts: for a name that is made, or lies below a directory that is,
  // the directory above all of them. "" for others.
  static std::string lasting_directory(const std::string& path, const std::set<std::string>& changed) {
    std::string found;
    for (std::string name = path; name != "/"; name = parent_of(name)) {
      if (changed.count(name) != 0) {
        found = parent_of(name);
      }
    }
    return found;
  }

  static bool is_seen(const Seen& row, char letter) {
    switch (letter) {
      case 'r':
        return row.is_read();
      case 'l':
        return row.is_listed();
      case 'w':
        return has(row, 'w') || has(row, 'c');
      default:
        return has(row, letter);
    }
  }

  // A file is often made in one directory and moved to one below, where it is read. Landlock moves no file to where it would
  // have more rights (EXDEV, landlock(7)), so what is made above is readable, too. Not at "/", which would open everything.
  void add_sources_of_moves(Trees& trees, const std::set<std::string>& changed) const {
    std::set<std::string> read;
    for (const Seen& row : recording_[Section::kFiles]) {
      const std::string directory = row.is_read() ? lasting_directory(row.key, changed) : "";
      if (!directory.empty()) {
        read.insert(directory);
      }
    }
    for (const std::string& made : changed) {
      const std::string source = lasting_directory(made, changed);
      const auto lies_below = [&](const std::string& directory) {
        return directory != source && lies_in(source, directory);
      };
      if (!source.empty() && source != "/" && std::any_of(read.begin(), read.end(), lies_below)) {
        trees.add(made);
      }
    }
  }

  // `letter`: of r, l(isted), w and x. Where a name was made or removed, its directory is what counts.
  Trees trees_of(char letter, std::string field) {
    Trees trees(std::move(field), steps_);
    std::set<std::string> changed;
    for (const Seen& row : recording_[Section::kFiles]) {
      if (is_seen(row, letter)) {
        trees.add(row.key);
      }
      if (has(row, 'c')) {
        changed.insert(row.key);
      }
    }
    for (const Seen& row : recording_[Section::kPrograms]) {
      if (letter == 'r' || letter == 'x') {
        trees.add(row.key);
      }
    }
    if (letter == 'r') {
      add_sources_of_moves(trees, changed);
    }
    trees.replace(kEntries, [&](const std::string& path) {
      return letter != 'x' ? lasting_directory(path, changed) : "";
    });
    trees.replace(kProcesses, process_directory);
    if (takes(kTemporary)) {
      trees.replace(kTemporary, temporary_directory);
    }
    if (takes(kPackages) && (letter == 'r' || letter == 'l')) {
      trees.replace(kPackages, package_directory);
    }
    if (takes(kSiblings)) {
      trees.gather_siblings(kSiblings, kMaxSiblings);
    }
    if (letter == 'r' || letter == 'w') {
      trees.add("/dev/null");
    }
    trees.drop_covered();
    return trees;
  }

  json::Value files() {
    json::Value section;
    const Trees read = trees_of('r', "files.read");
    section.set("read", rules_of(read, "read"));
    Trees listed = trees_of('l', "files.list");
    listed.drop_covered_by(read);
    if (!listed.paths().empty()) {
      section.set("list", rules_of(listed, "listed"));
    }
    section.set("write", rules_of(trees_of('w', "files.write"), "written"));
    const Trees executed = trees_of('x', "files.execute");
    if (executed.paths().empty()) {
      return section.set("execute",
                         json::Value().push(rule_of("paths",
                                                    json::Value(json::Array()),
                                                    seen("no program was started"))));
    }
    return section.set("execute", rules_of(executed, "executed"));
  }

  const Recording& recording_;
  const GeneraliseOptions& options_;
  std::vector<GeneraliseStep> steps_;
};

}  // namespace

std::span<const GeneraliseStepInfo> generalise_step_table() {
  return kSteps;
}

Generalised generalise(const Recording& recording, const GeneraliseOptions& options) {
  return Generaliser(recording, options).run();
}

}  // namespace redoubt::policy
