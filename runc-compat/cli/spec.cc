#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/io.h"
#include "base/str.h"
#include "oci/spec_template.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/verbs.h"
#include "sandbox/probe.h"

namespace redoubt::cli {
namespace {

constexpr char kConfigName[] = "config.json";

constexpr Flag kSpecFlags[] = {
    {.name = "bundle",
     .short_name = "b",
     .placeholder = "DIR",
     .help = "the directory to write to (default: the current directory)"},
    {.name = "rootless",
     .kind = FlagKind::kBool,
     .help = "write it for a caller without privilege, with a user namespace"},
};

Result<UniqueFd> open_bundle(const std::string& path) {
  const int fd = ::open(path.c_str(), O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return Error::system(errno, concat("chdir ", path));
  }
  return UniqueFd(fd);
}

// O_EXCL: an existing document, or a link that somebody left there, is never written through.
Result<UniqueFd> create_config(int bundle_fd) {
  const int fd =
      ::openat(bundle_fd, kConfigName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) {
    return Error::invalid(concat("File ", kConfigName, " exists. Remove it first"));
  }
  if (fd < 0) {
    return Error::system(errno, concat("open ", kConfigName));
  }
  return UniqueFd(fd);
}

Result<int> run_spec(const Globals& globals, const Arguments& arguments) {
  oci::TemplateOptions options;
  options.hostname = globals.program_name == "runc" ? "runc" : "redoubt";
  options.cgroup_namespace = sandbox::probe_host().cgroup_v2_only;
  options.rootless = arguments.flag("rootless");
  options.uid = ::geteuid();
  options.gid = ::getegid();
  const std::string text = json::dump(oci::spec_template(options), json::Layout::kTab);

  const std::string& bundle = arguments.text("bundle");
  TRY_ASSIGN(const UniqueFd bundle_fd, open_bundle(bundle.empty() ? "." : bundle));
  TRY_ASSIGN(const UniqueFd config, create_config(bundle_fd.get()));
  const Status written = write_all(config.get(), text, kConfigName);
  if (!written) {
    ::unlinkat(bundle_fd.get(), kConfigName, 0);  // a part of a document is worse than none
    return written.error();
  }
  return 0;
}

}  // namespace

constinit const Verb kVerbSpec = {
    .name = "spec",
    .group = VerbGroup::kDocuments,
    .summary = "write a config.json to start from",
    .description =
        "The document describes a shell on a terminal, confined in the usual way, with the "
        "directory\n"
        "\"rootfs\" as its root file system. An existing config.json is never overwritten.",
    .examples =
        "redoubt spec --bundle /containers/web1\n"
        "redoubt spec --rootless",
    .flags = kSpecFlags,
    .quiet = true,
    .run = run_spec,
};

}  // namespace redoubt::cli
