#include "escalate-vm/protocol/request.h"

#include <algorithm>
#include <array>

#include "base/str.h"
#include "escalate-vm/protocol/hex.h"
#include "escalate-vm/protocol/message.h"
#include "oci/reader.h"

namespace redoubt::vm {

using oci::Cursor;
using oci::Fields;

namespace {

constexpr size_t kMaxName = 1024;
constexpr size_t kEntropySize = 32;
constexpr int kHighestSignal = 64;

// What an op has beside "id" and "op".
enum Part : unsigned {
  kContainer = 1,
  kSession = 2,
  kStdio = 4,
};

struct OpRow {
  std::string_view name;
  Op op;
  unsigned parts;
  std::string_view document;  // the member that becomes Request::document
};

constexpr std::array kOps = {
    OpRow{"create", Op::kCreate, kContainer | kStdio, "config"},
    OpRow{"delete", Op::kDelete, kContainer, {}},
    OpRow{"exec", Op::kExec, kContainer | kSession | kStdio, "process"},
    OpRow{"network", Op::kNetwork, 0, {}},
    OpRow{"pause", Op::kPause, kContainer, {}},
    OpRow{"ping", Op::kPing, 0, {}},
    OpRow{"processes", Op::kProcesses, kContainer, {}},
    OpRow{"resize", Op::kResize, kContainer | kSession, {}},
    OpRow{"resume", Op::kResume, kContainer, {}},
    OpRow{"setup", Op::kSetup, 0, {}},
    OpRow{"signal", Op::kSignal, kContainer | kSession, {}},
    OpRow{"start", Op::kStart, kContainer, {}},
    OpRow{"stats", Op::kStats, kContainer, {}},
    OpRow{"update", Op::kUpdate, kContainer, "resources"},
};

Result<std::string> from_hex(std::string_view text) {
  std::string out;
  for (size_t i = 0; i + 2 <= text.size(); i += 2) {
    const std::optional<uint8_t> byte = parse_number<uint8_t>(text.substr(i, 2), 16);
    if (!byte) {
      break;
    }
    out.push_back(static_cast<char>(*byte));
  }
  if (out.size() != kEntropySize || text.size() != 2 * kEntropySize) {
    return Error::invalid(concat("entropy: must be ", 2 * kEntropySize, " hexadecimal digits"));
  }
  return out;
}

}  // namespace

// Not in the namespace above: oci's templates find them by their last parameter.
static void decode(const Cursor& at, Interface& out) {
  Fields(at).read("mac", out.mac).read("card", out.card).read("name", out.name).read("mtu", out.mtu).read("addresses", out.addresses);
}

static void decode(const Cursor& at, Route& out) {
  Fields(at).read("destination", out.destination).read("gateway", out.gateway).read("device", out.device);
}

static void decode(const Cursor& at, Neighbour& out) {
  Fields(at).read("address", out.address).read("mac", out.mac).read("device", out.device);
}

namespace {

Status read_setup(const Cursor& at, Setup& out) {
  std::string time, entropy;
  Fields(at).read("time", time).read("entropy", entropy).read("hostname", out.hostname);
  TRY(at.errors.status());
  const std::optional<uint64_t> nanoseconds = parse_number<uint64_t>(time);
  if (!nanoseconds) {
    return Error::invalid("time: must be decimal nanoseconds as a string");
  }
  out.time = *nanoseconds;
  TRY_ASSIGN(out.entropy, from_hex(entropy));
  return {};
}

void decode_streams(const Cursor& at, Stdio& out) {
  Fields(at).read("stdin", out.in).read("stdout", out.out).read("stderr", out.err);
}

void decode_terminal(const Cursor& at, Stdio& out) {
  Fields(at).read("stream", out.terminal).read("rows", out.size.rows).read("columns", out.size.columns);
}

Status read_stdio(const Cursor& at, Stdio& out) {
  const json::Value* streams = at.value.find("streams");
  const json::Value* terminal = at.value.find("terminal");
  if (streams != nullptr && terminal != nullptr) {
    return Error::invalid("streams: cannot be given together with terminal");
  }
  if (streams != nullptr) {
    decode_streams({*streams, oci::Path::member(at.path, "streams"), at.errors}, out);
    TRY(at.errors.status());
  }
  if (terminal != nullptr) {
    decode_terminal({*terminal, oci::Path::member(at.path, "terminal"), at.errors}, out);
    TRY(at.errors.status());
    if (!out.terminal) {
      return Error::invalid("terminal.stream: missing");
    }
  }
  std::vector<uint32_t> ids = out.streams();
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end() || (!ids.empty() && ids.front() == 0)) {
    return Error::invalid("streams: numbers must be above 0 and differ");
  }
  return {};
}

Status read_object(const json::Value& from, std::string_view key, json::Value& out) {
  const json::Value* value = from.find(key);
  if (value == nullptr || !value->is_object()) {
    return Error::invalid(concat(key, ": must be an object"));
  }
  out = *value;
  return {};
}

Status read_policy(const json::Value& from, std::optional<Policy>& out) {
  const json::Value* policy = from.find("policy");
  if (policy == nullptr) {
    return {};
  }
  out.emplace();
  if (policy->find("config") != nullptr) {
    TRY(read_object(*policy, "config", out->config).context("policy"));
  }
  const json::Value* profiles = policy->find("profiles");
  if (profiles == nullptr) {
    return {};
  }
  if (!profiles->is_object()) {
    return Error::invalid("policy.profiles: must be an object");
  }
  for (const json::Member& profile : profiles->as_object()) {
    if (!is_plain_name(profile.key)) {
      return Error::invalid(concat("policy.profiles: ", quote(profile.key), " is no plain name"));
    }
    TRY(read_object(*profiles, profile.key, out->profiles[profile.key]).context("policy.profiles"));
  }
  return {};
}

Status read_names(const Request& request, unsigned parts) {
  if ((parts & kContainer) != 0 && !is_plain_name(request.container)) {
    return Error::invalid(concat("container: ", quote(request.container.substr(0, 64)), " is no plain name"));
  }
  const bool may_be_first = request.op != Op::kExec;
  if ((parts & kSession) != 0 && !(request.session.empty() && may_be_first) && !is_plain_name(request.session)) {
    return Error::invalid(concat("session: ", quote(request.session.substr(0, 64)), " is no plain name"));
  }
  return {};
}

// The members that only one op has.
Status read_own(const Cursor& at, Request& out) {
  switch (out.op) {
    case Op::kSetup:
      return read_setup(at, out.setup);
    case Op::kNetwork:
      Fields(at)
          .read("interfaces", out.network.interfaces)
          .read("routes", out.network.routes)
          .read("neighbours", out.network.neighbours);
      return {};
    case Op::kCreate:
      return read_policy(at.value, out.policy);
    case Op::kProcesses:
      Fields(at).read("after", out.after);
      return {};
    case Op::kResize:
      Fields(at).read("rows", out.size.rows).read("columns", out.size.columns);
      return {};
    case Op::kSignal:
      Fields(at).read("signal", out.signal).read("all", out.all);
      TRY(at.errors.status());
      if (out.signal < 1 || out.signal > kHighestSignal) {
        return Error::invalid(concat("signal: ", out.signal, " is not in 1 to ", kHighestSignal));
      }
      return {};
    default:
      return {};
  }
}

Status read_request(const Cursor& at, Request& out) {
  std::string op;
  Fields(at).read("id", out.id).read("op", op).read("container", out.container).read("session", out.session);
  TRY(at.errors.status());
  const auto row = std::find_if(kOps.begin(), kOps.end(), [&](const OpRow& r) { return r.name == op; });
  if (row == kOps.end()) {
    return Error::invalid(concat("op: unknown ", quote(op.substr(0, 64))));
  }
  out.op = row->op;
  TRY(read_names(out, row->parts));
  if ((row->parts & kStdio) != 0) {
    TRY(read_stdio(at, out.stdio));
  }
  if (!row->document.empty()) {
    TRY(read_object(at.value, row->document, out.document));
  }
  TRY(read_own(at, out));
  return at.errors.status();
}

json::Value format_strings(const std::vector<std::string>& items) {
  json::Value out(json::Array{});
  for (const std::string& item : items) {
    out.push(item);
  }
  return out;
}

void format_network(const Network& network, json::Value& out) {
  json::Value interfaces(json::Array{}), routes(json::Array{}), neighbours(json::Array{});
  for (const Interface& each : network.interfaces) {
    json::Value item;
    item.set("mac", each.mac).set("card", each.card).set("name", each.name).set("mtu", each.mtu);
    interfaces.push(std::move(item.set("addresses", format_strings(each.addresses))));
  }
  for (const Route& each : network.routes) {
    json::Value item;
    item.set("destination", each.destination);
    if (!each.gateway.empty()) {
      item.set("gateway", each.gateway);
    }
    routes.push(std::move(item.set("device", each.device)));
  }
  for (const Neighbour& each : network.neighbours) {
    json::Value item;
    neighbours.push(std::move(item.set("address", each.address).set("mac", each.mac).set("device", each.device)));
  }
  out.set("interfaces", std::move(interfaces)).set("routes", std::move(routes)).set("neighbours", std::move(neighbours));
}

void format_stdio(const Stdio& stdio, json::Value& out) {
  json::Value member(json::Object{});
  if (stdio.terminal) {
    member.set("stream", *stdio.terminal);
    member.set("rows", uint32_t{stdio.size.rows});
    member.set("columns", uint32_t{stdio.size.columns});
    out.set("terminal", std::move(member));
    return;
  }
  if (stdio.in) {
    member.set("stdin", *stdio.in);
  }
  if (stdio.out) {
    member.set("stdout", *stdio.out);
  }
  if (stdio.err) {
    member.set("stderr", *stdio.err);
  }
  out.set("streams", std::move(member));
}

void format_policy(const Policy& policy, json::Value& out) {
  json::Value member(json::Object{}), profiles(json::Object{});
  if (!policy.config.is_null()) {
    member.set("config", policy.config);
  }
  for (const auto& [name, profile] : policy.profiles) {
    profiles.set(name, profile);
  }
  member.set("profiles", std::move(profiles));
  out.set("policy", std::move(member));
}

void format_own(const Request& request, json::Value& out) {
  switch (request.op) {
    case Op::kSetup:
      out.set("time", concat(request.setup.time));
      out.set("entropy", to_hex(request.setup.entropy));
      if (!request.setup.hostname.empty()) {
        out.set("hostname", request.setup.hostname);
      }
      return;
    case Op::kNetwork:
      return format_network(request.network, out);
    case Op::kCreate:
      if (request.policy) {
        format_policy(*request.policy, out);
      }
      return;
    case Op::kResize:
      out.set("rows", uint32_t{request.size.rows});
      out.set("columns", uint32_t{request.size.columns});
      return;
    case Op::kProcesses:
      out.set("after", request.after);
      return;
    case Op::kSignal:
      out.set("signal", request.signal);
      out.set("all", request.all);
      return;
    default:
      return;
  }
}

}  // namespace

