#include "policy/authoring/explain.h"

#include <algorithm>

#include "base/str.h"
#include "plan/capability_names.h"
#include "plan/socket_families.h"
#include "policy/document/endpoint.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

using Kind = Operation::Kind;

Error malformed(std::string_view text) {
  return Error::invalid(concat(quote(text),
                               " is no operation; such are open:/etc/shadow:r, open:/srv:l, exec:/bin/sh, "
                               "connect:10.0.0.1:443, bind:udp:[::]:53, syscall:bpf, "
                               "capability:CAP_SYS_ADMIN and socket:AF_ALG"));
}

// "10.0.0.1:443", "udp:[::1]:53" -> "tcp 10.0.0.1 443". Empty: it is none.
std::string endpoint_of(std::string_view text) {
  std::string protocol = "tcp";
  for (const std::string_view word : {"tcp:", "udp:"}) {
    if (text.starts_with(word)) {
      protocol = word.substr(0, 3);
      text.remove_prefix(word.size());
    }
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return "";
  }
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  std::string endpoint = concat(protocol, " ", address, " ", text.substr(colon + 1));
  return parse_endpoint(endpoint) ? endpoint : "";
}

Result<Operation> parse_open(std::string_view rest, std::string_view text) {
  const size_t colon = rest.rfind(':');
  const std::string path(rest.substr(0, colon));
  const std::string access(colon == std::string_view::npos ? "r" : rest.substr(colon + 1));
  if (!path.starts_with('/') || access.empty() ||
      access.find_first_not_of("rwxl") != std::string::npos) {
    return malformed(text);
  }
  return Operation{Kind::kOpen, path, access, 0};
}

// The fields that have a say in an operation, in the order in which they are asked.
std::vector<Field> fields_of(const Operation& operation) {
  switch (operation.kind) {
    case Kind::kSyscall: {
      std::vector<Field> fields = {Field::kSyscallsDeny};
      for (const SurfaceCall& call : surface_calls()) {
        if (call.name == operation.object) {
          fields.push_back(call.field);
        }
      }
      fields.push_back(Field::kSyscallsAllow);
      fields.push_back(Field::kSyscallsDefault);
      return fields;
    }
    case Kind::kCapability:
      return {Field::kCapabilitiesDeny, Field::kCapabilitiesAllow};
    case Kind::kSocket:
      return {Field::kNetworkFamilies};
    case Kind::kConnect:
      return {Field::kNetworkConnect};
    case Kind::kBind:
      return {Field::kNetworkBind};
    case Kind::kOpen:
      break;
  }
  std::vector<Field> fields = {Field::kFilesMasked};
  constexpr std::pair<char, Field> kAccess[] = {{'w', Field::kFilesReadonly},
                                                {'r', Field::kFilesRead},
                                                {'l', Field::kFilesList},
                                                {'w', Field::kFilesWrite},
                                                {'x', Field::kFilesExecute}};
  for (const auto& [letter, field] : kAccess) {
    if (operation.access.find(letter) != std::string::npos) {
      fields.push_back(field);
    }
  }
  return fields;
}

// The entry of an allow-list that lets the operation through.
const Entry* allowing_entry(const FieldValue& value, FieldType type, const Operation& operation) {
  const auto wanted = parse_endpoint(operation.object);
  const Entry* best = nullptr;
  for (const Entry& entry : value.entries) {
    bool fits = entry.key == operation.object;
    if (type == FieldType::kPaths) {
      fits |= entry.key == "/" || operation.object.starts_with(entry.key + "/");
    } else if (type == FieldType::kEndpoints) {
      const auto allowed = parse_endpoint(entry.key);
      fits = wanted && allowed && contains(*allowed, *wanted);
    }
    if (fits && (best == nullptr || entry.key.size() > best->key.size())) {
      best = &entry;
    }
  }
  return best;
}

// "l" of files.list ...: what the field is asked about.
char letter_of(Field field) {
  switch (field) {
    case Field::kFilesRead:
      return 'r';
    case Field::kFilesList:
      return 'l';
    case Field::kFilesWrite:
      return 'w';
    default:
      return 'x';
  }
}

ExplainStep explain_field(const Document& policy, Field field, const Operation& operation) {
  const FieldInfo& info = info_of(field);
  ExplainStep step{std::string(info.path), "no rule", std::string(info.layer), "", "", false};
  const Field decides = info.adds() ? info.adds_to : field;
  if (!policy[decides].present) {
    return step;
  }
  Document alone;
  alone.rules = policy.rules;
  alone[field] = policy[field];
  alone[decides] = policy[decides];
  Operation asked = operation;
  if (info.type == FieldType::kPaths) {
    asked.access = letter_of(field);
  }
  const Judgement judgement = judge(alone, asked);
  step.verdict = !judgement.allowed ? "deny" : judgement.audited ? "audit" : "allow";
  step.place = judgement.place;
  step.reason = judgement.reason;
  const Entry* entry = allowing_entry(policy[field], info.type, operation);
  entry = entry == nullptr ? allowing_entry(policy[decides], info.type, operation) : entry;
  if (judgement.allowed && entry != nullptr && info.type != FieldType::kDenied) {
    step.place = place_of(policy.rules[entry->rule]);
    step.reason = concat(entry->key, ": ", policy.rules[entry->rule].reason);
  }
  if (judgement.allowed && info.type == FieldType::kDenied) {
    step.verdict = "no rule";
  }
  return step;
}

}  // namespace

Result<Operation> parse_operation_text(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string rest(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (kind == "open") {
    return parse_open(rest, text);
  }
  if (kind == "exec" && rest.starts_with('/')) {
    return Operation{Kind::kOpen, rest, "x", 0};
  }
  if (kind == "connect" || kind == "bind") {
    std::string endpoint = endpoint_of(rest);
    return endpoint.empty()
               ? Result<Operation>(malformed(text))
               : Operation{kind == "bind" ? Kind::kBind : Kind::kConnect, std::move(endpoint), "", 0};
  }
  if (kind == "syscall" && !rest.empty()) {
    return Operation{Kind::kSyscall, rest, "", 0};
  }
  if (kind == "capability" && plan::capability_number(rest)) {
    return Operation{Kind::kCapability, rest, "", 0};
  }
  if (kind == "socket" && plan::find_number(plan::socket_family_names(), rest)) {
    return Operation{Kind::kSocket, rest, "", 0};
  }
  return malformed(text);
}

std::vector<ExplainStep> explain(const Document& policy, const Operation& operation) {
  std::vector<ExplainStep> steps;
  for (const Field field : fields_of(operation)) {
    steps.push_back(explain_field(policy, field, operation));
  }
  const Judgement all = judge(policy, operation);
  ExplainStep result{all.field, all.allowed ? all.audited ? "audit" : "allow" : "deny", "", all.place,
                     "", true};
  result.layer = all.field.empty() ? "" : info_of(*find_field(all.field)).layer;
  result.reason = all.field.empty() ? "no field denies it" : concat(all.field, ": ", all.reason);
  if (all.allowed && policy.level(Field::kMode, 2) < 2) {
    result.reason += "; the mode denies nothing";
  }
  steps.push_back(std::move(result));
  return steps;
}

}  // namespace redoubt::policy
