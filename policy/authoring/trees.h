// The files of a recording as trees that Landlock can hold: a set of paths that shrinks step by step.
// Used by generalise.cc only.
#ifndef REDOUBT_POLICY_AUTHORING_TREES_H_
#define REDOUBT_POLICY_AUTHORING_TREES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/authoring/generalise.h"

namespace redoubt::policy {

class Trees {
 public:
  Trees(std::string field, std::vector<GeneraliseStep>& steps)
      : field_(std::move(field)), steps_(steps) {}

  void add(const std::string& path) { paths_.emplace(path, ""); }

  // `directory_of` gives the directory to stand for a path; empty or the path itself: it stays.
  void replace(std::string_view step, const std::function<std::string(const std::string&)>& directory_of);
  // Directories with more than `limit` of the paths right in them, again and again.
  void gather_siblings(std::string_view step, size_t limit);
  // What lies in another tree needs no rule of its own.
  void drop_covered();

  // What lies in one of the other trees needs none either.
  void drop_covered_by(const Trees& others);

  // Path -> the step that it comes from; empty: as recorded.
  const std::map<std::string, std::string_view>& paths() const { return paths_; }

 private:
  std::string field_;
  std::vector<GeneraliseStep>& steps_;
  std::map<std::string, std::string_view> paths_;
};

// "/a/b" -> "/a"; "/a" -> "/".
std::string parent_of(const std::string& path);
// /proc/123/..., /dev/pts/3: what is named after a process or made for one.
std::string process_directory(const std::string& path);
// Where a component of the path looks made up (digits, a hash): the directory above it.
std::string temporary_directory(const std::string& path);
// The part of a distribution's tree that a package's file lies in: /usr/lib, /usr/share ...
std::string package_directory(const std::string& path);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_TREES_H_
