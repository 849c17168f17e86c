#include "policy/authoring/replay.h"

#include <algorithm>
#include <optional>

#include "base/str.h"

namespace redoubt::policy {
namespace {

using Kind = Operation::Kind;

// "files.write: + /srv", with it done in the document. Empty where it takes more than a name in a list.
std::string amend(Document& document, Field field, const std::string& key) {
  const FieldInfo& info = info_of(field);
  std::vector<Entry>& entries = document[field].entries;
  if (info.type == FieldType::kDenied) {
    if (find_entry(document[field], key) == nullptr) {
      return "";  // a tree above it
    }
    std::erase_if(entries, [&](const Entry& entry) { return entry.key == key; });
    document[field].present = !entries.empty();
    return concat(info.path, ": - ", key);
  }
  if (info.type != FieldType::kAllowed && info.type != FieldType::kPaths && info.type != FieldType::kEndpoints) {
    return "";
  }
  if (find_entry(document[field], key) == nullptr) {
    Rule rule;
    rule.source = "replay";
    rule.reason = "replay: the workload asked for it and was refused";
    document.rules.push_back(std::move(rule));
    Entry entry;
    entry.key = key;
    entry.rule = static_cast<uint32_t>(document.rules.size() - 1);
    document[field].rule = document[field].present ? document[field].rule : entry.rule;
    document[field].present = true;
    entries.insert(std::upper_bound(entries.begin(), entries.end(), key, [](const std::string& a, const Entry& b) { return a < b.key; }), std::move(entry));
  }
  return concat(info.path, ": + ", key);
}

// One access at a time: each is a field of its own.
std::vector<Operation> parts_of(const Operation& operation) {
  if (operation.kind != Kind::kOpen) {
    return {operation};
  }
  std::vector<Operation> parts;
  for (const char letter : operation.access) {
    Operation part = operation;
    part.access = letter;
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

Replay replay(const Document& own, const Document& inherited, const std::vector<Operation>& refused) {
  Replay result;
  result.amended = own;
  for (const Operation& whole : refused) {
    for (const Operation& operation : parts_of(whole)) {
      const Judgement bound = judge(inherited, operation);
      ReplayRow row{operation, bound.allowed ? judge(own, operation) : bound, ""};
      if (row.judgement.allowed && operation.kind != Kind::kOpen && operation.kind != Kind::kConnect && operation.kind != Kind::kBind) {
        continue;
      }
      if (bound.allowed && !row.judgement.allowed) {
        row.proposal = amend(result.amended, *find_field(row.judgement.field), operation.object);
      }
      result.denied += row.judgement.allowed ? 0 : 1;
      result.rows.push_back(std::move(row));
    }
  }
  return result;
}

}  // namespace redoubt::policy
