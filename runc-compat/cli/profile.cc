// profile list, show, merge, simulate, schema, fields: the policy documents. The other words have files
// of their own: profile_diff.cc, profile_record.cc, profile_author.cc, profile_lint.cc ...
#include <algorithm>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/document/schema.h"
#include "policy/document/write_document.h"
#include "policy/effective.h"
#include "policy/signed_profiles.h"
#include "policy/simulate.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"
#include "runc-compat/cli/report.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/launch/policy_files.h"

namespace redoubt::cli {
namespace {

constexpr Flag kProfileFlags[] = {
    {.name = kProfileFormatFlag,
     .short_name = "f",
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "list, show, lint, diff, simulate, explain, replay, verify, convert: table or json; lint: also sarif"},
    {.name = kProfileOutputFlag,
     .short_name = "o",
     .placeholder = "FILE",
     .help = "record: where the recording goes; replay: the profile with what it proposes; else FILE, not stdout"},
    {.name = kProfileReportFlag,
     .placeholder = "FILE",
     .help = "replay: what was refused as JSON, in a file that the container has no hand in"},
    {.name = kProfileToFlag,
     .placeholder = "FORM",
     .help = "convert: to apparmor, kubearmor, oci-seccomp, selinux-cil, spo-apparmor or spo-seccomp; without it, from one of them"},
    {.name = kProfileRootfsFlag,
     .placeholder = "DIR",
     .help = "convert --to selinux-cil: the container's root file system, whose files get labels by path"},
    {.name = kProfileKeyFlag,
     .kind = FlagKind::kStringList,
     .placeholder = "FILE",
     .help = "sign: the secret key; verify: a public key that is accepted, as a file or as its text (default: node.signedBy)"},
    {.name = kProfileForceFlag, .kind = FlagKind::kBool, .help = "keygen: replace keys that are there"},
    {.name = kProfileBaseFlag,
     .placeholder = "NAME",
     .help = "minimise: the profile to extend; the one that leaves the fewest rules unless said otherwise"},
    {.name = kProfileNameFlag,
     .placeholder = "NAME",
     .help = "generalise, convert: the profile's name; that of the output file unless said otherwise"},
    {.name = kProfileExplainFlag,
     .kind = FlagKind::kBool,
     .help = "generalise: list every step on stderr, with what it saves and what it allows; minimise: what is left out, and why"},
    {.name = kProfileWithoutFlag,
     .kind = FlagKind::kStringList,
     .placeholder = "STEP",
     .help = "generalise: leave a step out: packages, peers, ports, siblings, temporary or variants"},
    {.name = kProfileContainerFlag,
     .placeholder = "ID",
     .help = "record: look at this container, which is there already, until it ends or a signal comes"},
    {.name = kProfileForFlag,
     .kind = FlagKind::kDuration,
     .placeholder = "DURATION",
     .help = "record --container: only for so long, such as 90s or 5m"},
    {.name = kProfileReadyFlag,
     .placeholder = "COMMAND",
     .help = "record: the start is over when this has ended with 0 in the container, not at the first listen(2)"},
};

using policy::Document;
using policy::Field;

using Call = ProfileCall;

Result<int> list(Call& call) {
  std::vector<std::vector<Cell>> rows;
  json::Value out{json::Array()};
  const policy::PolicySources sources = call.files.sources();
  TRY_ASSIGN(const Document node, policy::read_node(sources.node));
  const policy::ProfileLookup find_accepted = policy::accepted_profiles(sources, node, nullptr);
  for (const auto& [name, source] : call.files.list()) {
    Result<ProfileDocuments> documents = open_document(call.files, name);
    if (const Result<std::optional<policy::SourceText>> accepted = find_accepted(name); !accepted) {
      documents = accepted.error();
    }
    const std::string description =
        documents ? documents->raw.description : documents.error().message();
    rows.push_back({{name, Colour::kBold},
                    {source, Colour::kFaint},
                    {description, documents ? Colour::kPlain : Colour::kBad}});
    json::Value row;
    row.set("name", name).set("source", source).set("usable", documents.has_value()).set("description", description);
    out.push(std::move(row));
  }
  TRY(call.as_json() ? print_json(out)
                   : print(format_report({"NAME", "SOURCE", "WHAT IT IS FOR"}, rows, call.style)));
  return 0;
}

Result<int> show(Call& call) {
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  if (call.as_json()) {
    TRY(print_json(policy::to_json(documents.merged)));
    return 0;
  }
  std::vector<std::vector<Cell>> rows;
  for (const policy::FieldInfo& info : policy::field_table()) {
    const policy::FieldValue& value = documents.merged[info.field];
    if (value.present) {
      const policy::Rule& rule = documents.merged.rules[value.rule];
      rows.push_back({{std::string(info.path), Colour::kBold},
                      {policy::value_text(info, value)},
                      {policy::place_of(rule), Colour::kFaint},
                      {rule.reason}});
    }
  }
  TRY(print(coloured_line(documents.raw.description, Colour::kBold, call.style) + '\n' +
            format_report({"FIELD", "VALUE", "RULE", "REASON"}, rows, call.style)));
  return 0;
}

Result<int> merge_recordings(Call& call) {
  std::vector<policy::Recording> recordings;
  for (const std::string& word : call.words) {
    TRY_ASSIGN(policy::Recording recording, open_recording(word));
    recordings.push_back(std::move(recording));
  }
  TRY(write_output(call, policy::write_recording(policy::merge_recordings(recordings))));
  return 0;
}

Result<int> merge(Call& call) {
  if (names_recording(call.words[0])) {
    return merge_recordings(call);
  }
  TRY_ASSIGN(ProfileDocuments all, open_document(call.files, call.words[0]));
  for (size_t i = 1; i < call.words.size(); ++i) {
    TRY_ASSIGN(const ProfileDocuments next, open_document(call.files, call.words[i]));
    all.merged = policy::meet(all.merged, next.merged);
  }
  TRY(policy::check_conflicts(all.merged));
  TRY(write_output(call, json::dump(policy::to_json(all.merged), json::Layout::kIndent2) + "\n"));
  return 0;
}

// Of a recording or of a trace.
Result<std::vector<policy::Operation>> open_operations(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_file(path, policy::kMaxRecordingBytes));
  if (!policy::is_recording(text)) {
    return policy::parse_trace(text, path);
  }
  TRY_ASSIGN(const policy::Recording recording, policy::read_recording(text, path));
  return policy::operations_of(recording);
}

Result<int> simulate(Call& call) {
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  TRY_ASSIGN(const std::vector<policy::Operation> operations, open_operations(call.words[1]));
  std::vector<std::vector<Cell>> rows;
  json::Value out{json::Array()};
  bool denied = false;
  for (const policy::Operation& operation : operations) {
    const policy::Judgement judgement = policy::judge(documents.merged, operation);
    denied |= !judgement.allowed;
    const std::string verdict = !judgement.allowed ? "deny" : judgement.audited ? "audit" : "allow";
    rows.push_back({{concat(operation.line)},
                    {operation_text(operation)},
                    {verdict, judgement.allowed ? Colour::kGood : Colour::kBad},
                    {judgement.place, Colour::kFaint},
                    {judgement.field.empty() ? "no rule" : concat(judgement.field, ": ", judgement.reason)}});
    json::Value row;
    row.set("line", operation.line).set("operation", operation_text(operation));
    row.set("verdict", verdict).set("field", judgement.field);
    out.push(row.set("rule", judgement.place).set("reason", judgement.reason));
  }
  TRY(call.as_json()
          ? print_json(out)
          : print(format_report({"LINE", "OPERATION", "VERDICT", "RULE", "WHY"}, rows, call.style)));
  return denied ? 1 : 0;
}

Result<int> schema(Call& /*call*/) {
  TRY(print_json(policy::policy_schema()));
  return 0;
}

Result<int> fields(Call& /*call*/) {
  TRY(print(policy::fields_markdown()));
  return 0;
}

struct Word {
  std::string_view name;
  size_t min_words, max_words;
  Result<int> (*run)(Call&);
};
constexpr Word kProfileWords[] = {
    {"convert", 1, 1, profile_convert},
    {"diff", 2, 2, profile_diff},
    {"explain", 2, SIZE_MAX, profile_explain},
    {"fields", 0, 0, fields},
    {"generalise", 1, SIZE_MAX, profile_generalise},
    {"keygen", 1, 1, profile_keygen},
    {"lint", 1, SIZE_MAX, profile_lint},
    {"list", 0, 0, list},
    {"merge", 1, SIZE_MAX, merge},
    {"minimise", 1, 1, profile_minimise},
    {"record", 0, SIZE_MAX, profile_record},
    {"replay", 2, SIZE_MAX, profile_replay},
    {"report", 1, 2, profile_report},
    {"schema", 0, 0, schema},
    {"show", 1, 1, show},
    {"sign", 1, SIZE_MAX, profile_sign},
    {"simulate", 2, 2, simulate},
    {"verify", 1, SIZE_MAX, profile_verify},
};

Result<int> run_profile(const Globals& globals, const Arguments& arguments) {
  const std::string& word = arguments.positional().at(0);
  const std::vector<std::string> rest(arguments.positional().begin() + 1,
                                      arguments.positional().end());
  const std::string& format = arguments.text(kProfileFormatFlag);
  if (format != "table" && format != "json" && !(format == "sarif" && word == "lint")) {
    return Error::invalid(concat("invalid format: ", quote(format), "; must be table or json, or sarif for lint"));
  }
  const Word* found = std::find_if(
      std::begin(kProfileWords), std::end(kProfileWords), [&](const Word& w) { return w.name == word; });
  if (found == std::end(kProfileWords)) {
    return Error::invalid(concat("profile: unknown word ",
                                 quote(word),
                                 "; there are convert, diff, explain, fields, generalise, keygen, lint, list, merge, "
                                 "minimise, record, replay, report, schema, show, sign, simulate and verify"));
  }
  if (rest.size() < found->min_words || rest.size() > found->max_words) {
    return Error::invalid(concat("profile ", word, ": wrong number of arguments; see --help"));
  }
  TRY_ASSIGN(launch::PolicyFiles files, launch::PolicyFiles::of_node());
  Call call{globals, arguments, files, rest, format, stdout_style()};
  return found->run(call);
}

}  // namespace

