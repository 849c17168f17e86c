#include "policy/authoring/grant.h"

#include <algorithm>
#include <functional>

#include "base/str.h"
#include "policy/authoring/trees.h"
#include "policy/document/endpoint.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

bool is_list_of_allowed(FieldType type) {
  return type == FieldType::kAllowed || type == FieldType::kPaths || type == FieldType::kEndpoints;
}

Grant grant_of(Field field, GrantKind kind) {
  Grant grant;
  grant.field = field;
  grant.kind = kind;
  return grant;
}

Grant entry_grant(Field field, const Entry& entry) {
  Grant grant = grant_of(field, GrantKind::kEntry);
  grant.key = entry.key;
  grant.rule = entry.rule;
  return grant;
}

Grant lifted_grant(Field field, const Entry& entry) {
  Grant grant = grant_of(field, GrantKind::kLifted);
  grant.key = entry.key;
  return grant;
}

Grant value_grant(Field field, const FieldValue& value) {
  Grant grant = grant_of(field, GrantKind::kValue);
  grant.number = value.number;
  grant.text = value.text;
  grant.rule = value.present ? value.rule : kNoRule;
  return grant;
}

Grant entry_value_grant(Field field, const Entry& entry) {
  Grant grant = entry_grant(field, entry);
  grant.kind = GrantKind::kValue;
  grant.number = entry.number;
  grant.text = entry.text;
  return grant;
}

// Whether another field of the document takes back what this one lists, or grants it anyway.
bool is_settled_elsewhere(const Document& document, Field field, const std::string& key) {
  switch (field) {
    case Field::kCapabilitiesAllow:
      return find_entry(document[Field::kCapabilitiesDeny], key) != nullptr;
    case Field::kSyscallsDefault:
    case Field::kSyscallsAllow: {
      const auto calls = surface_calls();
      return find_entry(document[Field::kSyscallsDeny], key) != nullptr ||
             std::any_of(calls.begin(), calls.end(), [&](const SurfaceCall& call) {
               return call.name == key && document.level(call.field) == 2;
             });
    }
    case Field::kFilesRead:
      return has_tree_for(document[Field::kFilesMasked], key);
    case Field::kFilesList:
      return has_tree_for(document[Field::kFilesMasked], key) || !document[Field::kFilesRead].present ||
             has_tree_for(document[Field::kFilesRead], key);
    case Field::kFilesWrite:
      return has_tree_for(document[Field::kFilesReadonly], key) ||
             has_tree_for(document[Field::kFilesMasked], key);
    default:
      return false;
  }
}

// Tells whether a list has an entry that allows the key.
std::function<bool(const std::string&)> cover_of(FieldType type, const FieldValue& value) {
  if (type == FieldType::kPaths) {
    return [&value](const std::string& key) { return has_tree_for(value, key); };
  }
  if (type == FieldType::kEndpoints) {
    std::vector<Endpoint> allowed;
    for (const Entry& entry : value.entries) {
      const auto endpoint = parse_endpoint(entry.key);
      allowed.insert(allowed.end(), endpoint ? 1 : 0, endpoint.value_or(Endpoint()));
    }
    return [allowed = std::move(allowed)](const std::string& key) {
      const auto wanted = parse_endpoint(key);
      return wanted && std::any_of(allowed.begin(), allowed.end(), [&](const Endpoint& outer) {
               return contains(outer, *wanted);
             });
    };
  }
  return [&value](const std::string& key) { return find_entry(value, key) != nullptr; };
}

void add_lifted(Field field, const Document& from, const Document& to, std::vector<Grant>& grants) {
  for (const Entry& entry : from[field].entries) {
    const FieldValue& allowed = to[Field::kCapabilitiesAllow];
    const bool in_vain = field == Field::kCapabilitiesDeny && allowed.present &&
                         find_entry(allowed, entry.key) == nullptr;
    if (find_entry(to[field], entry.key) == nullptr && !in_vain) {
      grants.push_back(lifted_grant(field, entry));
    }
  }
}

void add_listed(const FieldInfo& info, const Document& document, std::vector<Grant>& grants) {
  for (const Entry& entry : document[info.field].entries) {
    if (!is_settled_elsewhere(document, info.field, entry.key)) {
      grants.push_back(entry_grant(info.field, entry));
    }
  }
}

// Which level of a field is the first that is no grant: a machine is more than anybody expects, and
// mode "preferred" denies all that the host can deny.
uint64_t quiet_level(const FieldInfo& info) {
  return info.field == Field::kIsolation ? 0
         : info.field == Field::kMode    ? 2
                                         : info.words.size() - 1;
}

