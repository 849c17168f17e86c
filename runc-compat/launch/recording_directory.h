// RecordingDirectory: where a node keeps the recordings that pods ask for (node.recordings).
//
// The pod's author chooses a plain name and nothing else: files are made anew as NAME.1.json, NAME.2.json ... and never
// written through a link or over another one. Only so many recordings are made at a time, for each of them costs every
// system call of the host a lookup. Used by the recorder of a container (recorder.h).
#ifndef REDOUBT_LAUNCH_RECORDING_DIRECTORY_H_
#define REDOUBT_LAUNCH_RECORDING_DIRECTORY_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt::launch {

// At a time, in one directory.
inline constexpr unsigned kMaxRecorders = 8;
// Of one name.
inline constexpr unsigned kMaxRecordings = 1000;

class RecordingDirectory {
 public:
  // Nobody but root or the caller may write to it. All places taken: ErrorKind::kDenied.
  static Result<RecordingDirectory> open(const std::string& path);

  // Under the first number that is free, as a whole or not at all. The file's path.
  Result<std::string> write(const std::string& name, std::string_view text) const;

  // A place in it is held as long as this descriptor is open anywhere.
  int place_fd() const { return place_.get(); }
  int fd() const { return fd_.get(); }

 private:
  RecordingDirectory(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status take_place();

  std::string path_;
  UniqueFd fd_, place_;
};

}  // namespace redoubt::launch

#endif  // REDOUBT_LAUNCH_RECORDING_DIRECTORY_H_