constinit const Verb kVerbProfile = {
    .name = "profile",
    .group = VerbGroup::kPolicy,
    .arguments = "list\nshow PROFILE\nlint PROFILE...\ndiff PROFILE PROFILE\nmerge PROFILE...\n"
                 "simulate PROFILE TRACE\nexplain PROFILE OPERATION...\n"
                 "record --output FILE -- run|create|exec ...\nrecord --output FILE --container ID\nmerge RECORDING...\n"
                 "replay PROFILE -- run|create|exec ...\nreport PROFILE [PROFILE]\nreport RECORDING\n"
                 "generalise RECORDING...\nminimise PROFILE\nkeygen KEY\nsign --key FILE PROFILE...\n"
                 "verify PROFILE...\nconvert FILE\nconvert --to FORM PROFILE\nschema\nfields",
    .summary = "look at, check, combine and author profiles",
    .description =
        "PROFILE is a profile's name, or a file when it has a slash or ends in .json. lint exits\n"
        "with 1 on an error, diff when the second profile is not tighter everywhere, simulate when\n"
        "anything in the trace or recording would be denied, explain when the operation is. merge\n"
        "writes what all of them allow, and of recordings what any of them saw.\n\n"
        "record runs a container and writes down what it does, generalise makes a profile of it.\n"
        "replay runs one under the profile, whatever its annotations say, and tells what was refused,\n"
        "by which rule, and what would have to be added; it exits as the command did, and with 1 when\n"
        "that was 0 and the profile refused anything, or not all of it is known.\n\n"
        "minimise writes the shortest profile that means the same. keygen makes KEY.key and KEY.pub,\n"
        "sign writes PROFILE.sig, verify exits with 1 unless every profile is signed by an accepted key.",
    .examples = "redoubt profile list\nredoubt profile show restricted\n"
                "redoubt profile lint ./web.json\nredoubt profile diff default web-server\n"
                "redoubt profile simulate default trace.jsonl\n"
                "redoubt profile explain web-server bind:0.0.0.0:443 exec:/usr/sbin/nginx\n"
                "redoubt profile record --output first.json -- run --bundle /containers/web1 web1\n"
                "redoubt profile record --output more.json --container web1 --for 2s\n"
                "redoubt profile generalise --output web1.json first.json\n"
                "redoubt profile replay ./web1.json -- run --bundle /containers/web1 web1\n"
                "redoubt profile report --output web-server.html default web-server\n"
                "redoubt profile minimise --output small.json ./web1.json\n"
                "redoubt profile keygen fleet\n"
                "redoubt profile sign --key fleet.key ./web1.json\n"
                "redoubt profile verify --key fleet.pub ./web1.json\n"
                "redoubt profile convert --to oci-seccomp restricted\n"
                "redoubt profile convert --to apparmor web-server",
    .flags = kProfileFlags,
    .min_args = 1,
    .max_args = kAnyNumber,
    .run = run_profile,
};

}  // namespace redoubt::cli
