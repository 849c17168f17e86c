// FileTree: paths with what may be done to them, as a tree that stays readable and bounded however
// many there are: directories with nothing of their own and one child are joined with it, and past
// a number of rows a directory only says how many paths it has. Used by report_files.cc.
#ifndef REDOUBT_POLICY_AUTHORING_FILE_TREE_H_
#define REDOUBT_POLICY_AUTHORING_FILE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::policy {

// One thing that is known about a path.
struct FileMark {
  enum class Access : uint8_t { kRead, kList, kWrite, kExecute, kMasked, kReadonly };
  enum class Change : uint8_t { kNone, kAdded, kRemoved };
  Access access{};
  Change change{};
  bool is_risky = false;

  bool operator==(const FileMark&) const = default;
};

struct FileNode {
  std::string name;  // "etc", or "usr/lib/python3" when joined; "/" at the top
  std::vector<FileMark> marks;
  std::vector<FileNode> children;  // risky ones first, then by name
  size_t paths = 0;                // with marks, here and beneath
  size_t risky = 0;                // the same of those with a risky mark
  size_t folded = 0;               // paths beneath that are not shown
};

class FileTree {
 public:
  void add(std::string_view path, FileMark mark);

  // The tree with at most `rows` nodes, and at most `siblings` in one directory.
  FileNode folded(size_t rows, size_t siblings) const;

 private:
  struct Branch {
    std::vector<FileMark> marks;
    std::map<std::string, Branch, std::less<>> children;
  };

  static FileNode node_of(std::string name, const Branch& branch);

  Branch root_;
};

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_FILE_TREE_H_
