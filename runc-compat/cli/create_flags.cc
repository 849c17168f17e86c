#include "runc-compat/cli/create_flags.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <utility>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr uint64_t kMaxPreservedDescriptors = 1 << 20;  // fs.nr_open's default

}  // namespace

Result<std::string> absolute_argument(const std::string& path) {
  if (path.empty() || path.front() == '/') {
    return path;
  }
  char* directory = ::getcwd(nullptr, 0);
  if (directory == nullptr) {
    return Error::system(errno, "getwd");
  }
  std::string absolute = absolute_path(path, directory);
  ::free(directory);
  return absolute;
}

Result<int> preserved_descriptors(const Arguments& arguments) {
  const uint64_t count = arguments.unsigned_number("preserve-fds");
  if (count > kMaxPreservedDescriptors) {
    return Error::invalid(
        concat("preserve-fds: ", count, " is more than the limit of ", kMaxPreservedDescriptors));
  }
  return static_cast<int>(count);
}

Result<launch::CreateOptions> create_options(const Globals& globals, const Arguments& arguments) {
  if (globals.cgroup_disabled) {
    return Error::unsupported(
        "cgroup-manager: disabled is not supported for new containers; use cgroupfs or systemd");
  }
  launch::CreateOptions options;
  options.runtime = globals.runtime;
  options.id = arguments.positional().at(0);
  if (!arguments.text("bundle").empty()) {
    options.bundle = arguments.text("bundle");
  }
  options.console_socket = arguments.text("console-socket");
  options.pidfd_socket = arguments.text("pidfd-socket");
  TRY_ASSIGN(options.pid_file, absolute_argument(arguments.text("pid-file")));
  options.no_pivot = arguments.flag("no-pivot");
  options.no_new_keyring = arguments.flag("no-new-keyring");
  TRY_ASSIGN(options.preserve_fds, preserved_descriptors(arguments));
  return options;
}

}  // namespace redoubt::cli
