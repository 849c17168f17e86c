// policy::Recording: what a workload was seen to do (`profile record`), as sets of keys with the
// phases and the number of runs that they were seen in. A document of kind "Recording"; its schema is
// profiles/schema/recording.schema.json.
//
// All sections have one form, so that reading, writing, merging and simulating are loops over a table.
#ifndef REDOUBT_POLICY_AUTHORING_RECORDING_H_
#define REDOUBT_POLICY_AUTHORING_RECORDING_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document/field.h"
#include "policy/simulate.h"

namespace redoubt::policy {

enum class Section { kSyscalls, kCapabilities, kSockets, kConnect, kBind, kFiles, kPrograms };
inline constexpr size_t kSectionCount = 7;

struct SectionInfo {
  Section section;
  std::string_view name;  // in the document
  std::string_view key;   // of a row: "name", "path", "endpoint"
  Vocabulary vocabulary = Vocabulary::kNone;  // kNone: an endpoint
};

// In the order of enum Section.
std::span<const SectionInfo> section_table();

struct Seen {
  std::string key;
  std::string access;  // kFiles: letters of r(ead), w(ritten), x(ecuted), c(reated or removed), d(irectory)
  bool at_start = false, when_steady = false;
  uint64_t runs = 1;

  // A directory is listed, anything else is read: what open(2) for reading makes possible.
  bool is_listed() const;
  bool is_read() const;
};

struct RecordedRun {
  std::vector<std::string> command;
  std::string kernel, started, image;  // image: its digest or reference, when config.json has one
  uint64_t seconds = 0, sessions = 0;
  bool start_seen = true;  // false: the container ran already, and all that was seen is steady
};

struct Recording {
  std::vector<std::string> lost;      // what was to be seen and was not
  std::vector<std::string> not_seen;  // what this way of recording does not show at all
  std::vector<RecordedRun> runs;
  uint64_t privileged_execs = 0;
  bool foreign_architecture = false;
  std::array<std::vector<Seen>, kSectionCount> sections;  // each sorted by key, each key once

  std::vector<Seen>& operator[](Section section) {
    return sections[static_cast<size_t>(section)];
  }
  const std::vector<Seen>& operator[](Section section) const {
    return sections[static_cast<size_t>(section)];
  }
  // Nothing was lost, and one of the runs has seen how the workload starts.
  bool is_complete() const { return lost.empty() && sees_start(); }
  bool sees_start() const;
  // Why it is not complete, for people.
  std::vector<std::string> gaps() const;
  // Puts a row into its place; one with the same key is united with it.
  void add(Section section, Seen seen);
  // Sorts what add() has put in.
  void settle();
};

inline constexpr size_t kMaxRecordingBytes = size_t{64} << 20;

// Strict: an unknown key or a name that is none is an error with the line. `source` starts it.
Result<Recording> read_recording(std::string_view text, const std::string& source);
// A line for each row.
std::string write_recording(const Recording& recording);

// Whether the text is a document of this kind: tells recordings from profiles.
bool is_recording(std::string_view text);

// All of them in one: rows united, runs added up.
Recording merge_recordings(const std::vector<Recording>& recordings);

// What the workload did, as operations for judge().
std::vector<Operation> operations_of(const Recording& recording);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_RECORDING_H_
