// The text form of a Recording. Strict, and every error has a line: a recording comes from a colleague
// or from CI and decides what a profile will allow.
#include <algorithm>

#include "base/json.h"
#include "base/json_lines.h"
#include "base/str.h"
#include "policy/authoring/recording.h"
#include "policy/document/endpoint.h"
#include "policy/document/read_document.h"
#include "policy/document/reader.h"

namespace redoubt::policy {
namespace {

constexpr size_t kMaxDepth = 6;
constexpr size_t kMaxValues = size_t{1} << 21;
constexpr size_t kMaxRuns = 1000;
constexpr size_t kMaxText = 4096;
constexpr uint64_t kMaxNumber = uint64_t{1} << 40;
constexpr std::string_view kStart = "start", kSteady = "steady", kBoth = "both";

struct RecordingReader {
  const std::string& source;
  const json::Lines& lines;

  Error error(const json::Value& at, std::string_view pointer, std::string_view what) const {
    return Error::invalid(concat(source, ":", lines.of(at), ": ", pointer, ": ", what));
  }

  Result<std::string> text(const json::Value& value, const std::string& pointer) const {
    if (!value.is_string() || value.as_string().size() > kMaxText) {
      return error(value, pointer, concat("must be a text of at most ", kMaxText, " bytes"));
    }
    return value.as_string();
  }

  Result<uint64_t> number(const json::Value& value, const std::string& pointer) const {
    if (value.type() != json::Value::Type::kInt || value.as_int() < 0 ||
        static_cast<uint64_t>(value.as_int()) > kMaxNumber) {
      return error(value, pointer, "must be an integer, 0 or more");
    }
    return static_cast<uint64_t>(value.as_int());
  }

  Result<const json::Array*> array(const json::Value& value, const std::string& pointer) const {
    if (!value.is_array()) {
      return error(value, pointer, concat("must be an array, got ", value.type_name()));
    }
    return &value.as_array();
  }

