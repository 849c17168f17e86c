#include "bpf/set.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <string_view>

#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "bpf/maps/pins.h"
#include "sandbox/dl_process.h"
#include "sandbox/program_pins.h"

namespace redoubt::bpf {
namespace {

Result<UniqueFd> lock_set() {
  TRY(make_set_directory());
  TRY_ASSIGN(
      UniqueFd lock,
      open_at(AT_FDCWD, concat(kSetDirectory, "/lock"), O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      return Error::system(errno, concat("flock ", kSetDirectory, "/lock"));
    }
  }
  return lock;
}

// The loader keeps the lock as well: when this process is killed, it goes on to its end, and nobody
// else may load or unload until then.
Status call_loader(int lock, const char* wish) {
  TRY_ASSIGN(sandbox::DlProcess loader, sandbox::DlProcess::start(lock));
  TRY(loader.call({wish, log::enabled(log::Level::kDebug) ? "1" : "0"}));
  return {};
}

}  // namespace

Status make_set_directory() {
  if ((::mkdir(kRunDirectory, 0711) != 0 && errno != EEXIST) ||
      (::mkdir(kSetDirectory, 0700) != 0 && errno != EEXIST)) {
    return Error::system(errno, concat("mkdir ", kSetDirectory));
  }
  return {};
}

Result<redoubt_meta> load_programs(bool again) {
  TRY_ASSIGN(const UniqueFd lock, lock_set());
  Result<redoubt_meta> present = read_meta();
  if (present && !again && std::string_view(present->version) == REDOUBT_VERSION) {
    TRY(settle_links(kProgramLinks));
    TRY(settle_links(kFileLinks));
    return present;
  }
  TRY(call_loader(lock.get(), "load bpf programs"));
  if (has_file_reports()) {
    TRY(call_loader(lock.get(), "load file reports"));
  }
  return read_meta();
}

bool has_file_reports() {
  return !linked_programs(kFileLinks).empty();
}

Status load_file_reports() {
  if (has_file_reports()) {
    return {};
  }
  TRY_ASSIGN(const UniqueFd lock, lock_set());
  TRY(read_meta().context("the BPF LSM programs, whose log it is"));
  TRY(settle_links(kFileLinks));
  return has_file_reports() ? Status() : call_loader(lock.get(), "load file reports");
}

Status try_file_reports() {
  TRY_ASSIGN(const UniqueFd lock, lock_set());
  return call_loader(lock.get(), "try file reports");
}

Status unload_programs() {
  TRY_ASSIGN(const UniqueFd lock, lock_set());
  TRY(remove_all_pins());
  return remove_pins(sandbox::kProgramPins);
}

}  // namespace redoubt::bpf
