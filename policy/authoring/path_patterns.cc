#include "policy/authoring/path_patterns.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/reader.h"

namespace redoubt::policy {
namespace {


constexpr size_t kMaxAlternatives = 256;
constexpr size_t kMaxPattern = 4096;
constexpr std::string_view kSpecial = "*?[]{}^\\\",@";

std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (kSpecial.find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// The end of the class that starts at `at`; the text's end when it is not closed.
size_t class_end(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ']' && i > at + 1) {
      return i;
    }
  }
  return text.size();
}

// Where something that is neither escaped nor in a class begins or ends: braces and commas.
struct Braces {
  size_t open = std::string_view::npos, close = std::string_view::npos;
  std::vector<size_t> commas;  // of the outermost pair
};

Result<Braces> first_braces(std::string_view text) {
  Braces found;
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      i = class_end(text, i);
    } else if (c == '{' && depth++ == 0) {
      found.open = i;
    } else if (c == ',' && depth == 1) {
      found.commas.push_back(i);
    } else if (c == '}' && depth > 0 && --depth == 0) {
      found.close = i;
      return found;
    }
  }
  return depth == 0 ? Result<Braces>(std::move(found)) : Error::invalid(concat(quote(text.substr(0, 64)), ": a brace is not closed"));
}

bool is_wild(char c) {
  return c == '*' || c == '?' || c == '[';
}

// "/a//b" -> "/a/b"; escapes taken away. What follows the first wildcard does not matter.
struct Literal {
  std::string text;
  size_t wild = std::string_view::npos;  // in the pattern
};

Literal literal_of(std::string_view pattern) {
  Literal out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (is_wild(pattern[i])) {
      out.wild = i;
      break;
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      ++i;
    }
    if (pattern[i] != '/' || !out.text.ends_with('/')) {
      out.text += pattern[i];
    }
  }
  return out;
}

std::string without_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

bool lies_beneath(std::string_view path, std::string_view tree) {
  return tree == "/" || path == tree || (path.size() > tree.size() && path.starts_with(tree) && path[tree.size()] == '/');
}

std::string directory_of(const std::string& path) {
  return without_slash(path.substr(0, path.rfind('/') + 1));
}

// Whether the path lies in another of the trees.
bool has_ancestor_in(const std::set<std::string>& trees, const std::string& path) {
  for (std::string at = path; at != "/";) {
    at = directory_of(at);
    if (trees.count(at) != 0) {
      return true;
    }
  }
  return false;
}

std::string field_text(Field field) {
  return std::string(info_of(field).path);
}

// One note for all directories that a field's trees open along with what lies in them.
void note_directories(const std::vector<std::pair<std::string, std::string>>& found, Field field, std::vector<Note>& notes) {
  if (found.empty()) {
    return;
  }
  const std::string more = found.size() == 1 ? "" : concat(" and ", found.size() - 1, " more");
  notes.push_back({Effect::kWider, found[0].second,
                   concat(field_text(field), ": a tree is also its directory itself: ", quote(found[0].first), more), field_text(field)});
}

}  // namespace

std::string tree_pattern(const std::string& path) {
  return path == "/" ? "/{,**}" : concat(escaped(path), "{,/,/**}");
}

std::string directories_pattern(const std::string& path) {
  return concat(path == "/" ? "" : escaped(path), "/{,**/}");
}

Result<std::vector<std::string>> expand_alternations(std::string_view pattern) {
  std::vector<std::string> done, open{std::string(pattern)};
  while (!open.empty()) {
    const std::string text = std::move(open.back());
    open.pop_back();
    if (text.size() > kMaxPattern || done.size() + open.size() > kMaxAlternatives) {
      return Error::invalid(concat(quote(pattern.substr(0, 64)), ": stands for too much; write several rules"));
    }
    TRY_ASSIGN(const Braces braces, first_braces(text));
    if (braces.open == std::string_view::npos) {
      done.push_back(text);
      continue;
    }
    size_t start = braces.open + 1;
    std::vector<size_t> ends = braces.commas;
    ends.push_back(braces.close);
    for (const size_t end : ends) {
      open.push_back(concat(text.substr(0, braces.open), text.substr(start, end - start), text.substr(braces.close + 1)));
      start = end + 1;
    }
  }
  std::reverse(done.begin(), done.end());
  return done;
}

Result<PathMatch> match_of(std::string_view pattern) {
  const Literal literal = literal_of(pattern);
  PathMatch match;
  if (literal.wild == std::string_view::npos) {
    match.kind = literal.text.size() > 1 && literal.text.ends_with('/') ? PathMatch::Kind::kDirectory : PathMatch::Kind::kPath;
    match.kind = literal.text == "/" ? PathMatch::Kind::kDirectory : match.kind;
    match.path = without_slash(literal.text);
  } else if (literal.text.ends_with('/') && pattern.substr(literal.wild) == "**") {
    match.kind = PathMatch::Kind::kBeneath;
    match.path = without_slash(literal.text);
  } else if (literal.text.ends_with('/') && pattern.substr(literal.wild) == "**/") {
    match.kind = PathMatch::Kind::kDirectoriesBeneath;
    match.path = without_slash(literal.text);
  } else {
    match.kind = pattern.ends_with('/') ? PathMatch::Kind::kDirectories : PathMatch::Kind::kPattern;
    match.path = directory_of(literal.text);
  }
  const std::string problem = name_problem(Vocabulary::kPath, match.path);
  if (!problem.empty()) {
    return Error::invalid(concat(quote(pattern.substr(0, 64)), ": ", problem));
  }
  return match;
}

