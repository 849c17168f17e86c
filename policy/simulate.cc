#include "policy/simulate.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/str.h"
#include "policy/document/endpoint.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxOperations = 1000000;

struct KeyedKind {
  std::string_view key;
  Operation::Kind kind;
};
constexpr KeyedKind kKinds[] = {
    {"syscall", Operation::Kind::kSyscall},
    {"capability", Operation::Kind::kCapability},
    {"socket", Operation::Kind::kSocket},
    {"open", Operation::Kind::kOpen},
    {"connect", Operation::Kind::kConnect},
    {"bind", Operation::Kind::kBind},
};

bool is_access(std::string_view text) {
  return !text.empty() && text.find_first_not_of("rwxl") == std::string_view::npos;
}

// `place` has the line, which is the first one to the parser.
Result<json::Value> parse_line(std::string_view line, const std::string& place) {
  Result<json::Value> value = json::parse(line, place);
  const std::string first = concat(place, ":1:");
  if (value || !value.error().message().starts_with(first)) {
    return value;
  }
  return Error::invalid(concat(place, ":", value.error().message().substr(first.size())));
}

Result<Operation> parse_operation(std::string_view line, const std::string& place) {
  TRY_ASSIGN(const json::Value value, parse_line(line, place));
  for (const KeyedKind& row : kKinds) {
    const json::Value* object = value.find(row.key);
    if (object == nullptr || !object->is_string()) {
      continue;
    }
    Operation operation{row.kind, object->as_string(), "", 0};
    if (row.kind == Operation::Kind::kOpen) {
      const json::Value* access = value.find("access");
      operation.access = access != nullptr && access->is_string() ? access->as_string() : "";
      if (!is_access(operation.access)) {
        return Error::invalid(concat(place, ": access: must consist of the letters r, w, x and l"));
      }
    }
    return operation;
  }
  return Error::invalid(concat(
      place, ": needs one of: syscall, capability, socket, open, connect, bind, with a text"));
}

Judgement decided(const Document& policy, Field field, uint32_t rule, bool allowed) {
  const Rule& origin = policy.rules[rule];
  Judgement judgement;
  judgement.allowed = allowed;
  judgement.field = info_of(field).path;
  judgement.place = place_of(origin);
  judgement.reason = origin.reason;
  return judgement;
}

// Denied for want of an entry: the reason of the rule is why the others are allowed, and says so.
Judgement unlisted(const Document& policy, Field field, uint32_t rule) {
  Judgement judgement = decided(policy, field, rule, false);
  judgement.reason = concat("not in the list: ", judgement.reason);
  return judgement;
}

// Nothing when the field has no opinion or lets the name through.
std::optional<Judgement> not_among(const Document& policy, Field field, const std::string& name) {
  const FieldValue& value = policy[field];
  if (!value.present || find_entry(value, name) != nullptr) {
    return std::nullopt;
  }
  return unlisted(policy, field, value.rule);
}

std::optional<Judgement> among(const Document& policy, Field field, const std::string& name) {
  const FieldValue& value = policy[field];
  const Entry* entry = value.present ? find_entry(value, name) : nullptr;
  return entry == nullptr ? std::nullopt
                          : std::optional(decided(policy, field, entry->rule, false));
}

const SurfaceCall* surface_of(const std::string& name) {
  for (const SurfaceCall& call : surface_calls()) {
    if (call.name == name) {
      return &call;
    }
  }
  return nullptr;
}

Judgement judge_syscall(const Document& policy, const std::string& name) {
  if (const auto denied = among(policy, Field::kSyscallsDeny, name)) {
    return *denied;
  }
  const SurfaceCall* surface = surface_of(name);
  if (surface != nullptr && policy.level(surface->field) != 0) {
    Judgement judgement =
        decided(policy, surface->field, policy[surface->field].rule, policy.level(surface->field) == 1);
    judgement.audited = judgement.allowed;
    return judgement;
  }
  if (const auto outside = not_among(policy, Field::kSyscallsAllow, name)) {
    return *outside;
  }
  if (surface == nullptr) {
    if (const auto outside = not_among(policy, Field::kSyscallsDefault, name)) {
      return *outside;
    }
  }
  return {};
}

