// Which policy is in force for a container: the node's rules, the profile, and what the annotations
// add, merged into one Document.
//
// Sources, strongest first: the node policy's own rules, then the profile (the node's default or
// one that an annotation names), then annotations. Everything meets, so nothing can widen; an
// annotation that tries is refused with the field, both sources and both values. Pure: documents
// come in as text, through a function for the profiles, since which ones are needed turns out on
// the way.
#ifndef REDOUBT_POLICY_EFFECTIVE_H_
#define REDOUBT_POLICY_EFFECTIVE_H_

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct SourceText {
  std::string text;
  std::string source;  // for messages: "/etc/redoubt/profiles/web.json"
  Document (*built_in)() = nullptr;  // of a profile inside of the program, which has no text
};

// The profile of that name, or nothing.
using ProfileLookup = std::function<Result<std::optional<SourceText>>(const std::string& name)>;
// What lies beside the file of a profile that was found as its signature, or nothing.
using SignatureLookup = ProfileLookup;

struct PolicySources {
  std::optional<SourceText> node;  // config.json of the node
  ProfileLookup find_profile;
  std::string imposed = {};  // this profile, whatever the node or the annotations choose; empty: theirs
  SignatureLookup find_signature = {};  // asked only when the node has node.signedBy
};

struct Effective {
  Document document;
  // What a privileged container is kept under when the node lets it run: what its own annotations
  // say, what the node says of machines, and with node.privileged "floor" all of the node's rules.
  Document privileged;
  std::string profile;  // name
  std::string recording;  // name of a recording that is asked for and allowed; empty: none
  // Nothing but the built-in default profile: need not be stored with the container.
  bool is_plain_default = false;
  std::vector<std::string> warnings;  // clamped requests
  // With node.signedBy, who answers for each profile: "web: key 0123456789abcdef", "default: built in".
  std::vector<std::string> signers;
};

Result<Effective> choose_policy(const PolicySources& sources,
                                const std::map<std::string, std::string>& annotations);

// Whether it has network.connect or network.bind, so that HostFacts::cgroup_bpf_network counts.
bool restricts_network(const Effective& policy);

// Whether it has syscalls.report, so that HostFacts::filter_report_lack counts.
bool reports_filters(const Effective& policy);
// Whether it has files.report and something that Landlock can refuse, likewise for file_report_lack.
bool reports_files(const Effective& policy);

// The node's own document; with no opinion where there is none.
Result<Document> read_node(const std::optional<SourceText>& node);

// Reads one profile.
Result<Document> read_source(const SourceText& profile);
// With all that it extends.
Result<Document> load_profile(const ProfileLookup& find_profile, const std::string& name);

// The profiles inside of the program, sorted by name.
struct EmbeddedProfile {
  std::string_view name;
  Document (*document)();
};
std::span<const EmbeddedProfile> embedded_profiles();
std::optional<SourceText> find_embedded_profile(std::string_view name);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_EFFECTIVE_H_