Status AllowedTrees::add(std::string_view pattern, const std::string& where) {
  TRY_ASSIGN(const std::vector<std::string> patterns, expand_alternations(pattern));
  for (const std::string& each : patterns) {
    TRY_ASSIGN(const PathMatch match, match_of(each));
    matches_.try_emplace({match.kind, match.path}, Source{where, std::string(pattern)});
  }
  return {};
}

bool AllowedTrees::lies_in_tree(const std::string& path) const {
  for (std::string at = path;; at = directory_of(at)) {
    if (holds(PathMatch::Kind::kBeneath, at) || (at == path && holds(PathMatch::Kind::kPath, at))) {
      return true;
    }
    if (at == "/" || at.empty()) {
      return false;
    }
  }
}

bool AllowedTrees::take_match(PathMatch::Kind kind, const std::string& path, const Source& source, std::set<std::string>& trees, std::vector<Note>& notes) const {
  const std::string field = field_text(field_);
  const bool of_directories = kind == PathMatch::Kind::kDirectoriesBeneath || kind == PathMatch::Kind::kDirectories;
  if (kind == PathMatch::Kind::kPath || kind == PathMatch::Kind::kBeneath) {
    trees.insert(path);
  } else if (kind == PathMatch::Kind::kDirectory && holds(PathMatch::Kind::kPath, path) && !holds(PathMatch::Kind::kBeneath, path)) {
    notes.push_back({Effect::kWider, source.where, concat(quote(source.pattern), " becomes all of ", path), field});
  } else if (lies_in_tree(path)) {
    return false;
  } else if (kind == PathMatch::Kind::kDirectory || (of_directories && field_ == Field::kFilesRead)) {
    return true;
  } else if (path == "/") {
    notes.push_back({Effect::kTighter, source.where,
                     concat(quote(source.pattern), " has only / in common with a tree: left out; name directories"), field});
  } else {
    trees.insert(path);
    notes.push_back({Effect::kWider, source.where, concat(quote(source.pattern), " becomes all of ", path), field});
  }
  return false;
}

// A tree of files.list is a directory with all that are beneath it: AppArmor's "/etc/{,**/}".
void AllowedTrees::write_lists(const std::set<std::string>& trees,
                               const std::vector<std::pair<PathMatch::Kind, std::string>>& found,
                               Draft& draft,
                               std::vector<Note>& notes) const {
  std::set<std::string> listed;
  for (const auto& match : found) {
    const auto& [kind, path] = match;
    const Source& source = matches_.at(match);
    if (trees.count(path) != 0 || has_ancestor_in(trees, path)) {
      continue;
    }
    if (field_ != Field::kFilesRead) {
      notes.push_back({Effect::kTighter, source.where,
                       concat(quote(source.pattern), " is a directory without what lies in it, which no tree is: left out"), field_text(field_)});
      continue;
    }
    const bool is_whole = holds(PathMatch::Kind::kDirectory, path) && holds(PathMatch::Kind::kDirectoriesBeneath, path);
    if (!is_whole) {
      notes.push_back({Effect::kWider, source.where, concat(quote(source.pattern), " lists ", path, " and all directories beneath it"),
                       field_text(Field::kFilesList)});
    }
    listed.insert(path);
  }
  for (const std::string& tree : listed) {
    if (!has_ancestor_in(listed, tree)) {
      draft.add(Field::kFilesList, tree);
    }
  }
}

void AllowedTrees::write(Draft& draft, std::vector<Note>& notes) const {
  std::set<std::string> trees;
  std::vector<std::pair<std::string, std::string>> directories;
  std::vector<std::pair<PathMatch::Kind, std::string>> listed;
  for (const auto& [match, source] : matches_) {
    if (take_match(match.first, match.second, source, trees, notes)) {
      listed.push_back(match);
    }
    if (match.first == PathMatch::Kind::kBeneath && !holds(PathMatch::Kind::kDirectory, match.second) && !holds(PathMatch::Kind::kPath, match.second)) {
      directories.emplace_back(match.second, source.where);
    }
  }
  note_directories(directories, field_, notes);
  write_lists(trees, listed, draft, notes);
  for (const std::string& tree : trees) {
    if (!has_ancestor_in(trees, tree)) {
      draft.add(field_, tree);
    }
  }
}

Status DeniedTrees::add(std::string_view pattern, const std::string& where, std::vector<Note>& notes) {
  TRY_ASSIGN(const std::vector<std::string> patterns, expand_alternations(pattern));
  for (const std::string& each : patterns) {
    TRY_ASSIGN(const PathMatch match, match_of(each));
    const bool whole = match.kind == PathMatch::Kind::kPath || match.kind == PathMatch::Kind::kBeneath;
    if (match.kind == PathMatch::Kind::kDirectory) {
      directories_.try_emplace(match.path, where);
    } else if (whole && match.path != "/") {
      trees_.try_emplace(match.path, where);
    } else {
      notes.push_back({Effect::kWider, where, concat("denied ", quote(each), " is no whole tree below /: left out"), field_text(field_)});
    }
  }
  return {};
}

void DeniedTrees::write(Draft& draft, std::vector<Note>& notes) const {
  for (const auto& [path, where] : trees_) {
    draft.add(field_, path);
  }
  for (const auto& [path, where] : directories_) {
    const std::string& directory = path;
    const bool covered = std::any_of(trees_.begin(), trees_.end(), [&](const auto& tree) { return lies_beneath(directory, tree.first); });
    if (!covered) {
      notes.push_back({Effect::kWider, where, concat("denied ", quote(path), " is a directory without what lies in it: left out"), field_text(field_)});
    }
  }
}

}  // namespace redoubt::policy
