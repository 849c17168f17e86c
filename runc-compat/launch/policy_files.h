// The files of the policy: where the node's configuration and the profiles are read from, and the
// copy of those that were used, kept with the container.
//
//   /etc/redoubt/config.json            the node's policy (redoubt-node(5))
//   /etc/redoubt/profiles/NAME.json     profiles of the administrator
//   /usr/share/redoubt/profiles/...     those of packages; then those inside of the program
//   NAME.json.sig beside a profile      its signature, read only when the node has node.signedBy
//
// A file that somebody else than root or the caller may write is an error, never skipped: a policy
// must not vanish. So is a directory on the way to it, or a link in somebody's gift
// (base/trusted_path.h). $REDOUBT_POLICY_ROOT puts another directory in front of both, for tests and
// for trying a policy out; it must be absolute, and the same holds for it.
#ifndef REDOUBT_LAUNCH_POLICY_FILES_H_
#define REDOUBT_LAUNCH_POLICY_FILES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/trusted_path.h"
#include "policy/effective.h"

namespace redoubt::launch {

inline constexpr char kPolicyFile[] = "policy.json";  // in the container's state directory

class PolicyFiles {
 public:
  // Of this node.
  static Result<PolicyFiles> of_node();
  // From the copy in a container's state directory. Without one, the container was made with
  // what is inside of the program.
  static Result<PolicyFiles> of_container(int state_directory_fd);

  // From now on what this process makes is under this profile, whatever the node or an annotation
  // chooses; the node's own rules stay in force. For `profile replay`.
  static void impose(const std::string& name, policy::SourceText profile);

  // The object must outlive the result.
  policy::PolicySources sources();

  // What was read from files so far, to be kept with the container; empty when there was nothing.
  std::string copy() const;

  // Names of all profiles, each once, with where it comes from.
  std::vector<std::pair<std::string, std::string>> list() const;

 private:
  Status add_directory(const std::string& path);
  Result<std::optional<policy::SourceText>> find(const std::string& name);
  Result<std::optional<policy::SourceText>> find_signature(const std::string& name);

  TrustedPaths paths_;
  std::vector<std::string> directories_;  // of profiles, the first one wins
  bool is_copy_ = false;                  // of a container: nothing but what is in `read_`
  std::optional<policy::SourceText> node_;
  std::map<std::string, policy::SourceText> read_;
  // Of those in `read_`, by their names. Kept with the container, so that what the node had accepted
  // stays accepted, and nothing else.
  std::map<std::string, policy::SourceText> signatures_;
  std::string imposed_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_POLICY_FILES_H_
