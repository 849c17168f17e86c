// Error: what failed, with the words that a person reads.
//
// An Error has a kind (what the caller may do about it), the errno of the failing system call (0 if none) and a message.
// The leaf names the syscall and the object; every layer above adds at most one frame in front, in its own vocabulary, so that
// the finished line reads from the operation down to the cause: "rootfs: mount /proc: move_mount: permission denied".
// errno is always spelled in Go's lower-case words, because engines match on them ("no such file or directory").
#ifndef REDOUBT_BASE_ERROR_H_
#define REDOUBT_BASE_ERROR_H_

#include <string>
#include <string_view>
#include <utility>

namespace redoubt {

enum class ErrorKind {
  kInvalidSpec,  // the user's document or command line is wrong; retrying cannot help
  kUnsupported,  // this kernel or build lacks what was asked for
  kDenied,       // policy refuses
  kState,        // the container is not in a state that allows this
  kSystem,       // a system call failed
  kInternal,     // a bug of ours
};

// The lower-case text of an errno as Go prints it: errno_text(ENOENT) == "no such file or directory".
std::string errno_text(int err);

class Error {
 public:
  Error(ErrorKind kind, std::string message, int err = 0)
      : kind_(kind), errno_(err), message_(std::move(message)) {}

  // "what: <errno text>". Capture errno first: Error::system(errno, ...).
  static Error system(int err, std::string_view what);
  static Error invalid(std::string message) { return {ErrorKind::kInvalidSpec, std::move(message)}; }
  static Error state(std::string message) { return {ErrorKind::kState, std::move(message)}; }
  static Error unsupported(std::string message) {
    return {ErrorKind::kUnsupported, std::move(message)};
  }
  static Error internal(std::string message) { return {ErrorKind::kInternal, std::move(message)}; }

  ErrorKind kind() const { return kind_; }
  int err() const { return errno_; }
  const std::string& message() const { return message_; }

  // Puts "frame: " in front of the message.
  Error& add_context(std::string_view frame) &;
  Error&& add_context(std::string_view frame) &&;

 private:
  ErrorKind kind_;
  int errno_;
  std::string message_;
};

}  // namespace redoubt

#endif  // REDOUBT_BASE_ERROR_H_
