#include "escalate-vm/protocol/message.h"

#include "base/str.h"
#include "oci/reader.h"

namespace redoubt::vm {

using oci::Cursor;
using oci::Fields;

// Not in the namespace below: oci's templates find it by its last parameter.
static void decode(const Cursor& at, ProcessRow& out) {
  Fields(at)
      .read("pid", out.pid)
      .read("parent", out.parent)
      .read("user", out.user)
      .read("cpuMs", out.cpu_ms)
      .read("command", out.command);
}

namespace {

constexpr int kMaxExitCode = 255;
constexpr int kMaxSignal = 64;

// Exactly one of the two members says how a process ended.
Status check_end(const std::optional<int>& code, const std::optional<int>& signal) {
  if (code.has_value() == signal.has_value()) {
    return Error::invalid("exit event: must have either code or signal");
  }
  if (code && (*code < 0 || *code > kMaxExitCode)) {
    return Error::invalid(concat("exit event: code ", *code, " is not in 0 to ", kMaxExitCode));
  }
  if (signal && (*signal < 1 || *signal > kMaxSignal)) {
    return Error::invalid(concat("exit event: signal ", *signal, " is not in 1 to ", kMaxSignal));
  }
  return {};
}

Result<Message> read_event(const Cursor& at) {
  std::string name, container, session;
  std::optional<int> code, signal;
  Fields(at)
      .read("event", name)
      .read("container", container)
      .read("session", session)
      .read("code", code)
      .read("signal", signal);
  TRY(at.errors.status());
  if (name == "oom") {
    return Message(OomEvent{container});
  }
  if (name != "exit") {
    return Error::invalid(concat("event: unknown ", quote(name.substr(0, 64))));
  }
  TRY(check_end(code, signal));
  return Message(ExitEvent{container, session, code.value_or(0), signal.value_or(0)});
}

Result<Message> read_hello(const Cursor& at) {
  Hello out{.version = 0, .nonce = {}};
  Fields(at).read("version", out.version).read("nonce", out.nonce);
  TRY(at.errors.status());
  return Message(std::move(out));
}

Status check_processes(const Reply& reply) {
  if (!reply.processes) {
    return {};
  }
  if (reply.processes->size() > kMaxProcesses) {
    return Error::invalid(concat("processes: more than ", kMaxProcesses));
  }
  for (const ProcessRow& row : *reply.processes) {
    if (row.command.size() > kMaxCommand) {
      return Error::invalid(concat("processes: a command longer than ", kMaxCommand, " bytes"));
    }
  }
  return {};
}

Result<Message> read_reply(const Cursor& at) {
  Reply out;
  Fields(at)
      .read("id", out.id)
      .read("error", out.error)
      .read("pid", out.pid)
      .read("processes", out.processes)
      .read("more", out.more);
  TRY(at.errors.status());
  TRY(check_processes(out));
  if (const json::Value* stats = at.value.find("stats")) {
    out.stats = *stats;
  }
  return Message(std::move(out));
}

json::Value format(const Hello& hello) {
  json::Value inner, out;
  inner.set("version", hello.version).set("nonce", hello.nonce);
  return out.set("hello", std::move(inner));
}

json::Value format(const Reply& reply) {
  json::Value out;
  out.set("id", reply.id);
  if (reply.error) {
    out.set("error", *reply.error);
  }
  if (reply.pid) {
    out.set("pid", *reply.pid);
  }
  if (!reply.stats.is_null()) {
    out.set("stats", reply.stats);
  }
  if (reply.processes) {
    json::Value rows(json::Array{});
    for (const ProcessRow& row : *reply.processes) {
      json::Value item;
      item.set("pid", row.pid).set("parent", row.parent).set("user", row.user);
      rows.push(std::move(item.set("cpuMs", row.cpu_ms).set("command", row.command)));
    }
    out.set("processes", std::move(rows));
    if (reply.more) {
      out.set("more", true);
    }
  }
  return out;
}

json::Value format(const ExitEvent& event) {
  json::Value out;
  out.set("event", "exit").set("container", event.container).set("session", event.session);
  out.set(event.signal == 0 ? "code" : "signal", event.signal == 0 ? event.code : event.signal);
  return out;
}

json::Value format(const OomEvent& event) {
  json::Value out;
  return out.set("event", "oom").set("container", event.container);
}

}  // namespace

Result<Message> parse_message(std::string_view text) {
  TRY_ASSIGN(const json::Value root, json::parse(text, "message", kGuestMessageLimits));
  oci::FirstError errors;
  const oci::Path path("");
  if (const json::Value* hello = root.find("hello")) {
    return read_hello({*hello, path, errors});
  }
  if (root.find("event") != nullptr) {
    return read_event({root, path, errors});
  }
  if (root.find("id") == nullptr) {
    return Error::invalid("message: neither hello nor event nor reply");
  }
  return read_reply({root, path, errors});
}

std::string format_message(const Message& message) {
  return std::visit([](const auto& each) { return json::dump(format(each)); }, message);
}

}  // namespace redoubt::vm
