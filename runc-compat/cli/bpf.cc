// bpf load, status, unload: the BPF LSM programs of this node.
#include <errno.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "bpf/availability.h"

#include "base/json.h"
#include "base/str.h"
#include "bpf/event_log.h"
#include "bpf/names.h"
#include "bpf/set.h"
#include "bpf/maps/pins.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/container_dir.h"

namespace redoubt::cli {
namespace {

// What judges, and what reports (policy/harden_lsm.cc, harden_reports.cc).
constexpr const char* kOurLayers[] = {"bpf-lsm", "reports"};

constexpr char kForce[] = "force";
constexpr char kFormat[] = "format";

constexpr Flag kBpfFlags[] = {
    {.name = kForce,
     .short_name = "f",
     .kind = FlagKind::kBool,
     .help = "load: also when the set is there; unload: also while containers rely on it"},
    {.name = kFormat,
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "status: table or json"},
};

Result<int> load(const Arguments& arguments) {
  Result<redoubt_meta> loaded = bpf::load_programs(arguments.flag(kForce));
  if (loaded || bpf::is_lasting(loaded.error())) {
    TRY(bpf::remember_lack(loaded ? "" : loaded.error().message()));
  }
  if (!loaded) {
    return std::move(loaded).error();
  }
  TRY(print(concat(loaded->programs, " programs attached\n")));
  return 0;
}

// By its layers. Those of a container in a machine are the guest's.
bool relies_on_programs(const std::map<std::string, std::string>& layers) {
  return std::any_of(std::begin(kOurLayers), std::end(kOurLayers), [&](const char* name) {
    const auto level = layers.find(name);
    return level != layers.end() && (level->second == "active" || level->second == "audit");
  });
}

// Of this --root: those of others are not known here, so the text of the refusal says which were
// asked.
Result<std::vector<std::string>> relying_containers(const Globals& globals) {
  std::vector<std::string> ids;
  const Result<state::StateRoot> root = state::StateRoot::open(globals.runtime.root);
  if (!root) {
    // Nobody has made it yet: no container was ever created here.
    return globals.root_is_default && root.error().err() == ENOENT ? Result(ids) : root.error();
  }
  TRY_ASSIGN(const std::vector<std::string> all, root->ids());
  for (const std::string& id : all) {
    const Result<state::ContainerDir> dir = root->container(id);
    const Result<state::Record> record = dir ? dir->load() : dir.error();
    if (!record) {
      continue;  // deleted meanwhile
    }
    if (relies_on_programs(record->policy)) {
      ids.push_back(id);
    }
  }
  return ids;
}

Result<int> unload(const Globals& globals, const Arguments& arguments) {
  if (!arguments.flag(kForce)) {
    TRY_ASSIGN(const std::vector<std::string> ids, relying_containers(globals));
    if (!ids.empty()) {
      return Error::state(concat("containers rely on the programs: ",
                                 join(ids, ", "),
                                 "; delete them, or use --force"));
    }
  }
  TRY(bpf::unload_programs());
  TRY(bpf::remember_lack("unloaded by redoubt bpf unload; run: redoubt bpf load"));
  return 0;
}

Result<int> status(const Arguments& arguments) {
  const std::string& format = arguments.text(kFormat);
  if (format != "table" && format != "json") {
    return Error::invalid(concat("invalid format: ", quote(format), "; must be table or json"));
  }
  const bpf::Availability available = bpf::query_availability();
  Result<redoubt_meta> meta = bpf::read_meta();
  const uint64_t events = meta ? bpf::count_events() : 0;
  if (format == "json") {
    json::Value out;
    out.set("loaded", meta.has_value()).set("abi", REDOUBT_BPF_ABI);
    json::Value surfaces{json::Array()};
    for (const std::string_view name : bpf::surfaces_of(available.surfaces)) {
      surfaces.push(std::string(name));
    }
    if (meta) {
      out.set("programs", meta->programs).set("version", std::string(meta->version));
      out.set("loadedAt", meta->loaded).set("events", events);
      out.set("refusedSystemCalls", meta->sees_filters != 0);
      out.set("filePrograms", bpf::linked_programs(bpf::kFileLinks).size());
    } else {
      out.set("reason", available.lack);
    }
    TRY(print(json::dump(out.set("surfaces", std::move(surfaces)), json::Layout::kIndent2) + "\n"));
    return 0;
  }
  if (!meta) {
    TRY(print(concat("not loaded: ", available.lack, "\n")));
    return 1;
  }
  const std::vector<std::string_view> names = bpf::surfaces_of(available.surfaces);
  std::string lines = concat(meta->programs, " programs attached by redoubt ", meta->version, ", ABI ",
                             REDOUBT_BPF_ABI, "\n", events, " violations since\nsurfaces:");
  for (const std::string_view name : names) {
    lines += concat(" ", name);
  }
  lines += meta->sees_filters != 0 ? "\nrefused system calls: seen, where the policy has syscalls.report"
                                   : "\nrefused system calls: not seen on this kernel";
  const size_t file_programs = bpf::linked_programs(bpf::kFileLinks).size();
  lines += file_programs != 0
               ? concat("\nrefused files: seen by ", file_programs, " more programs, where the policy has files.report")
               : "\nrefused files: not seen; the first container whose policy has files.report loads the programs";
  TRY(print(lines + "\n"));
  return 0;
}

Result<int> run_bpf(const Globals& globals, const Arguments& arguments) {
  const std::string& word = arguments.positional().at(0);
  if (word == "load") {
    return load(arguments);
  }
  if (word == "unload") {
    return unload(globals, arguments);
  }
  if (word == "status") {
    return status(arguments);
  }
  return Error::invalid(concat("bpf: unknown word ", quote(word), "; there are load, status and unload"));
}

}  // namespace

constinit const Verb kVerbBpf = {
    .name = "bpf",
    .group = VerbGroup::kPolicy,
    .arguments = "load\nstatus\nunload",
    .summary = "load, show or remove the BPF LSM programs of this node",
    .description =
        "One program for each hook, shared by all containers, pinned below /sys/fs/bpf/redoubt. The\n"
        "first container after boot loads them by itself; a boot unit that calls load spares it\n"
        "that. load replaces a set of another version without a gap. status exits with 1 when\n"
        "nothing is loaded.",
    .examples = "redoubt bpf load\nredoubt bpf status\nredoubt bpf unload",
    .flags = kBpfFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_bpf,
};

}  // namespace redoubt::cli
