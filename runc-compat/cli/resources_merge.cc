#include "runc-compat/cli/resources_merge.h"

#include <string_view>
#include <utility>

#include "runc-compat/cli/json_edit.h"

namespace redoubt::cli {
namespace {

// Members that a request replaces or, when it leaves them out, takes from the set that is written
// again.
struct WholeMember {
  std::string_view section, member;
};
constexpr WholeMember kWholeMembers[] = {
    {"cpu", "burst"},
    {"cpu", "cpus"},
    {"cpu", "idle"},
    {"cpu", "mems"},
    {"pids", "limit"},
};

// The value, or nullptr when it is absent, null or empty text (an engine's "not set").
const json::Value* given(const json::Value* object, std::string_view key) {
  const json::Value* value = object == nullptr ? nullptr : object->find(key);
  const bool empty =
      value == nullptr || value->is_null() || (value->is_string() && value->as_string().empty());
  return empty ? nullptr : value;
}

// Quota and period belong together, and engines send 0 for the one that they leave alone.
bool is_unset_cpu_time(std::string_view section, const json::Member& entry) {
  return section == "cpu" && (entry.key == "quota" || entry.key == "period") &&
         entry.value.type() == json::Value::Type::kInt && entry.value.as_int() == 0;
}

void merge_section(json::Value& stored, const json::Value& request, std::string_view section) {
  const json::Value* wanted = request.find(section);
  if (wanted == nullptr || !wanted->is_object()) {
    return;
  }
  json::Value& target = member_object(stored, section);
  for (const json::Member& entry : wanted->as_object()) {
    if (given(wanted, entry.key) != nullptr && !is_unset_cpu_time(section, entry)) {
      assign(target, entry.key, entry.value);
    }
  }
}

// A part that is stored as a whole; without a trace when the request has none.
void replace_whole(json::Value& stored, const json::Value& request, std::string_view key) {
  const json::Value* wanted = given(&request, key);
  if (wanted != nullptr) {
    assign(stored, key, *wanted);
  } else {
    erase(stored, key);
  }
}

}  // namespace

json::Value merge_resources(json::Value stored, const json::Value& request) {
  if (!stored.is_object()) {
    stored = json::Value(json::Object{});
  }
  for (const WholeMember& whole : kWholeMembers) {
    erase(member_object(stored, whole.section), whole.member);
  }
  for (const std::string_view section : {"memory", "cpu", "blockIO", "pids"}) {
    merge_section(stored, request, section);
  }
  const json::Value* memory = request.find("memory");
  const json::Value* limit = given(memory, "limit");
  if (limit != nullptr && limit->type() == json::Value::Type::kInt && limit->as_int() == -1 &&
      given(memory, "swap") == nullptr) {
    assign(member_object(stored, "memory"), "swap", -1);
  }
  replace_whole(stored, request, "unified");
  for (const std::string_view key : {"hugepageLimits", "rdma"}) {
    if (const json::Value* wanted = given(&request, key); wanted != nullptr) {
      assign(stored, key, *wanted);
    }
  }
  return stored;
}

}  // namespace redoubt::cli
