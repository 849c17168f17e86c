// policy show, policy explain: what is in force on this node and for one container.
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "policy/document/write_document.h"
#include "policy/effective.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/container.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/report.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/container.h"
#include "runc-compat/launch/policy_files.h"

namespace redoubt::cli {
namespace {

constexpr char kBundle[] = "bundle";
constexpr char kFormat[] = "format";

constexpr Flag kPolicyFlags[] = {
    {.name = kBundle,
     .short_name = "b",
     .placeholder = "DIR",
     .help = "explain: the bundle of a container that does not exist yet (default: the working "
             "directory)"},
    {.name = kFormat,
     .short_name = "f",
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "table or json"},
};

Result<bool> wants_json(const Arguments& arguments) {
  const std::string& format = arguments.text(kFormat);
  if (format != "table" && format != "json") {
    return Error::invalid(concat("invalid format: ", quote(format), "; must be table or json"));
  }
  return format == "json";
}

Colour level_colour(const std::string& level) {
  return level == "active" ? Colour::kGood : level == "off" ? Colour::kFaint : Colour::kWarn;
}

json::Value explain_json(const plan::Plan& plan) {
  json::Value decisions{json::Array()};
  for (const plan::Decision& decision : plan.hardening.decisions) {
    json::Value row;
    row.set("control", decision.control).set("value", decision.value);
    row.set("source", decision.source).set("backend", decision.backend);
    decisions.push(row.set("degradation", decision.degradation));
  }
  json::Value layers{json::Array()};
  for (const plan::LayerState& layer : plan.hardening.layers) {
    json::Value row;
    row.set("layer", layer.layer).set("level", layer.level);
    layers.push(row.set("reason", layer.reason));
  }
  json::Value out;
  out.set("id", plan.id).set("profile", plan.hardening.profile).set("mode", plan.hardening.mode);
  out.set("privileged", plan.hardening.privileged);
  out.set("decisions", std::move(decisions));
  out.set("layers", std::move(layers));
  return out;
}

std::string explain_text(const plan::Plan& plan, const ReportStyle& style) {
  const plan::Hardening& hardening = plan.hardening;
  std::string out = coloured_line(
      concat("profile ", hardening.profile, ", mode ", hardening.mode), Colour::kBold, style);
  if (hardening.privileged) {
    out += coloured_line(
        "PRIVILEGED: config.json asks for everything, and this node lets it have it",
        Colour::kBad,
        style);
  }
  std::vector<std::vector<Cell>> rows;
  for (const plan::Decision& d : hardening.decisions) {
    const bool missing = !d.degradation.empty();
    rows.push_back({{d.control},
                    {d.source, Colour::kFaint},
                    {d.backend.empty() ? "none" : d.backend,
                     missing ? Colour::kWarn : Colour::kGood},
                    {missing ? concat(d.value, "  [", d.degradation, "]") : d.value,
                     missing ? Colour::kWarn : Colour::kPlain}});
  }
  out += '\n' + format_report({"CONTROL", "SOURCE", "BACKEND", "VALUE"}, rows, style);
  rows.clear();
  for (const plan::LayerState& layer : hardening.layers) {
    rows.push_back({{layer.layer}, {layer.level, level_colour(layer.level)}, {layer.reason}});
  }
  return out + '\n' + format_report({"LAYER", "LEVEL", "WHY"}, rows, style);
}

// A bundle that was not given an id yet.
Result<plan::Plan> plan_of_bundle(const Globals& globals, const std::string& bundle) {
  launch::CreateOptions options;
  options.runtime = globals.runtime;
  options.id = "explained";
  char buffer[4096];
  if (::getcwd(buffer, sizeof buffer) == nullptr) {
    return Error::system(errno, "getcwd");
  }
  const std::string absolute = absolute_path(bundle.empty() ? "." : bundle, buffer);
  TRY_ASSIGN(launch::Container container, launch::resolve_bundle(options, absolute, launch::BpfSet::kQuery, nullptr));
  return std::move(container.plan);
}

Result<plan::Plan> plan_of_container(const Globals& globals, const std::string& id) {
  TRY_ASSIGN(const Container container, open_container(globals, id));
  TRY_ASSIGN(launch::Container resolved, launch::resolve_stored(container.dir, container.record));
  return std::move(resolved.plan);
}

Result<int> explain(const Globals& globals, const Arguments& arguments) {
  TRY_ASSIGN(const bool as_json, wants_json(arguments));
  const std::vector<std::string>& words = arguments.positional();
  if (words.size() == 2 && arguments.is_set(kBundle)) {
    return Error::invalid("policy explain: give a container or --bundle, not both");
  }
  TRY_ASSIGN(const plan::Plan plan,
             words.size() == 2 ? plan_of_container(globals, words[1])
                               : plan_of_bundle(globals, arguments.text(kBundle)));
  TRY(print(as_json ? json::dump(explain_json(plan), json::Layout::kIndent2) + "\n"
                    : explain_text(plan, stdout_style())));
  return 0;
}

std::string show_text(const policy::PolicySources& sources,
                      const policy::Effective& effective,
                      const ReportStyle& style) {
  const std::string node = sources.node ? sources.node->source : "no node configuration";
  std::string out = coloured_line(
      concat("profile ", effective.profile, ", ", node), Colour::kBold, style);
  std::vector<std::vector<Cell>> rows;
  for (const policy::FieldInfo& info : policy::field_table()) {
    const policy::FieldValue& value = effective.document[info.field];
    if (value.present) {
      rows.push_back({{std::string(info.path)},
                      {place_of(effective.document.rules[value.rule]), Colour::kFaint},
                      {policy::value_text(info, value)}});
    }
  }
  return out + '\n' + format_report({"FIELD", "SOURCE", "VALUE"}, rows, style);
}

Result<int> show(const Arguments& arguments) {
  TRY_ASSIGN(const bool as_json, wants_json(arguments));
  if (arguments.positional().size() > 1) {
    return Error::invalid("policy show: takes no container; policy explain does");
  }
  TRY_ASSIGN(launch::PolicyFiles files, launch::PolicyFiles::of_node());
  const policy::PolicySources sources = files.sources();
  TRY_ASSIGN(const policy::Effective effective, policy::choose_policy(sources, {}));
  TRY(print(as_json ? json::dump(policy::to_json(effective.document), json::Layout::kIndent2) + "\n"
                    : show_text(sources, effective, stdout_style())));
  return 0;
}

Result<int> run_policy(const Globals& globals, const Arguments& arguments) {
  const std::string& word = arguments.positional().at(0);
  if (word == "show") {
    return show(arguments);
  }
  if (word == "explain") {
    return explain(globals, arguments);
  }
  return Error::invalid(concat("policy: unknown word ", quote(word), "; there are show and explain"));
}

}  // namespace

constinit const Verb kVerbPolicy = {
    .name = "policy",
    .group = VerbGroup::kPolicy,
    .arguments = "show\nexplain [container-id]",
    .summary = "show what policy is in force, and why",
    .description =
        "show: the policy of this node, field by field, with the file and line that each value\n"
        "comes from. explain: for a bundle or a container every control, what it is set to, who\n"
        "says so, what enforces it, and what this host cannot enforce.",
    .examples = "redoubt policy show\nredoubt policy explain --bundle DIR\nredoubt policy explain web1",
    .flags = kPolicyFlags,
    .min_args = 1,
    .max_args = 2,
    .run = run_policy,
};

}  // namespace redoubt::cli
