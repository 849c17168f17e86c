#include "policy/effective.h"

#include <algorithm>

#include "base/str.h"
#include "policy/annotations.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/harden.h"
#include "policy/signed_profiles.h"

namespace redoubt::policy {
namespace {

constexpr const char* kDefaultProfile = "default";
constexpr size_t kMaxChain = 8;

// The last one of the chain, which the one before extends.
Result<Document> read_profile(const ProfileLookup& find_profile, const std::vector<std::string>& chain) {
  const std::string& name = chain.back();
  TRY_ASSIGN(const std::optional<SourceText> text, find_profile(name));
  if (!text) {
    const std::string asked = chain.size() < 2 ? "" : concat("profile ", quote(chain[chain.size() - 2]), ": /extends: ");
    return Error::invalid(concat(asked, "profile ", quote(name), ": there is none of that name; see redoubt profile list"));
  }
  TRY_ASSIGN(Document document, read_source(*text));
  if (document.name != name) {
    return Error::invalid(concat(
        text->source, ": /name: is ", quote(document.name), ", the file is for ", quote(name)));
  }
  return document;
}

Result<Document> load_chain(const ProfileLookup& find_profile,
                            const std::string& name,
                            std::vector<std::string>& chain) {
  if (chain.size() == kMaxChain || std::find(chain.begin(), chain.end(), name) != chain.end()) {
    return Error::invalid(concat("profile ",
                                 quote(chain.front()),
                                 ": /extends: ",
                                 join(chain, " -> "),
                                 " -> ",
                                 name,
                                 " is a circle or too long"));
  }
  chain.push_back(name);
  TRY_ASSIGN(Document document, read_profile(find_profile, chain));
  const std::vector<std::string> bases = document.extends;
  for (const std::string& base : bases) {
    TRY_ASSIGN(const Document parent, load_chain(find_profile, base, chain));
    document = meet(document, parent);
  }
  chain.pop_back();
  document.extends.clear();  // nothing is left to merge in
  return document;
}

// The strongest opinion first: of equal values the first source is the one that is named.
struct Selection {
  Document node;  // rules only
  Document profile;
  AnnotationPolicy annotations;
  bool reject = true;
  std::vector<std::string> warnings;
  std::vector<std::string> signers;
};

std::string widening_text(std::string_view who,
                          const FieldInfo& info,
                          const Document& asked,
                          const Document& bound) {
  const FieldValue& limit = bound[info.field];
  return concat(who,
                ": ",
                info.path,
                ": ",
                place_of(asked.rules[asked[info.field].rule]),
                " asks for ",
                value_text(info, asked[info.field]),
                ", ",
                limit.present ? place_of(bound.rules[limit.rule]) : std::string("policy"),
                " allows ",
                value_text(info, limit));
}

// Fields that are not mentioned ask for nothing.
Status refuse_widening(std::string_view who,
                       const Document& asked,
                       const Document& bound,
                       std::string_view remedy,
                       Selection& selection) {
  for (const Field field : wider_fields(asked, bound)) {
    if (!asked[field].present) {
      continue;
    }
    std::string text = widening_text(who, info_of(field), asked, bound);
    if (selection.reject) {
      return Error(ErrorKind::kDenied, concat(text, "; ", remedy));
    }
    selection.warnings.push_back(concat(text, "; the tighter value is used"));
  }
  return {};
}

Status select_profile(const PolicySources& sources, Selection& selection) {
  const ProfileLookup find_profile = accepted_profiles(sources, selection.node, &selection.signers);
  const FieldValue& node_default = selection.node[Field::kNodeDefaultProfile];
  const std::string default_name = !sources.imposed.empty() ? sources.imposed
                                   : node_default.present   ? node_default.text
                                                            : kDefaultProfile;
  Result<Document> standard = load_profile(find_profile, default_name);
  if (!standard && sources.imposed.empty() && node_default.present) {
    return std::move(standard).error().add_context(
        concat(place_of(selection.node.rules[node_default.rule]), ": node.defaultProfile"));
  }
  TRY_ASSIGN(selection.profile, std::move(standard));
  const AnnotationPolicy& asked = selection.annotations;
  if (!sources.imposed.empty() || asked.profile.empty() || asked.profile == default_name) {
    return {};
  }
  Result<Document> named = load_profile(find_profile, asked.profile);
  if (!named) {
    return std::move(named).error().add_context(asked.profile_source);
  }
  TRY(refuse_widening(asked.profile_source, *named, selection.node, "ask for a profile that keeps to the node's rules", selection));
  const FieldValue& allowed = selection.node[Field::kNodeAllowedProfiles];
  if (allowed.present && find_entry(allowed, asked.profile) != nullptr) {
    selection.profile = *std::move(named);
    return {};
  }
  TRY(refuse_widening(asked.profile_source, *named, selection.profile, "node.allowedProfiles in the node's config.json would let it in", selection));
  selection.profile = meet(*named, selection.profile);
  return {};
}

// What virtual machines are made of and how large they may be, which privileged containers do not choose either.
Document machine_rules_of(const Document& node) {
  Document out = node;
  for (const FieldInfo& info : field_table()) {
    if (!info.path.starts_with("vm.")) {
      out[info.field] = {};
    }
  }
  return out;
}

}  // namespace

bool restricts_network(const Effective& policy) {
  for (const Document* document : {&policy.document, &policy.privileged}) {
    if ((*document)[Field::kNetworkConnect].present || (*document)[Field::kNetworkBind].present) {
      return true;
    }
  }
  return false;
}

bool reports_filters(const Effective& policy) {
  return policy.document[Field::kSyscallsReport].number != 0 ||
         policy.privileged[Field::kSyscallsReport].number != 0;
}

bool reports_files(const Effective& policy) {
  return wants_file_reports(policy.document) || wants_file_reports(policy.privileged);
}

Result<Document> read_node(const std::optional<SourceText>& node) {
  if (!node) {
    Document none;
    none.kind = DocumentKind::kNodePolicy;
    return none;
  }
  TRY_ASSIGN(Document document,
             read_document(node->text, node->source, {.kind = DocumentKind::kNodePolicy}));
  for (Rule& rule : document.rules) {
    rule.hard = true;
  }
  return document;
}

Result<Document> read_source(const SourceText& profile) {
  TRY_ASSIGN(Document document,
             profile.built_in != nullptr ? profile.built_in()
                                         : read_document(profile.text, profile.source));
  const bool best_effort =
      document[Field::kMode].present && document.level(Field::kMode) < kModeRequired;
  for (Rule& rule : document.rules) {
    rule.best_effort = best_effort;
  }
  return document;
}

Result<Document> load_profile(const ProfileLookup& find_profile, const std::string& name) {
  std::vector<std::string> chain;
  return load_chain(find_profile, name, chain);
}

std::optional<SourceText> find_embedded_profile(std::string_view name) {
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    if (profile.name == name) {
      return SourceText{{}, concat("profiles/", name, ".json"), profile.document};
    }
  }
  return std::nullopt;
}

