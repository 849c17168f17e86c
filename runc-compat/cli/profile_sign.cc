// profile keygen, sign, verify: who answers for a profile. The forms of the files are in policy/signature.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "policy/signature/signature.h"
#include "policy/signed_profiles.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

using policy::PublicKey;
using policy::SecretKey;
using policy::SourceText;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kPublicMode = 0644;

Result<SecretKey> new_secret_key() {
  policy::KeyBytes seed{};
  if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
    return Error::system(errno, "getrandom");
  }
  SecretKey key(seed);
  ::explicit_bzero(seed.data(), seed.size());
  return key;
}

// O_EXCL: neither an existing key nor a link that somebody left there is written to.
Status create_file(const std::string& path, const std::string& text, mode_t mode) {
  Result<UniqueFd> fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!fd && fd.error().err() == EEXIST) {
    return Error::invalid(concat("profile keygen: ", path, " is there already; --force replaces it"));
  }
  if (!fd) {
    return std::move(fd).error().add_context("profile keygen");
  }
  Status written = write_all(fd->get(), text, path);
  if (written && ::fsync(fd->get()) != 0) {
    written = Error::system(errno, concat("fsync ", path));
  }
  if (!written) {
    ::unlink(path.c_str());
  }
  return written;
}

Status create_key_files(const std::string& secret_path,
                        const std::string& public_path,
                        const SecretKey& key) {
  std::string secret = concat(policy::to_text(key), "\n");
  const Status created = create_file(secret_path, secret, kSecretMode);
  policy::wipe(secret);
  TRY(created);
  Status status = create_file(public_path, concat(policy::to_text(key.public_key()), "\n"), kPublicMode);
  if (!status) {
    ::unlink(secret_path.c_str());  // made above: half a pair is of no use
  }
  return status;
}

// A secret that others can read is none: it is refused, as ssh(1) does.
Result<SecretKey> open_secret_key(const std::string& path) {
  TRY_ASSIGN(const UniqueFd fd, open_at(AT_FDCWD, path, O_RDONLY | O_NOCTTY));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  TRY_ASSIGN(std::string text, read_all(fd.get(), policy::kMaxKeyFile, path));
  Result<SecretKey> key = policy::parse_secret_key(text, path);
  policy::wipe(text);
  if (key && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error(ErrorKind::kDenied, concat(path, ": others may read this key; chmod 600 it, or make a new one if somebody has"));
  }
  return key;
}

// A key as its file, or as the text itself.
Result<PublicKey> open_public_key(const std::string& word) {
  if (word.starts_with("ed25519:")) {
    return policy::parse_public_key(word, "--key");
  }
  TRY_ASSIGN(const std::string text, read_file(word, policy::kMaxKeyFile));
  return policy::parse_public_key(text, word);
}

Result<std::vector<PublicKey>> keys_of(const ProfileCall& call) {
  std::vector<PublicKey> keys;
  for (const std::string& word : call.arguments.list(kProfileKeyFlag)) {
    TRY_ASSIGN(const PublicKey key, open_public_key(word));
    keys.push_back(key);
  }
  if (!keys.empty()) {
    return keys;
  }
  TRY_ASSIGN(const policy::Document node, policy::read_node(call.files.sources().node));
  if (!node[policy::Field::kNodeSignedBy].present) {
    return Error::invalid("profile verify: give --key FILE; this node has no node.signedBy");
  }
  return policy::accepted_keys(node);
}

// What can be signed: the file of a profile that is readable as one.
Result<SourceText> open_signable(ProfileCall& call, const std::string& word) {
  TRY_ASSIGN(SourceText source, open_source(call.files, word));
  if (source.built_in != nullptr) {
    return Error::invalid(concat("profile sign: ", quote(word), " is built in and needs no signature; give a file"));
  }
  TRY_ASSIGN(const policy::Document document, policy::read_source(source));
  return source;
}

}  // namespace

Result<int> profile_keygen(ProfileCall& call) {
  const std::string secret_path = concat(call.words[0], ".key");
  const std::string public_path = concat(call.words[0], ".pub");
  if (call.arguments.flag(kProfileForceFlag)) {
    ::unlink(secret_path.c_str());
    ::unlink(public_path.c_str());
  }
  TRY_ASSIGN(const SecretKey key, new_secret_key());
  TRY(create_key_files(secret_path, public_path, key));
  TRY(print(concat("secret key ", secret_path, ": sign with it; keep it off the nodes\n",
                   "public key ", public_path, ": list its line in node.signedBy\n",
                   "key id ", policy::key_id(key.public_key()), "\n")));
  return 0;
}

Result<int> profile_sign(ProfileCall& call) {
  const std::vector<std::string>& keys = call.arguments.list(kProfileKeyFlag);
  if (keys.size() != 1) {
    return Error::invalid("profile sign: needs one --key FILE, the secret key; redoubt profile keygen makes one");
  }
  TRY_ASSIGN(const SecretKey key, open_secret_key(keys[0]));
  for (const std::string& word : call.words) {
    TRY_ASSIGN(const SourceText profile, open_signable(call, word));
    const policy::Signature signature = policy::sign_profile(profile.text, key);
    const std::string path = concat(profile.source, policy::kSignatureSuffix);
    TRY(replace_file_at(AT_FDCWD, path, concat(policy::to_text(signature), "\n"), kPublicMode));
    TRY(print(concat(path, ": signed by key ", signature.key_id, "\n")));
  }
  return 0;
}

Result<int> profile_verify(ProfileCall& call) {
  TRY_ASSIGN(const std::vector<PublicKey> keys, keys_of(call));
  std::vector<std::vector<Cell>> rows;
  json::Value out{json::Array()};
  bool all_good = true;
  for (const std::string& word : call.words) {
    TRY_ASSIGN(const SourceText profile, open_source(call.files, word));
    const bool built_in = profile.built_in != nullptr;
    Result<std::optional<SourceText>> signature = open_signature(profile);
    const Result<std::string> signer = built_in    ? Result<std::string>(std::string())
                                       : signature ? policy::signer_of(profile, *signature, keys)
                                                   : std::move(signature).error();
    all_good &= signer.has_value();
    const std::string said = !signer ? signer.error().message() : built_in ? "built in" : concat("signed by key ", *signer);
    rows.push_back({{signer ? "ok" : "FAIL", signer ? Colour::kGood : Colour::kBad},
                    {profile.source, Colour::kBold},
                    {said}});
    json::Value row;
    row.set("profile", profile.source).set("accepted", signer.has_value());
    row.set("key", signer ? *signer : "");
    out.push(row.set("reason", signer ? "" : said));
  }
  TRY(call.as_json() ? print_json(out) : print(format_report({}, rows, call.style)));
  return all_good ? 0 : 1;
}

}  // namespace redoubt::cli