// The entry that `path` is in or below; null without one.
const Entry* tree_of(const FieldValue& trees, std::string_view path) {
  const auto found = std::find_if(trees.entries.begin(), trees.entries.end(), [&](const Entry& tree) {
    return tree.key == "/" || path == tree.key ||
           (path.starts_with(tree.key) && path[tree.key.size()] == '/');
  });
  return found == trees.entries.end() ? nullptr : &*found;
}

Judgement judge_open(const Document& policy, const Operation& operation) {
  constexpr std::pair<char, Field> kAccess[] = {{'r', Field::kFilesRead},
                                                {'w', Field::kFilesWrite},
                                                {'x', Field::kFilesExecute}};
  if (const Entry* masked = tree_of(policy[Field::kFilesMasked], operation.object)) {
    return decided(policy, Field::kFilesMasked, masked->rule, false);
  }
  const bool writes = operation.access.find('w') != std::string::npos;
  const Entry* readonly = writes ? tree_of(policy[Field::kFilesReadonly], operation.object) : nullptr;
  if (readonly != nullptr) {
    return decided(policy, Field::kFilesReadonly, readonly->rule, false);
  }
  for (const auto& [letter, field] : kAccess) {
    if (operation.access.find(letter) != std::string::npos && policy[field].present &&
        tree_of(policy[field], operation.object) == nullptr) {
      return unlisted(policy, field, policy[field].rule);
    }
  }
  const FieldValue& read = policy[Field::kFilesRead];
  const FieldValue& list = policy[Field::kFilesList];
  if (operation.access.find('l') != std::string::npos && read.present &&
      tree_of(read, operation.object) == nullptr && tree_of(list, operation.object) == nullptr) {
    return unlisted(policy, Field::kFilesList, list.present ? list.rule : read.rule);
  }
  return {};
}

// "tcp 192.0.2.1 443" is an endpoint of one address and one port.
Judgement judge_endpoint(const Document& policy, Field field, const std::string& text) {
  const FieldValue& value = policy[field];
  if (!value.present) {
    return {};
  }
  const std::optional<Endpoint> wanted = parse_endpoint(text);
  for (const Entry& entry : value.entries) {
    const auto allowed = parse_endpoint(entry.key);
    if (wanted && allowed && contains(*allowed, *wanted)) {
      return decided(policy, field, entry.rule, true);
    }
  }
  return unlisted(policy, field, value.rule);
}

}  // namespace

Result<std::vector<Operation>> parse_trace(std::string_view text, const std::string& source) {
  std::vector<Operation> operations;
  uint32_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) {
      continue;
    }
    if (operations.size() == kMaxOperations) {
      return Error::invalid(concat(source, ": more than ", kMaxOperations, " operations"));
    }
    TRY_ASSIGN(Operation operation, parse_operation(line, concat(source, ":", number)));
    operation.line = number;
    operations.push_back(std::move(operation));
  }
  return operations;
}

Judgement judge(const Document& policy, const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kSyscall:
      return judge_syscall(policy, operation.object);
    case Operation::Kind::kCapability: {
      const auto denied = among(policy, Field::kCapabilitiesDeny, operation.object);
      const auto outside = not_among(policy, Field::kCapabilitiesAllow, operation.object);
      return denied ? *denied : outside.value_or(Judgement());
    }
    case Operation::Kind::kSocket:
      return not_among(policy, Field::kNetworkFamilies, operation.object).value_or(Judgement());
    case Operation::Kind::kOpen:
      return judge_open(policy, operation);
    case Operation::Kind::kConnect:
      return judge_endpoint(policy, Field::kNetworkConnect, operation.object);
    case Operation::Kind::kBind:
      return judge_endpoint(policy, Field::kNetworkBind, operation.object);
  }
  return {};
}

}  // namespace redoubt::policy
