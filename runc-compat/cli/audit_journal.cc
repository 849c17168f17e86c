#include "runc-compat/cli/audit_journal.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/str.h"
#include "bpf/log_cursor.h"
#include "runc-compat/cli/audit.h"

namespace redoubt::cli {
namespace {

constexpr char kIdentifier[] = "redoubt";
// sd-id128(3): what journalctl MESSAGE_ID= finds, whatever the wording.
constexpr char kViolationId[] = "55db354689004e2e8ab78eb1c849c87e";
constexpr char kLostId[] = "c2947491a1a1456db50a55134b6559af";
// syslog(3)
constexpr char kWarning[] = "4";
constexpr char kNotice[] = "5";

// A field of the record and the member of the document that it is; groups are separated by a dot.
struct Field {
  std::string_view name, member;
};

constexpr Field kFields[] = {
    {"REDOUBT_ACCESS", "data.access"},
    {"REDOUBT_CGROUP", "data.cgroup"},
    {"REDOUBT_COMM", "data.process.comm"},
    {"REDOUBT_CONTAINER", "id"},
    {"REDOUBT_DETAIL", "data.detail"},
    {"REDOUBT_ERRNO", "data.errno"},
    {"REDOUBT_HOOK", "data.hook"},
    {"REDOUBT_LAYER", "data.layer"},
    {"REDOUBT_LOST", "data.events"},
    {"REDOUBT_OBJECT", "data.object"},
    {"REDOUBT_OPERATION", "data.operation"},
    {"REDOUBT_PID", "data.process.pid"},
    {"REDOUBT_RULE", "data.policy.rule"},
    {"REDOUBT_SEQUENCE", "data.sequence"},
    {"REDOUBT_SOURCE", "data.policy.source"},
    {"REDOUBT_TARGET", "data.target"},
    {"REDOUBT_TID", "data.process.tid"},
    {"REDOUBT_TIME", "data.time"},
    {"REDOUBT_TRUNCATED", "data.truncated"},
    {"REDOUBT_UID", "data.process.uid"},
    {"REDOUBT_VERDICT", "data.verdict"},
};

const json::Value* member_of(const json::Value& document, std::string_view path) {
  const json::Value* value = &document;
  for (const std::string& key : split(path, '.')) {
    value = value == nullptr ? nullptr : value->find(key);
  }
  return value;
}

// "": no such member.
std::string text_at(const json::Value& document, std::string_view path) {
  const json::Value* value = member_of(document, path);
  if (value == nullptr) {
    return {};
  }
  return value->is_string() ? value->as_string() : json::dump(*value);
}

// The parent first: sh[17] containerd-shim[3].
std::string ancestry_text(const json::Value& document) {
  std::vector<std::string> parts;
  const json::Value* ancestry = member_of(document, "data.process.ancestry");
  if (ancestry != nullptr && ancestry->is_array()) {
    for (const json::Value& entry : ancestry->as_array()) {
      parts.push_back(concat(text_at(entry, "comm"), "[", text_at(entry, "pid"), "]"));
    }
  }
  return join(parts, " ");
}

// For people. What a container has chosen is quoted: a terminal shows it.
std::string message_of(const json::Value& document) {
  const std::string object = text_at(document, "data.object");
  const std::string rule = text_at(document, "data.policy.rule");
  return concat(text_at(document, "id"),
                ": ",
                text_at(document, "data.verdict"),
                rule.empty() ? "" : concat(" by ", rule),
                ": ",
                text_at(document, "data.hook"),
                object.empty() ? "" : concat(" of ", quote(object)),
                " by ",
                quote(text_at(document, "data.process.comm")),
                " (pid ",
                text_at(document, "data.process.pid"),
                ", uid ",
                text_at(document, "data.process.uid"),
                ")");
}

}  // namespace

JournalRecord journal_record(const json::Value& document) {
  const bool is_lost = text_at(document, "type") == "lost";
  const bool is_denied = text_at(document, "data.verdict") == "denied";
  JournalRecord record;
  record.add(
      "MESSAGE",
      is_lost ? concat(text_at(document, "data.events"),
                       " violations were overwritten before they could be written to the journal")
              : message_of(document));
  record.add("MESSAGE_ID", is_lost ? kLostId : kViolationId);
  record.add("PRIORITY", is_lost || is_denied ? kWarning : kNotice);
  record.add("SYSLOG_IDENTIFIER", kIdentifier);
  for (const Field& field : kFields) {
    if (const std::string text = text_at(document, field.member); !text.empty()) {
      record.add(field.name, text);
    }
  }
  if (const std::string ancestry = ancestry_text(document); !ancestry.empty()) {
    record.add("REDOUBT_ANCESTRY", ancestry);
  }
  return record;
}

Status copy_violations_to_journal(const Globals& globals, bool once) {
  TRY_ASSIGN(bpf::EventLog log, open_violations());
  TRY_ASSIGN(bpf::LogCursor cursor, bpf::LogCursor::open().context("events --journald"));
  TRY_ASSIGN(const Journal journal, Journal::open().context("events --journald"));
  if (const uint64_t copied = cursor.copied_of(log.identity()); copied != 0) {
    log.skip_to(copied);
  }
  return follow_violations(
      globals,
      log,
      {.id = "", .once = once},
      [&log, &cursor, &journal](const std::vector<json::Value>& documents) -> Status {
        for (const json::Value& document : documents) {
          TRY(journal.send(journal_record(document)).context("events --journald"));
        }
        return documents.empty() ? Status() : cursor.advance(log.identity(), log.last_read());
      });
}

}  // namespace redoubt::cli
