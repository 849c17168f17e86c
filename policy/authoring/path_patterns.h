// Path patterns as AppArmor writes them (* ** ? [..] {a,b}, a directory with a slash at its end), and
// the trees that a profile has instead: a path and all beneath it. KubeArmor and the Security Profiles
// Operator write the same patterns.
#ifndef REDOUBT_POLICY_AUTHORING_PATH_PATTERNS_H_
#define REDOUBT_POLICY_AUTHORING_PATH_PATTERNS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/authoring/conversion.h"

namespace redoubt::policy {

// The pattern that matches the path and all beneath it: "/usr{,/,/**}", "/{,**}".
std::string tree_pattern(const std::string& path);
// The same of directories alone: "/usr/{,**/}".
std::string directories_pattern(const std::string& path);

// The patterns without alternations that it stands for. An error, without a place, when braces do not
// match or there are more than the limit.
Result<std::vector<std::string>> expand_alternations(std::string_view pattern);

struct PathMatch {
  enum class Kind {
    kPath,       // "/etc/passwd"
    kDirectory,           // "/etc/": what lies in it is not meant
    kBeneath,             // "/etc/**"
    kDirectoriesBeneath,  // "/etc/**/"
    kDirectories,         // "/etc/*/": some directories, all of which lie in `path`
    kPattern,             // anything else; `path` is the directory that all of it lies in
  };
  Kind kind{};
  std::string path;  // without a slash at its end, unescaped
};

// Of a pattern without alternations. An error, without a place, when it is no absolute path.
Result<PathMatch> match_of(std::string_view pattern);

// Gathers what is allowed in one field and says how it differs from the patterns that asked for it. What
// may be read of a directory without what lies in it is its list: files.list.
class AllowedTrees {
 public:
  explicit AllowedTrees(Field field) : field_(field) {}

  Status add(std::string_view pattern, const std::string& where);
  bool empty() const { return matches_.empty(); }
  void write(Draft& draft, std::vector<Note>& notes) const;

 private:
  struct Source {
    std::string where, pattern;
  };
  bool holds(PathMatch::Kind kind, const std::string& path) const { return matches_.count({kind, path}) != 0; }
  bool lies_in_tree(const std::string& path) const;
  // Adds to the trees, or says why not. True: it is about directories alone, and not in a tree.
  bool take_match(PathMatch::Kind kind, const std::string& path, const Source& source, std::set<std::string>& trees, std::vector<Note>& notes) const;
  void write_lists(const std::set<std::string>& trees, const std::vector<std::pair<PathMatch::Kind, std::string>>& found, Draft& draft,
                   std::vector<Note>& notes) const;

  Field field_;
  std::map<std::pair<PathMatch::Kind, std::string>, Source> matches_;
};

// What is denied, by files.masked or files.readonly. Only whole trees can be: a pattern that is none is
// left out with a note.
class DeniedTrees {
 public:
  explicit DeniedTrees(Field field) : field_(field) {}

  Status add(std::string_view pattern, const std::string& where, std::vector<Note>& notes);
  void write(Draft& draft, std::vector<Note>& notes) const;

 private:
  Field field_;
  std::map<std::string, std::string> trees_;  // path -> place
  std::map<std::string, std::string> directories_;
};

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_PATH_PATTERNS_H_