void add_own(const FieldInfo& info,
             const Document& document,
             const Document& standard,
             std::vector<Grant>& grants) {
  const FieldValue& value = document[info.field];
  switch (info.type) {
    case FieldType::kFlag:
    case FieldType::kLevel:
      if (value.number < (info.type == FieldType::kFlag ? 1 : quiet_level(info)) &&
          (value.present || info.field != Field::kMode)) {
        grants.push_back(value_grant(info.field, value));
      }
      return;
    case FieldType::kDenied:
      add_lifted(info.field, standard, document, grants);
      return;
    case FieldType::kNumber:
    case FieldType::kText:
      if (value.present && info.type == FieldType::kText) {
        grants.push_back(value_grant(info.field, value));
      } else if (!value.present && info.type == FieldType::kNumber) {
        grants.push_back(grant_of(info.field, GrantKind::kOpen));
      }
      return;
    case FieldType::kNumbers:
    case FieldType::kTexts:
      return;
    default:
      if (value.present) {
        add_listed(info, document, grants);
      } else if (!info.adds()) {
        grants.push_back(grant_of(info.field, GrantKind::kOpen));
      }
  }
}

// Limits and texts by name, that `from` has and `to` has not, or another one that is no tighter. A conflict of two texts
// allows nothing: it is refused where it is used.
void add_entry_values(const FieldInfo& info,
                      const FieldValue& from,
                      const FieldValue& to,
                      std::vector<Grant>& grants) {
  for (const Entry& entry : from.entries) {
    const Entry* other = find_entry(to, entry.key);
    if (other == nullptr) {
      grants.push_back(lifted_grant(info.field, entry));
    } else if (info.type == FieldType::kTexts ? other->text != entry.text && !other->conflict
                                              : other->number > entry.number) {
      grants.push_back(entry_value_grant(info.field, *other));
    }
  }
}

void add_value(const FieldInfo& info,
               const FieldValue& from,
               const FieldValue& to,
               std::vector<Grant>& grants) {
  const bool ordered = info.type == FieldType::kFlag || info.type == FieldType::kLevel;
  if (ordered && to.number < from.number) {
    grants.push_back(value_grant(info.field, to));
  } else if (!ordered && from.present && !to.present) {
    grants.push_back(grant_of(info.field, GrantKind::kOpen));
  } else if (!ordered && from.present &&
             (info.type == FieldType::kNumber ? to.number > from.number
                                              : to.text != from.text && !to.conflict)) {
    grants.push_back(value_grant(info.field, to));
  }
}

void add_new_entries(const FieldInfo& info,
                     const Document& from,
                     const Document& to,
                     std::vector<Grant>& grants) {
  const Field bound = info.adds() ? info.adds_to : info.field;
  if (!from[bound].present) {
    return;
  }
  if (!to[bound].present) {
    if (!info.adds()) {  // the one that it adds to says so
      grants.push_back(grant_of(info.field, GrantKind::kOpen));
    }
    return;
  }
  std::vector<Grant> listed;
  add_listed(info, to, listed);
  const auto covers = cover_of(info.type, from[info.field]);
  const auto grants_anyway = cover_of(info.type, from[bound]);
  for (Grant& grant : listed) {
    if (!covers(grant.key) && !grants_anyway(grant.key)) {
      grants.push_back(std::move(grant));
    }
  }
}

}  // namespace

std::vector<Grant> grants_of(const Document& document, const Document& standard) {
  std::vector<Grant> grants;
  for (const FieldInfo& info : field_table()) {
    if (info.scope == Scope::kAny) {
      add_own(info, document, standard, grants);
    }
  }
  return grants;
}

std::vector<Grant> listed_grants(const Document& document) {
  std::vector<Grant> grants;
  for (const FieldInfo& info : field_table()) {
    if (is_list_of_allowed(info.type)) {
      add_listed(info, document, grants);
    } else if (info.type == FieldType::kLevel && document[info.field].present) {
      grants.push_back(value_grant(info.field, document[info.field]));
    }
  }
  return grants;
}

std::vector<Grant> added_grants(const Document& from, const Document& to) {
  std::vector<Grant> grants;
  for (const FieldInfo& info : field_table()) {
    const FieldValue& before = from[info.field];
    const FieldValue& after = to[info.field];
    if (is_list_of_allowed(info.type)) {
      add_new_entries(info, from, to, grants);
    } else if (info.type == FieldType::kDenied) {
      add_lifted(info.field, from, to, grants);
    } else if (info.type == FieldType::kNumbers || info.type == FieldType::kTexts) {
      add_entry_values(info, before, after, grants);
    } else {
      add_value(info, before, after, grants);
    }
  }
  return grants;
}

bool has_tree_for(const FieldValue& trees, const std::string& path) {
  for (std::string tree = path; !tree.empty(); tree = parent_of(tree)) {
    if (find_entry(trees, tree) != nullptr) {
      return true;
    }
    if (tree == "/") {
      return false;
    }
  }
  return false;
}

}  // namespace redoubt::policy
