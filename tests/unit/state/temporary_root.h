// A state root below a fresh temporary directory, deleted afterwards.
#ifndef REDOUBT_TESTS_UNIT_STATE_TEMPORARY_ROOT_H_
#define REDOUBT_TESTS_UNIT_STATE_TEMPORARY_ROOT_H_

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/io.h"
#include "runc-compat/state/container_dir.h"
#include "sandbox/process_identity.h"

namespace redoubt::state {

class TemporaryRoot {
 public:
  TemporaryRoot() {
    char pattern[] = "/tmp/redoubt-state-XXXXXX";
    base_ = ::mkdtemp(pattern);
  }
  TemporaryRoot(const TemporaryRoot&) = delete;
  TemporaryRoot& operator=(const TemporaryRoot&) = delete;
  ~TemporaryRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(base_, ignored);
  }

  const std::string& base() const { return base_; }
  std::string root() const { return base_ + "/root"; }
  std::string file(const std::string& id, const std::string& name) const {
    return root() + "/" + id + "/" + name;
  }

  void write(const std::string& path, const std::string& text) const {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0) << path;
    ASSERT_TRUE(write_all(fd, text, path).has_value());
    ::close(fd);
  }

 private:
  std::string base_;
};

// A record of this process as init of a created container.
inline Record sample_record(const std::string& id) {
  Record record;
  record.id = id;
  record.bundle = "/bundles/" + id;
  record.rootfs = "/bundles/" + id + "/rootfs";
  record.created = timestamp_now();
  record.phase = Record::Phase::kCreated;
  record.boot_id = *sandbox::read_boot_id();
  record.init_pid = ::getpid();
  record.init_start_time = sandbox::identity_of(::getpid())->start_time;
  return record;
}

}  // namespace redoubt::state

#endif  // REDOUBT_TESTS_UNIT_STATE_TEMPORARY_ROOT_H_
