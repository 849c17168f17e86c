#include "policy/authoring/file_tree.h"

#include <algorithm>
#include <deque>

#include "base/str.h"

namespace redoubt::policy {
namespace {

// The rest of a deeper path is one name: browsers stop nesting at some hundred elements, and
// readers long before.
constexpr size_t kMaxDepth = 24;

std::vector<std::string> components_of(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const size_t end = components.size() + 1 < kMaxDepth ? path.find('/') : std::string_view::npos;
    if (!path.empty()) {
      components.emplace_back(path.substr(0, end));
    }
    path.remove_prefix(std::min(end, path.size()));
  }
  return components;
}

void sort_children(FileNode& node) {
  std::stable_sort(
      node.children.begin(), node.children.end(), [](const FileNode& a, const FileNode& b) {
        return (a.risky > 0) > (b.risky > 0);
      });
}

}  // namespace

void FileTree::add(std::string_view path, FileMark mark) {
  Branch* branch = &root_;
  for (std::string& component : components_of(path)) {
    branch = &branch->children[std::move(component)];
  }
  branch->marks.push_back(std::move(mark));
}

FileNode FileTree::node_of(std::string name, const Branch& branch) {
  FileNode node;
  node.name = std::move(name);
  const Branch* end = &branch;
  while (node.name != "/" && end->marks.empty() && end->children.size() == 1) {
    node.name += concat("/", end->children.begin()->first);
    end = &end->children.begin()->second;
  }
  node.marks = end->marks;
  node.paths = node.marks.empty() ? 0 : 1;
  node.risky = std::any_of(
      node.marks.begin(), node.marks.end(), [](const FileMark& m) { return m.is_risky; });
  for (const auto& [child_name, child] : end->children) {
    node.children.push_back(node_of(child_name, child));
    node.paths += node.children.back().paths;
    node.risky += node.children.back().risky;
  }
  sort_children(node);
  return node;
}

// Level by level, so that what is near the root is shown before what is deep.
FileNode FileTree::folded(size_t rows, size_t siblings) const {
  FileNode root = node_of("/", root_);
  std::deque<FileNode*> queue = {&root};
  while (!queue.empty()) {
    FileNode& node = *queue.front();
    queue.pop_front();
    const size_t shown = std::min({node.children.size(), siblings, rows});
    for (size_t i = shown; i < node.children.size(); ++i) {
      node.folded += node.children[i].paths;
    }
    node.children.resize(shown);
    rows -= shown;
    for (FileNode& child : node.children) {
      queue.push_back(&child);
    }
  }
  return root;
}

}  // namespace redoubt::policy
