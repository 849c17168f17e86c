#include "policy/signed_profiles.h"

#include <algorithm>

#include "base/str.h"
#include "policy/signature/signature.h"

namespace redoubt::policy {
namespace {

std::string ids_of(const std::vector<PublicKey>& keys) {
  std::vector<std::string> ids;
  for (const PublicKey& key : keys) {
    ids.push_back(key_id(key));
  }
  return join(ids, ", ");
}

std::string remedy_for(const SourceText& profile) {
  return concat("look at it, and sign it: redoubt profile sign --key FILE ", profile.source);
}

Error refusal(std::string text) {
  return {ErrorKind::kDenied, std::move(text)};
}

// Who answers for a profile, in words.
Result<std::string> signer_by(const PolicySources& sources,
                              const Document& node,
                              const std::string& name,
                              const SourceText& profile) {
  if (profile.built_in != nullptr) {
    return std::string("built in");
  }
  TRY_ASSIGN(const std::vector<PublicKey> keys, accepted_keys(node));
  std::optional<SourceText> signature;
  if (sources.find_signature) {
    TRY_ASSIGN(signature, sources.find_signature(name));
  }
  TRY_ASSIGN(const std::string id, signer_of(profile, signature, keys));
  return concat("key ", id);
}

}  // namespace

Result<std::string> signer_of(const SourceText& profile,
                              const std::optional<SourceText>& signature,
                              const std::vector<PublicKey>& keys) {
  if (!signature) {
    return refusal(concat(profile.source, " is not signed: there is no ", profile.source,
                          kSignatureSuffix, "; ", remedy_for(profile)));
  }
  const Result<Signature> parsed = parse_signature(signature->text, signature->source);
  if (!parsed) {
    return refusal(concat(parsed.error().message(), "; ", remedy_for(profile)));
  }
  bool is_known = false;
  for (const PublicKey& key : keys) {
    if (key_id(key) != parsed->key_id) {
      continue;
    }
    is_known = true;
    if (verifies(profile.text, *parsed, key)) {
      return parsed->key_id;
    }
  }
  if (is_known) {
    return refusal(concat(profile.source, " is not what key ", parsed->key_id,
                          " signed: it was changed since, or the signature is that of another file; ",
                          remedy_for(profile)));
  }
  return refusal(concat(profile.source, " is signed by key ", parsed->key_id, ", and not by ",
                        keys.empty() ? "a key that is accepted: there is none" : ids_of(keys),
                        "; sign it with a key that is accepted, or accept this one"));
}

Result<std::vector<PublicKey>> accepted_keys(const Document& node) {
  std::vector<PublicKey> keys;
  for (const Entry& entry : node[Field::kNodeSignedBy].entries) {
    TRY_ASSIGN(const PublicKey key, parse_public_key(entry.key, place_of(node.rules[entry.rule])));
    keys.push_back(key);
  }
  return keys;
}

ProfileLookup accepted_profiles(const PolicySources& sources,
                                const Document& node,
                                std::vector<std::string>* signers) {
  if (!node[Field::kNodeSignedBy].present) {
    return sources.find_profile;
  }
  return [&sources, &node, signers](const std::string& name) -> Result<std::optional<SourceText>> {
    TRY_ASSIGN(std::optional<SourceText> profile, sources.find_profile(name));
    if (!profile) {
      return profile;
    }
    Result<std::string> signer = signer_by(sources, node, name, *profile);
    if (!signer) {
      return std::move(signer).error().add_context(
          concat("profile ", quote(name), ": node.signedBy (",
                 place_of(node.rule_of(Field::kNodeSignedBy)), ")"));
    }
    std::string line = concat(name, ": ", *signer);
    if (signers != nullptr && std::find(signers->begin(), signers->end(), line) == signers->end()) {
      signers->push_back(std::move(line));
    }
    return profile;
  };
}

}  // namespace redoubt::policy
