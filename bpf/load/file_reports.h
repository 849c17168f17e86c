// Loads the programs that write down what Landlock refuses (programs/landlock.bpf.c): at the end of Landlock's own functions, for the whole
// node. In redoubt-dl; the caller (bpf/set.cc) holds the lock. The first set is loaded already, for they share its maps.
#ifndef REDOUBT_BPF_LOAD_FILE_REPORTS_H_
#define REDOUBT_BPF_LOAD_FILE_REPORTS_H_

#include "base/result.h"

namespace redoubt::bpf {

// ErrorKind::kUnsupported or kSystem with the reason; what was there before is unchanged then. Needs what attach_programs() does, and a kernel that
// lets programs read its memory (no lockdown=confidentiality). `pin`: false only tries.
Status attach_file_reports(bool verbose, bool pin);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_FILE_REPORTS_H_
