// events --audit --journald: the violations as records of the system journal, with a field for each
// fact (redoubt-events(8), JOURNAL FIELDS).
#ifndef REDOUBT_CLI_AUDIT_JOURNAL_H_
#define REDOUBT_CLI_AUDIT_JOURNAL_H_

#include "base/journal.h"
#include "base/json.h"
#include "runc-compat/cli/globals.h"

namespace redoubt::cli {

// The record of a document that violation_document() or follow_violations() has made.
JournalRecord journal_record(const json::Value& document);

// Writes the violations to the journal, each once: a call goes on where the one before has ended
// (one that was killed while it wrote may have written a batch that comes again). Follows until
// interrupted; `once`: without waiting. Errors: the set is not loaded any more, no journal, or
// another process does it already.
Status copy_violations_to_journal(const Globals& globals, bool once);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_AUDIT_JOURNAL_H_
