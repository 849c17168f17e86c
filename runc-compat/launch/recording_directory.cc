#include "runc-compat/launch/recording_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/trusted_path.h"

namespace redoubt::launch {
namespace {

constexpr mode_t kMode = 0600;

Status write_whole(int directory, const std::string& name, std::string_view text) {
  TRY_ASSIGN(const UniqueFd file, open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kMode));
  TRY(write_all(file.get(), text, name));
  // A file system may say only now that it is full.
  return ::fsync(file.get()) == 0 ? Status() : Error::system(errno, concat("fsync ", name));
}

}  // namespace

Result<RecordingDirectory> RecordingDirectory::open(const std::string& path) {
  TRY_ASSIGN(const std::string real, TrustedPaths().resolve(path));
  // The directory itself is no link, as ever.
  TRY_ASSIGN(UniqueFd fd, open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) {
    return Error::system(errno, concat("stat ", path));
  }
  TRY(TrustedPaths::check(st, real));
  RecordingDirectory directory(path, std::move(fd));
  TRY(directory.take_place());
  return directory;
}

Status RecordingDirectory::take_place() {
  for (unsigned number = 1; number <= kMaxRecorders; ++number) {
    // Whatever else lies under the name is a place that is taken.
    Result<UniqueFd> place =
        open_at(fd_.get(), concat(".place-", number), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, kMode);
    if (place && ::flock(place->get(), LOCK_EX | LOCK_NB) == 0) {
      place_ = *std::move(place);
      return {};
    }
    if (!place && place.error().err() != ELOOP && place.error().err() != EISDIR) {
      return std::move(place).error().add_context(path_);
    }
  }
  return Error(ErrorKind::kDenied,
               concat(path_, ": ", kMaxRecorders, " containers are recorded already; wait until one of them has ended"));
}

Result<std::string> RecordingDirectory::write(const std::string& name, std::string_view text) const {
  const std::string draft = concat(".", name, ".", ::getpid(), ".draft");
  Status written = write_whole(fd_.get(), draft, text);
  Result<std::string> result = written ? Result<std::string>(Error(ErrorKind::kDenied,
                                                                   concat(path_, ": there are ", kMaxRecordings, " recordings of the name ",
                                                                          name, "; move them elsewhere")))
                                       : std::move(written).error().add_context(path_);
  for (unsigned number = 1; written && number <= kMaxRecordings; ++number) {
    const std::string file = concat(name, ".", number, ".json");
    // Fails where there is anything of that name, a link included.
    if (::linkat(fd_.get(), draft.c_str(), fd_.get(), file.c_str(), 0) == 0) {
      result = concat(path_, "/", file);
      break;
    }
    if (errno != EEXIST) {
      result = Error::system(errno, concat("link ", path_, "/", file));
      break;
    }
  }
  ::unlinkat(fd_.get(), draft.c_str(), 0);
  return result;
}

}  // namespace redoubt::launch
