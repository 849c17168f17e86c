// The files of a container as types: one for each set of rights that the trees of the profile give.
#include <algorithm>
#include <map>
#include <set>

#include "policy/authoring/selinux_writer.h"

namespace redoubt::policy {
namespace {

constexpr std::string_view kLevel = "((s0) (s0))";

// What a type of files lets a process do: letters of "rlwx", l where r is not: directories are listed.
using Rights = std::string;

struct FileAccess {
  char right;
  std::string_view access;
};

// What any file shows by its path alone, which no tree of a profile hides.
constexpr std::string_view kAlways[] = {"(file (getattr))", "(dir (getattr search))", "(lnk_file (getattr read))", "(sock_file (getattr))",
                                        "(fifo_file (getattr))", "(chr_file (getattr))", "(blk_file (getattr))"};

constexpr FileAccess kFileAccess[] = {
    {'r', "(file (open read ioctl lock map watch))"},
    {'r', "(dir (open read ioctl lock watch))"},
    {'r', "(fifo_file (open read ioctl lock))"},
    {'r', "(chr_file (open read ioctl lock map))"},
    {'l', "(dir (open read ioctl lock watch))"},
    {'w', "(file (open write append create setattr unlink rename link ioctl lock map))"},
    {'w', "(dir (open write add_name remove_name create setattr rename reparent rmdir))"},
    {'w', "(lnk_file (create setattr unlink rename link))"},
    {'w', "(sock_file (open write append create setattr unlink rename link))"},
    {'w', "(fifo_file (open write append create setattr unlink rename link))"},
    {'w', "(chr_file (open write append ioctl lock setattr))"},
    {'x', "(file (open read ioctl map execute execute_no_trans entrypoint))"},
};

std::string type_of(const Rights& rights) {
  return concat("file_", rights.empty() ? "none" : rights);
}

void write_file_type(CilWriter& w, const std::string& type, const Rights& rights) {
  w.line("(type ", type, ")");
  w.line("(roletype object_r ", type, ")");
  w.line("(typeattributeset file_type (", type, "))");
  for (const std::string_view access : kAlways) {
    w.line("(allow process ", type, " ", access, ")");
  }
  for (const FileAccess& access : kFileAccess) {
    if (rights.find(access.right) != std::string::npos) {
      w.line("(allow process ", type, " ", access.access, ")");
    }
  }
}

bool lies_in(const std::string& path, const std::string& tree) {
  return tree == "/" || path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

bool lies_in_any(const std::string& path, const std::vector<std::string>& trees) {
  return std::any_of(trees.begin(), trees.end(), [&](const std::string& tree) { return lies_in(path, tree); });
}

Rights rights_of(const Document& merged, const std::string& path) {
  Rights rights = lies_in_any(path, trees_or_all(merged, Field::kFilesRead))   ? "r"
                  : lies_in_any(path, lists_of(merged)) ? "l"
                                                                          : "";
  for (const auto& [field, letter] : {std::pair{Field::kFilesWrite, 'w'}, std::pair{Field::kFilesExecute, 'x'}}) {
    if (lies_in_any(path, trees_or_all(merged, field))) {
      rights += letter;
    }
  }
  return rights;
}

// A path as a regular expression in a string of CIL, which has no escape for a quote.
std::string expression_of(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (std::string_view(".^$?*+|[](){}\\").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c == '"' ? '.' : c;
  }
  return out;
}

void write_labels(CilWriter& w, const std::map<std::string, Rights>& trees) {
  w.part("labels by path: restorecon -RF, or setfiles, gives them to the files");
  for (const auto& [path, rights] : trees) {
    const std::string at = w.rootfs + (path == "/" ? "" : path);
    w.line("(filecon \"", expression_of(at), "(/.*)?\" any (system_u object_r ", type_of(rights), " ", kLevel, "))");
  }
}

void write_labelled_files(CilWriter& w) {
  std::map<std::string, Rights> trees{{"/", rights_of(w.merged, "/")}};
  for (const Field field : {Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute}) {
    for (const std::string& path : keys_of(w.merged, field)) {
      trees.emplace(path, rights_of(w.merged, path));
    }
  }
  std::set<Rights> used;
  for (const auto& [path, rights] : trees) {
    used.insert(rights);
  }
  for (const Rights& rights : used) {
    write_file_type(w, type_of(rights), rights);
  }
  write_labels(w, trees);
  if (w.merged[Field::kFilesRead].present) {
    w.note(Effect::kWider, Field::kFilesRead, "programs that may be executed may be read as well");
  }
}

}  // namespace

void write_cil_files(CilWriter& w) {
  w.part("files: what config.json mounts has the label of linux.mountLabel, redoubt_NAME.mount");
  write_file_type(w, "mount", w.merged[Field::kFilesExecute].present ? "rw" : "rwx");
  if (!w.rootfs.empty()) {
    write_labelled_files(w);
    return;
  }
  write_file_type(w, "file_rwx", "rwx");
  for (const Field field : {Field::kFilesRead, Field::kFilesWrite, Field::kFilesExecute}) {
    if (w.merged[field].present) {
      w.note(Effect::kWider, field, "is not carried over: labels by path need --rootfs");
    }
  }
}

}  // namespace redoubt::policy
