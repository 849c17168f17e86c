// The entry point: descriptors 0 to 2 made safe, argv handed to the command line, and the
// last-resort catch.
//
// Nothing of ours throws; the catch is for the standard library (out of memory) and turns it into
// one line and status 1.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <exception>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runc-compat/cli/cli.h"
#include "runc-compat/cli/output.h"

namespace {

// A caller may start us with a standard descriptor closed; the next file opened would then become
// the container's stdin, or the target of our error messages. open(2) fills the lowest gap first.
bool fill_standard_descriptors() {
  struct pollfd fds[3] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  if (::poll(fds, 3, 0) < 0) {
    return false;
  }
  for (const struct pollfd& fd : fds) {
    if ((fd.revents & POLLNVAL) != 0 && ::open("/dev/null", O_RDWR) < 0) {
      return false;
    }
  }
  return true;
}

int run(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return redoubt::cli::run_command_line(argc > 0 ? argv[0] : "redoubt", words);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (!fill_standard_descriptors()) {
      return 1;
    }
    return run(argc, argv);
  } catch (const std::exception& exception) {
    return redoubt::cli::report_failure(redoubt::Error::internal(exception.what()), 1);
  }
}
