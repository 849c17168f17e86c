// replay: a workload ran under a profile, and some of what it asked for was refused. Which rule did it, and what would have to be added to the profile.
#ifndef REDOUBT_POLICY_AUTHORING_REPLAY_H_
#define REDOUBT_POLICY_AUTHORING_REPLAY_H_

#include <string>
#include <vector>

#include "policy/document/document.h"
#include "policy/simulate.h"

namespace redoubt::policy {

struct ReplayRow {
  Operation operation;
  Judgement judgement;   // of the profile; allowed: somebody else refused it
  std::string proposal;  // "files.write: + /var/lib/x"; empty: nothing that this profile's document can say
};

struct Replay {
  std::vector<ReplayRow> rows;
  Document amended;   // the profile's own document with what is proposed
  size_t denied = 0;  // rows that the profile denies
};

// `own`: the document as written; `inherited`: all that it extends, met. Only what is denied by `own` alone is proposed: what a profile extends, it
// cannot widen.
// Capabilities, system calls and families that the profile does not deny are left out: a condition on arguments, another filter or the lack of a right
// refused them, of which nothing is known here.
Replay replay(const Document& own, const Document& inherited, const std::vector<Operation>& refused);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_REPLAY_H_