Result<Effective> choose_policy(const PolicySources& sources,
                                const std::map<std::string, std::string>& annotations) {
  Selection selection;
  TRY_ASSIGN(selection.node, read_node(sources.node));
  TRY_ASSIGN(selection.annotations, read_annotations(annotations));
  selection.reject = selection.node.level(Field::kNodeOnConflict, 1) != 0;
  TRY(select_profile(sources, selection));
  if (!selection.annotations.recording.empty() && !selection.node[Field::kNodeRecordings].present) {
    return Error(ErrorKind::kDenied,
                 "annotation io.redoubt.record: this node keeps no recordings; node.recordings in the node's "
                 "config.json would name their directory (redoubt-node(5))");
  }
  Effective effective;
  effective.recording = selection.annotations.recording;
  effective.profile = selection.profile.name;
  effective.signers = std::move(selection.signers);
  effective.is_plain_default =
      !sources.node && !selection.annotations.any && sources.imposed.empty();
  if (effective.is_plain_default) {
    effective.document = std::move(selection.profile);
    TRY(check_conflicts(effective.document));
    return effective;
  }
  const Document& asked = selection.annotations.document;
  TRY(refuse_widening("annotations",
                      asked,
                      meet(selection.node, selection.profile),
                      "an annotation can only tighten; leave this out, or name a profile that the node allows",
                      selection));

  const Document own_wish = selection.annotations.profile.empty()
                                ? asked
                                : meet(asked, selection.profile);
  const bool floor = selection.node.level(Field::kNodePrivileged) != 0;
  effective.privileged = meet(floor ? selection.node : machine_rules_of(selection.node), own_wish);
  effective.document = meet(meet(selection.node, asked), selection.profile);
  TRY(check_conflicts(effective.document));
  effective.warnings = std::move(selection.warnings);
  return effective;
}

}  // namespace redoubt::policy
