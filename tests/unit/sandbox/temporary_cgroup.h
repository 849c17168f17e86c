// A directory with plain files that stands for a cgroup in unit tests: what is written can be read
// back. A write overwrites the start of a file and nothing more (no O_TRUNC), so values of one
// length are used.
#ifndef REDOUBT_TESTS_UNIT_SANDBOX_TEMPORARY_CGROUP_H_
#define REDOUBT_TESTS_UNIT_SANDBOX_TEMPORARY_CGROUP_H_

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/io.h"

namespace redoubt::sandbox {

class TemporaryCgroup {
 public:
  TemporaryCgroup() {
    std::string pattern = std::filesystem::temp_directory_path() / "redoubt-cgroup-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryCgroup() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryCgroup(const TemporaryCgroup&) = delete;
  TemporaryCgroup& operator=(const TemporaryCgroup&) = delete;

  const std::string& path() const { return path_; }

  void put(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    auto fd = open_at(AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ASSERT_TRUE(fd) << file;
    ASSERT_TRUE(write_all(fd->get(), text, name));
  }
  std::string get(const std::string& name) const {
    auto text = read_file(path_ + "/" + name, 1 << 20);
    return text ? *text : "<missing>";
  }

 private:
  std::string path_;
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_TESTS_UNIT_SANDBOX_TEMPORARY_CGROUP_H_
