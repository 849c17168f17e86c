// node.signedBy: which profiles a node takes. Those inside of the program are part of it; every other
// one came from a file, and must carry the signature of a key that the node lists, whoever asked for it:
// the node's default, an annotation, what another profile extends, `profile replay`.
//
// The text that is verified is the text that is read: a SourceText is never fetched twice.
#ifndef REDOUBT_POLICY_SIGNED_PROFILES_H_
#define REDOUBT_POLICY_SIGNED_PROFILES_H_

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/effective.h"
#include "policy/signature/key.h"

namespace redoubt::policy {

// The id of the key of `keys` that signed the profile. An error says what is wrong with the
// signature and what to do about it.
Result<std::string> signer_of(const SourceText& profile,
                              const std::optional<SourceText>& signature,
                              const std::vector<PublicKey>& keys);

// The keys of node.signedBy, which is present.
Result<std::vector<PublicKey>> accepted_keys(const Document& node);

// sources.find_profile as the node takes profiles; itself where there is no node.signedBy. `signers`,
// where not null, gets a line for each profile that is found: "web: key 0123456789abcdef". `sources`,
// `node` and `signers` must outlive the result.
ProfileLookup accepted_profiles(const PolicySources& sources,
                                const Document& node,
                                std::vector<std::string>* signers);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_SIGNED_PROFILES_H_
