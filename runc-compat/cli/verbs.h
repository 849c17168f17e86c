// The list of all verbs. Each is defined in the file of its name.
#ifndef REDOUBT_CLI_VERBS_H_
#define REDOUBT_CLI_VERBS_H_

#include <span>
#include <string_view>

#include "runc-compat/cli/verb.h"

namespace redoubt::cli {

extern const Verb kVerbBpf;
extern const Verb kVerbCheckpoint;
extern const Verb kVerbCreate;
extern const Verb kVerbDelete;
extern const Verb kVerbDoctor;
extern const Verb kVerbEvents;
extern const Verb kVerbExec;
extern const Verb kVerbFeatures;
extern const Verb kVerbKill;
extern const Verb kVerbList;
extern const Verb kVerbPause;
extern const Verb kVerbPolicy;
extern const Verb kVerbProfile;
extern const Verb kVerbPs;
extern const Verb kVerbRestore;
extern const Verb kVerbResume;
extern const Verb kVerbRun;
extern const Verb kVerbSpec;
extern const Verb kVerbStart;
extern const Verb kVerbState;
extern const Verb kVerbUpdate;

// Sorted by name. "help" is not among them: cli.cc answers it.
std::span<const Verb* const> all_verbs();

// nullptr when there is none of that name.
const Verb* find_verb(std::string_view name);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_VERBS_H_
