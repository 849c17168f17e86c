// Changing a JSON document in place: json::Value::set() only appends.
#ifndef REDOUBT_CLI_JSON_EDIT_H_
#define REDOUBT_CLI_JSON_EDIT_H_

#include <string_view>

#include "base/json.h"

namespace redoubt::cli {

// The object at `key`; made, or put in the place of what is no object, when it is not there.
json::Value& member_object(json::Value& document, std::string_view key);

// Sets a member, in its old place when it exists. Precondition: `object` is one.
void assign(json::Value& object, std::string_view key, json::Value value);

// Removes a member, if it is there. Precondition: `object` is one.
void erase(json::Value& object, std::string_view key);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_JSON_EDIT_H_
