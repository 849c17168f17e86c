#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/owner_names.h"
#include "runc-compat/cli/table.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/state/container_dir.h"
#include "runc-compat/state/document.h"

namespace redoubt::cli {
namespace {

constexpr char kFormat[] = "format";
constexpr char kQuiet[] = "quiet";
constexpr time_t kTransitionSeconds = 2;

constexpr Flag kListFlags[] = {
    {.name = kFormat,
     .short_name = "f",
     .placeholder = "FORMAT",
     .default_text = "table",
     .help = "table or json"},
    {.name = kQuiet, .short_name = "q", .kind = FlagKind::kBool, .help = "print ids only"},
};

using Documents = std::vector<oci::StateDocument>;

Result<oci::StateDocument> examine(const state::StateRoot& root,
                                   const std::string& id,
                                   OwnerNames& owners) {
  TRY_ASSIGN(const state::ContainerDir dir, root.container(id));
  TRY_ASSIGN(const state::Record record, dir.load());
  TRY_ASSIGN(oci::StateDocument document, state::document_of(dir, record));
  struct stat st = {};
  if (::fstat(dir.fd(), &st) != 0) {
    return Error::system(errno, concat("stat ", dir.path()));
  }
  document.owner = owners.name_of(st.st_uid);
  return document;
}

// Whether the directory has changed just now. Without a state file it is then one that is being
// made or taken away this moment.
bool is_in_transition(const std::string& path) {
  struct stat st = {};
  timespec now = {};
  return ::lstat(path.c_str(), &st) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0 ||
         now.tv_sec - st.st_ctim.tv_sec <= kTransitionSeconds;
}

// One broken container must not hide the others: it is named on stderr.
void report_broken(const std::string& id, const Error& error) {
  const std::string line =
      concat("load container ", id, ": ", log::printable(error.message()), "\n");
  ignore(write_all(STDERR_FILENO, line, "/dev/stderr"), "nobody is left to be told");
}

Result<Documents> examine_all(const Globals& globals) {
  Documents documents;
  const Result<state::StateRoot> root = state::StateRoot::open(globals.runtime.root);
  if (!root) {
    if (globals.root_is_default && root.error().err() == ENOENT) {
      return documents;
    }
    return root.error();
  }
  TRY_ASSIGN(const std::vector<std::string> ids, root->ids());
  OwnerNames owners;
  for (const std::string& id : ids) {
    Result<oci::StateDocument> document = examine(*root, id, owners);
    if (document) {
      documents.push_back(*std::move(document));
    } else if (!state::is_missing(document.error()) ||
               !is_in_transition(concat(globals.runtime.root, "/", id))) {
      report_broken(id, document.error());
    }
  }
  return documents;
}

std::string as_table(const Documents& documents) {
  std::vector<TableRow> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const oci::StateDocument& document : documents) {
    rows.push_back({document.id,
                    concat(document.pid),
                    document.status,
                    document.bundle,
                    document.created,
                    document.owner});
  }
  return format_table(rows);
}

// Go's encoding of a slice: one line, null when there is none.
std::string as_json(const Documents& documents) {
  json::Value list;
  for (const oci::StateDocument& document : documents) {
    list.push(oci::state_document(document));
  }
  return json::dump(list) + '\n';
}

std::string as_ids(const Documents& documents) {
  std::string out;
  for (const oci::StateDocument& document : documents) {
    out += document.id + '\n';
  }
  return out;
}

Result<int> run_list(const Globals& globals, const Arguments& arguments) {
  const std::string& format = arguments.text(kFormat);
  if (!arguments.flag(kQuiet) && format != "json" && format != "table") {
    return Error::invalid("invalid format option");
  }
  TRY_ASSIGN(const Documents documents, examine_all(globals));
  if (arguments.flag(kQuiet)) {
    TRY(print(as_ids(documents)));
  } else {
    TRY(print(format == "json" ? as_json(documents) : as_table(documents)));
  }
  return 0;
}

}  // namespace

constinit const Verb kVerbList = {
    .name = "list",
    .group = VerbGroup::kInspect,
    .summary = "list the containers of the state directory",
    .description =
        "Containers whose state cannot be read are named on stderr and left out; \"delete "
        "--force\"\n"
        "removes them.",
    .examples = "redoubt list\nredoubt list --format json\nredoubt list -q",
    .flags = kListFlags,
    .quiet = true,
    .run = run_list,
};

}  // namespace redoubt::cli
