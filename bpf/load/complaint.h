// What libbpf has to say about a failure: its first warning, for the error.
#ifndef REDOUBT_BPF_LOAD_COMPLAINT_H_
#define REDOUBT_BPF_LOAD_COMPLAINT_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "bpf/load/library.h"

namespace redoubt::bpf {

// From here on. `verbose`: all warnings go to stderr, a verifier's log among them.
void keep_complaints(const BpfLibrary& lib, bool verbose);

// A complaint of libbpf may end with the errno's text, which the error of `what` says as well.
std::string without_errno(std::string_view complaint, int err);

// The error of `what`, with the first complaint.
Error failed(int err, const std::string& what);

}  // namespace redoubt::bpf

#endif  // REDOUBT_BPF_LOAD_COMPLAINT_H_
