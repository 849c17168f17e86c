// Lint of files.*: trees that hold more than they seem to, and paths that have no effect.
#include <algorithm>

#include "base/str.h"
#include "policy/dangers.h"
#include "policy/linter.h"

namespace redoubt::policy {
namespace {

bool any_lies_in(const FieldValue& trees, std::string_view path) {
  return std::any_of(trees.entries.begin(), trees.entries.end(), [&](const Entry& tree) {
    return lies_in(tree.key, path);
  });
}

void check_write(Linter& lint, const Entry& entry) {
  constexpr Field kField = Field::kFilesWrite;
  if (entry.key == "/" || entry.key == "/sys") {
    lint.add("write-all",
             kField,
             entry.rule,
             concat(entry.key, " is more than any program needs to change"));
  }
  if (entry.key == "/etc") {
    lint.add("write-configuration", kField, entry.rule, "all of the configuration can be changed");
  }
  if (is_for_booting(entry.key)) {
    lint.add("write-boot", kField, entry.rule, concat(entry.key, " is for starting a machine"));
  } else if (is_program_tree(entry.key)) {
    lint.add("write-programs", kField, entry.rule, concat("programs in ", entry.key, " can be changed"));
  }
  if (is_runtime_socket(entry.key)) {
    lint.add("write-runtime-socket", kField, entry.rule, concat(entry.key, " is an engine's socket"));
  }
  if (any_lies_in(lint.merged[Field::kFilesReadonly], entry.key)) {
    lint.add("write-has-no-effect", kField, entry.rule, concat(entry.key, " is read-only"));
  }
}

void check_write_and_execute(Linter& lint) {
  const FieldValue& write = lint.merged[Field::kFilesWrite];
  for (const Entry& w : write.entries) {
    check_write(lint, w);
    for (const Entry& x : lint.merged[Field::kFilesExecute].entries) {
      if (lies_in(w.key, x.key) || lies_in(x.key, w.key)) {
        lint.add("write-and-execute",
                 Field::kFilesExecute,
                 x.rule,
                 concat("what is written to ", w.key, " can be executed from ", x.key));
      }
    }
  }
  if (write.present && !any_lies_in(write, "/dev/null")) {
    lint.add("write-dev-null-missing", Field::kFilesWrite, "nearly every program writes to /dev/null");
  }
}

void check_read(Linter& lint) {
  for (const Entry& entry : lint.merged[Field::kFilesRead].entries) {
    if (entry.key == "/") {
      lint.add("read-all", Field::kFilesRead, entry.rule, "everything can be read");
    }
    if (is_secret(entry.key)) {
      lint.add("read-secret", Field::kFilesRead, entry.rule, concat(entry.key, " is a secret"));
    }
    if (has_token(entry.key) && !lint.merged[Field::kNetworkConnect].present) {
      lint.add("token-and-open-egress",
               Field::kFilesRead,
               entry.rule,
               "the service account's token can be read, and connections go anywhere");
    }
  }
}

void check_list(Linter& lint) {
  for (const Entry& entry : lint.merged[Field::kFilesList].entries) {
    if (entry.key == "/" && lint.merged[Field::kFilesRead].present) {
      lint.add("list-all", Field::kFilesList, entry.rule, "the names of all files are seen");
    }
  }
  const FieldValue& read = lint.raw[Field::kFilesRead];
  for (const Entry& entry : lint.raw[Field::kFilesList].entries) {
    if (!lint.merged[Field::kFilesRead].present || any_lies_in(read, entry.key)) {
      lint.add("list-no-effect",
               Field::kFilesList,
               concat(entry.key, " may be listed anyway: files.read ", read.present ? "has it" : "is absent"));
    }
  }
}

void check_executable(Linter& lint, const Entry& entry) {
  constexpr Field kField = Field::kFilesExecute;
  const FieldValue& read = lint.merged[Field::kFilesRead];
  if (entry.key == "/") {
    lint.add("execute-all", kField, entry.rule, "everything can be executed");
  }
  if (is_temporary(entry.key)) {
    lint.add("execute-temporary",
             kField,
             entry.rule,
             concat("what anybody leaves in ", entry.key, " can be executed"));
  }
  if (is_shell(entry.key)) {
    lint.add("execute-shell", kField, entry.rule, concat(entry.key, " is what intruders start first"));
  }
  if (is_package_manager(entry.key)) {
    lint.add("execute-package-manager", kField, entry.rule, concat(entry.key, " installs programs"));
  }
  // A tree of which a part can be read is not looked into.
  const bool reads_a_part =
      std::any_of(read.entries.begin(), read.entries.end(), [&](const Entry& tree) {
        return lies_in(entry.key, tree.key);
      });
  if (read.present && !any_lies_in(read, entry.key) && !reads_a_part) {
    lint.add("execute-unreadable",
             kField,
             entry.rule,
             concat(entry.key, " cannot be executed: files.read does not have it"));
  }
}

void check_execute(Linter& lint) {
  const FieldValue& execute = lint.merged[Field::kFilesExecute];
  bool has_loader = false;
  for (const Entry& entry : execute.entries) {
    check_executable(lint, entry);
    has_loader |= entry.key.find("/ld-") != std::string::npos || is_program_tree(entry.key) ||
                  entry.key == "/" || entry.key == "/usr/lib";
  }
  if (!execute.entries.empty() && !has_loader) {
    lint.add("execute-loader-missing",
             Field::kFilesExecute,
             "no dynamic loader can be executed, so no program that is not static");
  }
}

void check_without_effect(Linter& lint) {
  for (const Field field : {Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute}) {
    const FieldValue& trees = lint.raw[field];
    for (const Entry& entry : trees.entries) {
      const auto covers = [&](const Entry& other) {
        return other.key != entry.key && lies_in(other.key, entry.key);
      };
      if (std::any_of(trees.entries.begin(), trees.entries.end(), covers)) {
        lint.add("files-covered", field, concat(entry.key, " lies in another tree of the list"));
      }
      if (any_lies_in(lint.merged[Field::kFilesMasked], entry.key)) {
        lint.add("files-masked", field, concat(entry.key, " is masked"));
      }
    }
  }
}

// A mask of /proc/* masks nothing.
void check_patterns(Linter& lint) {
  for (const FieldInfo& info : field_table()) {
    if (info.vocabulary != Vocabulary::kPath) {
      continue;
    }
    for (const Entry& entry : lint.merged[info.field].entries) {
      if (entry.key.find('*') != std::string::npos) {
        lint.add("path-pattern", info.field, entry.rule, concat(entry.key, " means a file with * in its name: paths are no patterns"));
      }
    }
  }
}

}  // namespace

void lint_files(Linter& lint) {
  check_patterns(lint);
  check_write_and_execute(lint);
  check_read(lint);
  check_list(lint);
  check_execute(lint);
  check_without_effect(lint);
}

}  // namespace redoubt::policy
