// Requests: what the host asks of the agent, as structs and as the JSON object of one message.
//
// Reading is bounded and strict in types; names that become paths in the guest hold no path syntax. Documents that go to the inner redoubt
// (config, process, resources, policy) are handed on as they are: it reads them as strictly as any engine's.
#ifndef REDOUBT_ESCALATE_VM_PROTOCOL_REQUEST_H_
#define REDOUBT_ESCALATE_VM_PROTOCOL_REQUEST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redoubt::vm {

enum class Op {
  kSetup,
  kNetwork,
  kCreate,
  kStart,
  kExec,
  kSignal,
  kResize,
  kPause,
  kResume,
  kUpdate,
  kStats,
  kProcesses,
  kDelete,
  kPing,
};

struct Setup {
  uint64_t time = 0;     // nanoseconds since 1970
  std::string entropy;   // 32 bytes
  std::string hostname;  // empty: left as it is
};

struct Interface {
  std::string mac, name;
  std::string card;                    // MAC of the guest's card that becomes it; empty: the same
  uint32_t mtu = 0;                    // 0: left as it is
  std::vector<std::string> addresses;  // "10.0.0.2/24"
};

struct Route {
  std::string destination;  // "default" or "10.1.0.0/16"
  std::string gateway;      // empty: on the link
  std::string device;
};

struct Neighbour {
  std::string address, mac, device;
};

struct Network {
  std::vector<Interface> interfaces;
  std::vector<Route> routes;
  std::vector<Neighbour> neighbours;
};

struct WindowSize {
  uint16_t rows = 0, columns = 0;
};

// Where a process's descriptors 0 to 2 go: a terminal on one stream, or a stream each; no stream is /dev/null.
struct Stdio {
  std::optional<uint32_t> in, out, err;
  std::optional<uint32_t> terminal;
  WindowSize size;  // of the terminal

  std::vector<uint32_t> streams() const;
};

struct Policy {
  json::Value config;                           // /etc/redoubt/config.json; null: none
  std::map<std::string, json::Value> profiles;  // /etc/redoubt/profiles/NAME.json
};

// In `config`, the path of a namespace that is another container's in the same guest: this and its name.
constexpr std::string_view kOfContainer = "container:";

// One request; the members that its op does not have keep their defaults.
struct Request {
  uint64_t id = 0;
  Op op = Op::kSetup;
  std::string container;
  std::string session;  // empty: the container's first process
  Setup setup;
  Network network;
  json::Value document;  // config of create, process of exec, resources of update
  std::optional<Policy> policy;
  Stdio stdio;
  WindowSize size;  // of resize
  int signal = 0;
  bool all = false;   // signal every process of the container
  int32_t after = 0;  // processes: those of higher pids
};

// A name that stands for itself in a path: letters, digits, "_", "+", "-", ".", not a dot first.
bool is_plain_name(std::string_view text);

Result<Request> parse_request(std::string_view text);
// The id of a request that parse_request refuses: whom to tell. Nothing when it cannot be told.
std::optional<uint64_t> request_id(std::string_view text);
std::string format_request(const Request& request);

}  // namespace redoubt::vm

#endif  // REDOUBT_ESCALATE_VM_PROTOCOL_REQUEST_H_
