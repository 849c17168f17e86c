// To AppArmor. An absent field has no opinion, where AppArmor denies what no rule names: so it becomes a
// rule for everything of its kind.
#include <algorithm>
#include <optional>

#include "base/str.h"
#include "plan/socket_families.h"
#include "policy/authoring/apparmor.h"
#include "policy/authoring/path_patterns.h"
#include "policy/authoring/protocols.h"

namespace redoubt::policy {
namespace {

struct TreeRule {
  Field field;
  std::string_view permissions;
};

// Whatever can be read can be mapped and locked: profiles of ours have no word for these.
constexpr TreeRule kTreeRules[] = {
    {Field::kFilesRead, "mrk"},
    {Field::kFilesWrite, "wkl"},
    {Field::kFilesExecute, "ix"},
};

struct AppArmorWriter {
  const Document& merged;
  std::string text;
  std::vector<Note> notes;

  void rule(const auto&... parts) { text += concat("  ", parts..., ",\n"); }
  void part(std::string_view comment) { text += concat("\n  # ", comment, "\n"); }
};

bool restricts_files(const Document& merged) {
  return std::any_of(std::begin(kTreeRules), std::end(kTreeRules), [&](const TreeRule& rule) { return merged[rule.field].present; });
}

void write_files(AppArmorWriter& w) {
  w.part("files");
  if (!restricts_files(w.merged)) {
    w.rule("file");
  } else {
    for (const TreeRule& tree : kTreeRules) {
      for (const std::string& path : trees_or_all(w.merged, tree.field)) {
        w.rule('"', tree_pattern(path), "\" ", tree.permissions);
      }
    }
    for (const std::string& path : lists_of(w.merged)) {
      w.rule('"', directories_pattern(path), "\" r");
    }
  }
  for (const std::string& path : keys_of(w.merged, Field::kFilesMasked)) {
    w.rule("deny \"", tree_pattern(path), "\" mrwklx");
  }
  for (const std::string& path : keys_of(w.merged, Field::kFilesReadonly)) {
    w.rule("deny \"", tree_pattern(path), "\" wl");
  }
}

std::string capability_word(const std::string& name) {
  return to_lower(name.substr(4));  // CAP_
}

void write_capabilities(AppArmorWriter& w) {
  w.part("capabilities");
  const FieldValue& allowed = w.merged[Field::kCapabilitiesAllow];
  const FieldValue& denied = w.merged[Field::kCapabilitiesDeny];
  if (!allowed.present) {
    w.rule("capability");
  }
  for (const Entry& entry : allowed.entries) {
    if (find_entry(denied, entry.key) == nullptr) {
      w.rule("capability ", capability_word(entry.key));
    }
  }
  for (const Entry& entry : denied.entries) {
    w.rule("deny capability ", capability_word(entry.key));
  }
}

// No socket of AF_UNSPEC or of the families that the kernel has dropped can be made.
bool has_apparmor_word(std::string_view family) {
  return family != "AF_UNSPEC" && family != "AF_DECNET";
}

void write_network(AppArmorWriter& w) {
  w.part("network");
  const FieldValue& families = w.merged[Field::kNetworkFamilies];
  const bool filtered = restricts_endpoints(w.merged);
  if (!families.present && !filtered) {
    w.rule("network");
    return;
  }
  for (const plan::NamedNumber& family : plan::socket_family_names()) {
    const bool named = !families.present || find_entry(families, family.name) != nullptr;
    if (!named || !has_apparmor_word(family.name)) {
      continue;
    }
    const std::string word = to_lower(family.name.substr(3));
    const bool internet = word == "inet" || word == "inet6";
    if (filtered && internet) {
      w.rule("network ", word, " stream");
      w.rule("network ", word, " dgram");
    } else if (!filtered || word != "packet") {
      w.rule("network ", word);
    }
  }
}

// "", "audit " or nothing at all for a level that denies.
std::optional<std::string_view> prefix_of(const Document& merged, Field field) {
  const std::string_view word = info_of(field).words[merged.level(field)];
  if (word == "deny") {
    return std::nullopt;
  }
  return word == "audit" ? "audit " : "";
}

void write_ptrace(AppArmorWriter& w) {
  const auto prefix = prefix_of(w.merged, Field::kPtrace);
  if (!prefix) {
    w.rule("ptrace (read, readby, tracedby)");
  } else if (prefix_of(w.merged, Field::kPtraceOutside)) {
    w.rule(*prefix, "ptrace");
  } else {
    w.rule(*prefix, "ptrace peer=@{profile_name}");
    w.rule("ptrace (read, readby, tracedby)");
  }
}

void write_processes(AppArmorWriter& w) {
  w.part("other processes");
  write_ptrace(w);
  if (find_entry(w.merged[Field::kLandlockScopes], "signals") == nullptr) {
    w.rule("signal");
  } else {
    w.rule("signal (receive)");
    w.rule("signal (send) peer=@{profile_name}");
  }
  w.rule("dbus");
  if (const auto prefix = prefix_of(w.merged, Field::kMounts)) {
    w.part("mounts");
    w.rule(*prefix, "mount");
    w.rule(*prefix, "umount");
    w.rule(*prefix, "pivot_root");
  }
}

void write_limits(AppArmorWriter& w) {
  const FieldValue& limits = w.merged[Field::kRlimits];
  if (limits.present) {
    w.part("limits");
  }
  for (const Entry& entry : limits.entries) {
    if (entry.key == "RLIMIT_NICE") {
      w.notes.push_back({Effect::kWider, place_of(w.merged.rules[entry.rule]), "limits.rlimits: RLIMIT_NICE is not carried over", "limits.rlimits"});
    } else {
      w.rule("set rlimit ", to_lower(entry.key.substr(7)), " <= ", entry.number);
    }
  }
}

// Of fields that are carried over, what is not.
void note_parts(AppArmorWriter& w) {
  const auto note = [&](Field field, std::string_view what) {
    const std::string path(info_of(field).path);
    w.notes.push_back({Effect::kWider, place_of(w.merged.rule_of(field)), concat(path, ": ", what), path});
  };
  note_endpoints(w.merged, w.notes);
  if (find_entry(w.merged[Field::kLandlockScopes], "abstract-unix-sockets") != nullptr) {
    note(Field::kLandlockScopes, "abstract-unix-sockets is not carried over");
  }
  if (w.merged[Field::kPtraceOutside].present && w.merged.level(Field::kPtraceOutside) != 2) {
    note(Field::kPtraceOutside, "only deny is carried over");
  }
}

}  // namespace

Result<Converted> to_apparmor(const Document& merged, const WriteOptions& /*options*/) {
  if (merged.name.empty()) {
    return Error::invalid("a policy without a name has no AppArmor form");
  }
  const std::string_view mode = info_of(Field::kMode).words[merged.level(Field::kMode, 3)];
  if (mode == "off") {
    return Error::invalid(concat("profile ", quote(merged.name), ": its mode is off: there is nothing to convert"));
  }
  AppArmorWriter w{merged, "", {}};
  const std::string_view complain = mode == "audit" ? "complain," : "";
  w.text = concat("# Written by redoubt profile convert from profile \"", merged.name, "\".\nabi <abi/3.0>,\n\nprofile ", merged.name,
                  " flags=(", complain, "attach_disconnected,mediate_deleted) {");
  write_files(w);
  write_capabilities(w);
  write_network(w);
  write_processes(w);
  write_limits(w);
  w.text += "}\n";
  w.notes = notes_of_others(merged, {Field::kMode, Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute, Field::kFilesMasked,
                                     Field::kFilesReadonly, Field::kCapabilitiesAllow, Field::kCapabilitiesDeny, Field::kNetworkFamilies,
                                     Field::kNetworkConnect, Field::kNetworkBind, Field::kPtrace, Field::kPtraceOutside, Field::kMounts, Field::kRlimits,
                                     Field::kLandlockScopes});
  note_parts(w);
  return Converted{std::move(w.text), std::move(w.notes)};
}

}  // namespace redoubt::policy
