#include "runc-compat/cli/help.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/str.h"
#include "runc-compat/cli/global_flags.h"
#include "runc-compat/cli/verbs.h"
#include "runc-compat/cli/version.h"

namespace redoubt::cli {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kMaxLeftColumn = 34;

// Two columns: the right one is wrapped at kWidth and hangs under itself.
struct Row {
  std::string left;
  std::string right;
};

std::string rows_text(const std::vector<Row>& rows, size_t indent) {
  size_t column = 0;
  for (const Row& row : rows) {
    column = std::max(column, std::min(row.left.size(), kMaxLeftColumn));
  }
  column += indent + 2;
  std::string out;
  for (const Row& row : rows) {
    std::string line(indent, ' ');
    line += row.left;
    if (line.size() + 2 > column) {
      out += line + '\n';
      line.clear();
    }
    line.resize(column, ' ');
    for (const std::string& word : split(row.right, ' ')) {
      if (line.size() > column && line.size() + word.size() + 1 > kWidth) {
        out += line + '\n';
        line.assign(column, ' ');
      }
      line += line.size() > column ? concat(' ', word) : word;
    }
    out += line + '\n';
  }
  return out;
}

// "--bundle DIR, -b DIR".
std::string spelling(const Flag& flag) {
  const std::string value = flag.placeholder.empty() ? "" : concat(' ', flag.placeholder);
  std::string out = concat("--", flag.name, value);
  if (!flag.short_name.empty()) {
    out += concat(", -", flag.short_name, value);
  }
  return out;
}

void add_flag_rows(std::vector<Row>& rows, std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if (flag.hidden) {
      continue;
    }
    std::string help(flag.help);
    if (!flag.default_text.empty()) {
      help += concat(" (default: ", flag.default_text, ")");
    }
    rows.push_back({spelling(flag), std::move(help)});
  }
}

// Text of the tables says "redoubt"; the reader may have typed another name. Only command lines are
// changed, not prose.
std::string indented(std::string_view text, std::string_view program) {
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    constexpr std::string_view kOwnName = "redoubt ";
    std::string shown(line);
    if (line.substr(0, kOwnName.size()) == kOwnName) {
      shown = concat(program, " ", line.substr(kOwnName.size()));
    }
    out += shown.empty() ? "\n" : concat("   ", shown, "\n");
  }
  return out;
}

struct Group {
  VerbGroup group;
  std::string_view title;
};

constexpr Group kGroups[] = {
    {VerbGroup::kLifecycle, "life cycle"},
    {VerbGroup::kInspect, "looking at containers"},
    {VerbGroup::kControl, "changing running containers"},
    {VerbGroup::kCheckpoint, "checkpoints"},
    {VerbGroup::kPolicy, "policy"},
    {VerbGroup::kDocuments, "documents and help"},
};

Row verb_row(std::string name, std::string_view summary, size_t column) {
  name.resize(std::max(name.size(), column), ' ');
  return {std::move(name), std::string(summary)};
}

std::string verb_list() {
  size_t column = 0;
  for (const Verb* verb : all_verbs()) {
    column = std::max(column, verb->name.size());
  }
  std::string out;
  for (const Group& group : kGroups) {
    std::vector<Row> rows;
    for (const Verb* verb : all_verbs()) {
      if (verb->group == group.group) {
        rows.push_back(verb_row(std::string(verb->name), verb->summary, column));
      }
    }
    if (group.group == VerbGroup::kDocuments) {
      rows.push_back(verb_row("help, h", "show help, or help for one command", column));
    }
    if (!rows.empty()) {
      out += concat("  ", group.title, "\n", rows_text(rows, 4));
    }
  }
  return out;
}

std::string usage(std::string_view program, const Verb& verb) {
  std::string out = "USAGE:\n";
  for (const std::string& form : split(verb.arguments, '\n')) {
    out += concat("   ", program, " [global options] ", verb.name);
    out += concat(verb.flags.empty() ? "" : " [options]", form.empty() ? "" : " ", form, "\n");
  }
  return out;
}

}  // namespace

std::string root_help(std::string_view program) {
  std::vector<Row> flags;
  add_flag_rows(flags, global_flags());
  add_flag_rows(flags, root_only_flags());
  return concat(
      "NAME:\n   ",
      program,
      " - Open Container Initiative runtime\n\nUSAGE:\n   ",
      program,
      " [global options] command [options] [arguments...]\n\nVERSION:\n   ",
      version_number(),
      "\n\nCOMMANDS:\n",
      verb_list(),
      "\nGLOBAL OPTIONS (before or after the command):\n",
      rows_text(flags, 3),
      "\nEXAMPLES:\n",
      indented("redoubt spec                     # write a config.json to start from\n"
               "redoubt run --bundle DIR web1    # create and run the container \"web1\"\n"
               "redoubt create --help            # more about one command",
               program),
      "\nSee redoubt(8).\n");
}

std::string verb_help(std::string_view program, const Verb& verb) {
  std::string out = concat(
      "NAME:\n   ", program, " ", verb.name, " - ", verb.summary, "\n\n", usage(program, verb));
  if (!verb.description.empty()) {
    out += concat("\nDESCRIPTION:\n", indented(verb.description, program));
  }
  std::vector<Row> rows;
  add_flag_rows(rows, verb.flags);
  rows.push_back({"--help, -h", "show help"});
  out += concat("\nOPTIONS:\n", rows_text(rows, 3));
  if (!verb.examples.empty()) {
    out += concat("\nEXAMPLES:\n", indented(verb.examples, program));
  }
  return concat(out, "\nSee redoubt-", verb.name, "(8); redoubt(8) has the global options.\n");
}

}  // namespace redoubt::cli