  Result<std::vector<std::string>> texts(const json::Value& value, const std::string& pointer) const {
    std::vector<std::string> out;
    TRY_ASSIGN(const json::Array* elements, array(value, pointer));
    for (size_t i = 0; i < elements->size(); ++i) {
      TRY_ASSIGN(std::string word, text((*elements)[i], child(pointer, i)));
      out.push_back(std::move(word));
    }
    return out;
  }
};

std::string key_problem(const SectionInfo& info, const std::string& key) {
  if (info.vocabulary == Vocabulary::kNone) {
    const std::vector<std::string> parts = split(key, ' ');
    // Port 0 is the kernel's to choose, and not one of a policy's endpoints.
    const bool whole = parts.size() == 3;
    const std::string port = whole && parts[2] != "0" ? parts[2] : "1";
    return whole && parse_endpoint(concat(parts[0], " ", parts[1], " ", port))
               ? ""
               : "is not an endpoint such as \"tcp 192.0.2.1 443\"";
  }
  return key.starts_with('@') ? "is not one name" : name_problem(info.vocabulary, key);
}

Status read_phase(const RecordingReader& reader,
                  const json::Value& value,
                  const std::string& pointer,
                  Seen& seen) {
  TRY_ASSIGN(const std::string word, reader.text(value, pointer));
  if (word != kStart && word != kSteady && word != kBoth) {
    return reader.error(value, pointer, "must be one of: start, steady, both");
  }
  seen.at_start = word != kSteady;
  seen.when_steady = word != kStart;
  return {};
}

bool is_file_access(const std::string& letters) {
  return !letters.empty() && letters.find_first_not_of("rwxcd") == std::string::npos &&
         letters.size() <= 5;
}

Status read_row_member(const RecordingReader& reader,
                       const SectionInfo& info,
                       const json::Member& member,
                       const std::string& pointer,
                       Seen& seen) {
  const std::string at = child(pointer, member.key);
  if (member.key == info.key) {
    TRY_ASSIGN(seen.key, reader.text(member.value, at));
    const std::string problem = key_problem(info, seen.key);
    return problem.empty()
               ? Status()
               : reader.error(member.value, at, concat(quote(seen.key), " ", problem));
  }
  if (member.key == "access" && info.section == Section::kFiles) {
    TRY_ASSIGN(seen.access, reader.text(member.value, at));
    return is_file_access(seen.access)
               ? Status()
               : reader.error(member.value, at, "must consist of the letters r, w, x, c and d");
  }
  if (member.key == "phase") {
    return read_phase(reader, member.value, at, seen);
  }
  if (member.key == "runs") {
    TRY_ASSIGN(seen.runs, reader.number(member.value, at));
    return seen.runs > 0 ? Status() : reader.error(member.value, at, "must be 1 or more");
  }
  return reader.error(member.value, pointer, concat("unknown key ", quote(member.key)));
}

Status read_rows(const RecordingReader& reader,
                 const SectionInfo& info,
                 const json::Value& value,
                 Recording& recording) {
  const std::string pointer = child("", info.name);
  TRY_ASSIGN(const json::Array* rows, reader.array(value, pointer));
  for (size_t i = 0; i < rows->size(); ++i) {
    const json::Value& row = (*rows)[i];
    const std::string at = child(pointer, i);
    Seen seen;
    if (!row.is_object()) {
      return reader.error(row, at, concat("must be an object, got ", row.type_name()));
    }
    for (const json::Member& member : row.as_object()) {
      TRY(read_row_member(reader, info, member, at, seen));
    }
    if (seen.key.empty() || (!seen.at_start && !seen.when_steady) ||
        (info.section == Section::kFiles && seen.access.empty())) {
      return reader.error(row,
                          at,
                          concat("needs ", info.key, " and phase",
                                 info.section == Section::kFiles ? ", and access" : ""));
    }
    recording.add(info.section, std::move(seen));
  }
  return {};
}

Status read_run(const RecordingReader& reader,
                const json::Value& value,
                const std::string& pointer,
                RecordedRun& run) {
  if (!value.is_object()) {
    return reader.error(value, pointer, concat("must be an object, got ", value.type_name()));
  }
  for (const json::Member& member : value.as_object()) {
    const std::string at = child(pointer, member.key);
    if (member.key == "command") {
      TRY_ASSIGN(run.command, reader.texts(member.value, at));
    } else if (member.key == "kernel") {
      TRY_ASSIGN(run.kernel, reader.text(member.value, at));
    } else if (member.key == "started") {
      TRY_ASSIGN(run.started, reader.text(member.value, at));
    } else if (member.key == "image") {
      TRY_ASSIGN(run.image, reader.text(member.value, at));
    } else if (member.key == "seconds") {
      TRY_ASSIGN(run.seconds, reader.number(member.value, at));
    } else if (member.key == "sessions") {
      TRY_ASSIGN(run.sessions, reader.number(member.value, at));
    } else if (member.key == "startSeen") {
      if (!member.value.is_bool()) {
        return reader.error(member.value, at, "must be true or false");
      }
      run.start_seen = member.value.as_bool();
    } else {
      return reader.error(member.value, pointer, concat("unknown key ", quote(member.key)));
    }
  }
  return {};
}

Status read_runs(const RecordingReader& reader, const json::Value& value, Recording& recording) {
  TRY_ASSIGN(const json::Array* runs, reader.array(value, "/runs"));
  if (runs->empty() || runs->size() > kMaxRuns) {
    return reader.error(value, "/runs", concat("must have 1 to ", kMaxRuns, " elements"));
  }
  for (size_t i = 0; i < runs->size(); ++i) {
    TRY(read_run(reader, (*runs)[i], child("/runs", i), recording.runs.emplace_back()));
  }
  return {};
}

Status read_top(const RecordingReader& reader, const json::Member& member, Recording& recording) {
  const std::string at = child("", member.key);
  for (const SectionInfo& info : section_table()) {
    if (info.name == member.key) {
      return read_rows(reader, info, member.value, recording);
    }
  }
  if (member.key == "apiVersion" || member.key == "kind") {
    const std::string_view expected = member.key == "kind" ? "Recording" : kApiVersion;
    return member.value.is_string() && member.value.as_string() == expected
               ? Status()
               : reader.error(member.value, at, concat("must be ", quote(expected)));
  }
  if (member.key == "complete" || member.key == "foreignArchitecture") {
    if (!member.value.is_bool()) {
      return reader.error(member.value, at, "must be true or false");
    }
    recording.foreign_architecture |= member.key != "complete" && member.value.as_bool();
  } else if (member.key == "lost") {
    TRY_ASSIGN(recording.lost, reader.texts(member.value, at));
  } else if (member.key == "notSeen") {
    TRY_ASSIGN(recording.not_seen, reader.texts(member.value, at));
  } else if (member.key == "privilegedExecs") {
    TRY_ASSIGN(recording.privileged_execs, reader.number(member.value, at));
  } else if (member.key == "runs") {
    return read_runs(reader, member.value, recording);
  } else if (!member.key.starts_with("x-")) {
    return reader.error(member.value, "", concat("unknown key ", quote(member.key)));
  }
  return {};
}

Status check_whole(const RecordingReader& reader, const json::Value& root, const Recording& recording) {
  for (const std::string_view key : {"apiVersion", "kind", "complete", "runs"}) {
    if (root.find(key) == nullptr) {
      return reader.error(root, "", concat("needs ", quote(key)));
    }
  }
  if (root.find("complete")->as_bool() != recording.is_complete()) {
    return reader.error(root, "/complete", "does not fit to what \"lost\" and \"startSeen\" of the runs say");
  }
  for (const SectionInfo& info : section_table()) {
    for (const Seen& seen : recording[info.section]) {
      if (seen.runs > recording.runs.size()) {
        return reader.error(
            root, child("", info.name), concat(quote(seen.key), ": seen in more runs than there are"));
      }
    }
  }
  return {};
}

json::Value texts_json(const std::vector<std::string>& texts) {
  json::Value out{json::Array()};
  for (const std::string& text : texts) {
    out.push(text);
  }
  return out;
}

json::Value run_json(const RecordedRun& run) {
  json::Value out;
  out.set("command", texts_json(run.command)).set("kernel", run.kernel);
  out.set("started", run.started).set("seconds", run.seconds).set("sessions", run.sessions);
  if (!run.start_seen) {
    out.set("startSeen", false);
  }
  return run.image.empty() ? out : out.set("image", run.image);
}

json::Value row_json(const SectionInfo& info, const Seen& seen) {
  json::Value out;
  out.set(info.key, seen.key);
  if (info.section == Section::kFiles) {
    out.set("access", seen.access);
  }
  out.set("phase", seen.at_start && seen.when_steady ? kBoth : seen.at_start ? kStart : kSteady);
  return out.set("runs", seen.runs);
}

void append_rows(std::string& text, std::string_view name, const std::vector<std::string>& rows) {
  text += concat(",\n  ", quote(name), ": [");
  for (size_t i = 0; i < rows.size(); ++i) {
    text += concat(i == 0 ? "\n    " : ",\n    ", rows[i]);
  }
  text += rows.empty() ? "]" : "\n  ]";
}

}  // namespace

Result<Recording> read_recording(std::string_view text, const std::string& source) {
  json::Limits limits;
  limits.max_bytes = kMaxRecordingBytes;
  limits.max_depth = kMaxDepth;
  limits.max_values = kMaxValues;
  TRY_ASSIGN(const json::Value root, json::parse(text, source, limits));
  const json::Lines lines(text, root);
  const RecordingReader reader{source, lines};
  if (!root.is_object()) {
    return reader.error(root, "", concat("must be an object, got ", root.type_name()));
  }
  Recording recording;
  for (const json::Member& member : root.as_object()) {
    TRY(read_top(reader, member, recording));
  }
  recording.settle();
  TRY(check_whole(reader, root, recording));
  return recording;
}

std::string write_recording(const Recording& recording) {
  json::Value head;
  head.set("apiVersion", kApiVersion).set("kind", "Recording");
  head.set("complete", recording.is_complete()).set("lost", texts_json(recording.lost));
  head.set("notSeen", texts_json(recording.not_seen));
  head.set("privilegedExecs", recording.privileged_execs);
  head.set("foreignArchitecture", recording.foreign_architecture);
  std::string text = json::dump(head, json::Layout::kIndent2);
  text.resize(text.size() - 2);  // the end of the object
  std::vector<std::string> rows;
  for (const RecordedRun& run : recording.runs) {
    rows.push_back(json::dump(run_json(run)));
  }
  append_rows(text, "runs", rows);
  for (const SectionInfo& info : section_table()) {
    rows.clear();
    for (const Seen& seen : recording[info.section]) {
      rows.push_back(json::dump(row_json(info, seen)));
    }
    append_rows(text, info.name, rows);
  }
  return text + "\n}\n";
}

bool is_recording(std::string_view text) {
  constexpr size_t kHead = 4096;
  const std::string_view head = text.substr(0, kHead);
  const size_t kind = head.find("\"kind\"");
  const size_t word = kind == std::string_view::npos ? kind : head.find('"', kind + 6);
  return word != std::string_view::npos && head.substr(word).starts_with("\"Recording\"");
}

}  // namespace redoubt::policy
