#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "oci/spec_json.h"
#include "oci/validate.h"
#include "policy/resolve.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/resources_merge.h"
#include "runc-compat/cli/update_limits.h"
#include "runc-compat/cli/update_request.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/signal.h"
#include "sandbox/intel_rdt.h"

namespace redoubt::cli {
namespace {

// linux.resources as they are in force: what the last update left, else what config.json says.
Result<json::Value> stored_resources(const Container& container) {
  if (container.record.resources) {
    return json::parse(*container.record.resources, "stored resources");
  }
  TRY_ASSIGN(const std::string text,
             read_file_at(container.dir.fd(), state::kConfigFile, json::Limits().max_bytes));
  TRY_ASSIGN(const json::Value config, json::parse(text, state::kConfigFile));
  const json::Value* linux_section = config.find("linux");
  const json::Value* resources =
      linux_section == nullptr ? nullptr : linux_section->find("resources");
  return resources == nullptr ? json::Value() : *resources;
}

// Intel RDT: a container that started without a group gets one now.
Status update_resctrl(Container& container, const std::vector<std::string>& lines) {
  std::string& path = container.record.intel_rdt_path;
  if (path.empty()) {
    plan::IntelRdt plan;
    plan.schemata = lines;
    TRY_ASSIGN(path, sandbox::join_intel_rdt(plan, container.record.id, container.record.init_pid));
    return {};
  }
  return sandbox::write_resctrl_schemata(path, lines);
}

Result<std::vector<std::string>> resctrl_lines(const Arguments& arguments) {
  const std::string& l3_cache = arguments.text(kL3CacheSchemaFlag);
  const std::string& bandwidth = arguments.text(kMemBwSchemaFlag);
  std::vector<std::string> lines;
  if (l3_cache.empty() && bandwidth.empty()) {
    return lines;
  }
  const sandbox::ResctrlSupport support = sandbox::probe_resctrl();
  if (!l3_cache.empty()) {
    if (!support.l3_cache) {
      return Error::unsupported("Intel RDT/CAT: l3 cache schema is not enabled");
    }
    lines.push_back(l3_cache);
  }
  if (!bandwidth.empty()) {
    if (!support.memory_bandwidth) {
      return Error::unsupported("Intel RDT/MBA: memory bandwidth schema is not enabled");
    }
    lines.push_back(bandwidth);
  }
  return lines;
}

Result<int> run_update(const Globals& globals, const Arguments& arguments) {
  // Standard input may come slowly: read it before the lock is taken.
  TRY_ASSIGN(const json::Value request, resources_request(arguments));
  // Its mistakes by its own field names, before the merge hides them.
  TRY_ASSIGN(const oci::Resources asked, oci::parse_resources(request));
  TRY(oci::validate_resources(asked, "linux.resources"));
  TRY_ASSIGN(Container container, open_locked_container(globals, arguments.positional().at(0)));
  TRY_ASSIGN(const std::vector<std::string> schemata, resctrl_lines(arguments));
  TRY_ASSIGN(const state::ContainerStatus status,
             state::status_of(container.dir, container.record));
  if (status == state::ContainerStatus::kStopped) {
    return state::not_running();
  }
  TRY_ASSIGN(const json::Value stored, stored_resources(container));
  const json::Value merged = merge_resources(stored, request);
  TRY(update_limits(container, asked, stored, merged));
  for (const std::string& note : policy::ignored_resources(asked)) {
    log::warning(note);
  }
  if (!schemata.empty()) {
    TRY(update_resctrl(container, schemata));
  }
  container.record.resources = json::dump(merged);
  TRY(container.dir.save(container.record));
  return 0;
}

}  // namespace

constinit const Verb kVerbUpdate = {
    .name = "update",
    .group = VerbGroup::kControl,
    .arguments = "<container-id>",
    .summary = "change the limits of a container",
    .description =
        "Changes what is asked for and keeps the rest. When a limit is refused, all stay as they "
        "were.\n"
        "The document of --resources is linux.resources of the OCI runtime specification:\n"
        "  {\"memory\": {\"limit\": 33554432}, \"cpu\": {\"quota\": 50000, \"period\": 100000}}",
    .examples =
        "redoubt update --memory 32M --pids-limit 100 web1\n"
        "redoubt update --resources=- web1 < limits.json",
    .flags = kUpdateFlags,
    .min_args = 1,
    .max_args = 1,
    .run = run_update,
};

}  // namespace redoubt::cli