std::vector<uint32_t> Stdio::streams() const {
  std::vector<uint32_t> given;
  for (const std::optional<uint32_t>& stream : {in, out, err, terminal}) {
    if (stream) {
      given.push_back(*stream);
    }
  }
  return given;
}

bool is_plain_name(std::string_view text) {
  constexpr std::string_view kPunctuation = "_+-.";
  return !text.empty() && text.size() <= kMaxName && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kPunctuation.find(c) != std::string_view::npos;
         });
}

Result<Request> parse_request(std::string_view text) {
  TRY_ASSIGN(const json::Value root, json::parse(text, "request", kMessageLimits));
  oci::FirstError errors;
  Request out;
  TRY(read_request({root, oci::Path(""), errors}, out).context(concat("request ", out.id)));
  return out;
}

std::optional<uint64_t> request_id(std::string_view text) {
  const Result<json::Value> root = json::parse(text, "request", kMessageLimits);
  const json::Value* id = root ? root->find("id") : nullptr;
  if (id == nullptr || id->type() != json::Value::Type::kInt || id->as_int() < 0) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(id->as_int());
}

std::string format_request(const Request& request) {
  const auto row = std::find_if(kOps.begin(), kOps.end(), [&](const OpRow& r) { return r.op == request.op; });
  json::Value out(json::Object{});
  out.set("id", request.id);
  out.set("op", row->name);
  if ((row->parts & kContainer) != 0) {
    out.set("container", request.container);
  }
  if ((row->parts & kSession) != 0) {
    out.set("session", request.session);
  }
  if ((row->parts & kStdio) != 0) {
    format_stdio(request.stdio, out);
  }
  if (!row->document.empty()) {
    out.set(row->document, request.document);
  }
  format_own(request, out);
  return json::dump(out);
}

}  // namespace redoubt::vm
