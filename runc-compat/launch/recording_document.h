// From what the recording programs saw of a container to the document that is kept of it. Used by profile record and
// replay, and by the recorder of a container (recorder.h).
#ifndef REDOUBT_LAUNCH_RECORDING_DOCUMENT_H_
#define REDOUBT_LAUNCH_RECORDING_DOCUMENT_H_

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/record/observed.h"
#include "policy/authoring/recording.h"

namespace redoubt::launch {

// A run that begins now. `annotations`: of config.json, where engines put what the image is called.
policy::RecordedRun begin_run(std::vector<std::string> command, const std::map<std::string, std::string>& annotations);

// The workload chose its names: none of them is to reach a terminal or a document as a control sequence. Those are
// left out and counted as lost.
void drop_strange_names(bpf::Observed& observed);

// What was done, or what was refused, as the sections of a recording.
policy::Recording rows_of(const bpf::Observed& observed, bool refused);

policy::Recording recording_of(const bpf::Observed& observed, policy::RecordedRun run);

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_RECORDING_DOCUMENT_H_
