#include "policy/authoring/recording_document.h"

#include <algorithm>
#include <map>

#include "base/str.h"
#include "policy/surface_table.h"

namespace redoubt::policy {
namespace {

class DocumentMaker {
 public:
  DocumentMaker(const Recording& recording, const std::string& source)
      : recording_(recording), source_(source) {}

  Document make() {
    document_.rules.push_back({source_, 0, "seen in the recording"});
    add_section(Section::kSyscalls, Field::kSyscallsAllow);
    add_section(Section::kCapabilities, Field::kCapabilitiesAllow);
    add_section(Section::kSockets, Field::kNetworkFamilies);
    add_section(Section::kConnect, Field::kNetworkConnect);
    add_section(Section::kBind, Field::kNetworkBind);
    add_section(Section::kPrograms, Field::kFilesExecute);
    for (const Seen& seen : recording_[Section::kFiles]) {
      add_file(seen);
    }
    for (const Field field : {Field::kFilesRead, Field::kFilesList, Field::kFilesWrite, Field::kFilesExecute}) {
      settle(document_[field]);
    }
    add_surfaces();
    return std::move(document_);
  }

 private:
  uint32_t rule_for(const Seen& seen) {
    const std::string_view phase = seen.at_start && seen.when_steady ? "at start and later"
                                   : seen.at_start                   ? "at start"
                                                                     : "when steady";
    const std::string reason =
        concat("seen ", phase, ", in ", seen.runs, " of ", recording_.runs.size(), " runs");
    const auto [found, is_new] =
        rules_.emplace(reason, static_cast<uint32_t>(document_.rules.size()));
    if (is_new) {
      document_.rules.push_back({source_, 0, reason});
    }
    return found->second;
  }

  void add(Field field, const Seen& seen) {
    Entry entry;
    entry.key = seen.key;
    entry.rule = rule_for(seen);
    document_[field].entries.push_back(std::move(entry));
  }

  void add_section(Section section, Field field) {
    document_[field].present = true;
    for (const Seen& seen : recording_[section]) {
      add(field, seen);
    }
  }

  void add_file(const Seen& seen) {
    const auto has = [&](char letter) { return seen.access.find(letter) != std::string::npos; };
    if (seen.is_read() || seen.is_listed()) {
      add(seen.is_listed() ? Field::kFilesList : Field::kFilesRead, seen);
    }
    if (has('w') || has('c')) {
      add(Field::kFilesWrite, seen);
    }
    if (has('x')) {
      add(Field::kFilesExecute, seen);
    }
  }

  static void settle(FieldValue& value) {
    value.present = true;
    const auto before = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    std::stable_sort(value.entries.begin(), value.entries.end(), before);
    value.entries.erase(std::unique(value.entries.begin(), value.entries.end(), same),
                        value.entries.end());
  }

  void add_surfaces() {
    for (const SurfaceCall& call : surface_calls()) {
      const Entry* used = find_entry(document_[Field::kSyscallsAllow], call.name);
      if (used != nullptr) {
        document_[call.field].present = true;
        document_[call.field].rule = used->rule;
      }
    }
    document_[Field::kForeignArchitectures].present = recording_.foreign_architecture;
  }

  const Recording& recording_;
  const std::string& source_;
  Document document_;
  std::map<std::string, uint32_t> rules_;
};

}  // namespace

Document document_of(const Recording& recording, const std::string& source) {
  return DocumentMaker(recording, source).make();
}

}  // namespace redoubt::policy
