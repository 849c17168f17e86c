#include "policy/authoring/recording.h"

#include <algorithm>
#include <optional>

namespace redoubt::policy {
namespace {

constexpr SectionInfo kSections[] = {
    {Section::kSyscalls, "syscalls", "name", Vocabulary::kSyscall},
    {Section::kCapabilities, "capabilities", "name", Vocabulary::kCapability},
    {Section::kSockets, "sockets", "name", Vocabulary::kFamily},
    {Section::kConnect, "connect", "endpoint"},
    {Section::kBind, "bind", "endpoint"},
    {Section::kFiles, "files", "path", Vocabulary::kPath},
    {Section::kPrograms, "programs", "path", Vocabulary::kPath},
};
static_assert(std::size(kSections) == kSectionCount);

bool has(const std::string& access, char letter) {
  return access.find(letter) != std::string::npos;
}

// What was a directory once and a file another time was read as a file.
void unite_access(std::string& access, const std::string& other) {
  const bool differs = has(access, 'r') && has(other, 'r') && has(access, 'd') != has(other, 'd');
  access += other;
  std::erase_if(access, [&](char letter) { return differs && letter == 'd'; });
  std::sort(access.begin(), access.end());
  access.erase(std::unique(access.begin(), access.end()), access.end());
}

// Within one run the number of runs stays; `adds_runs`: the rows are of different ones.
void unite(Seen& seen, const Seen& other, bool adds_runs) {
  unite_access(seen.access, other.access);
  seen.at_start |= other.at_start;
  seen.when_steady |= other.when_steady;
  seen.runs = adds_runs ? seen.runs + other.runs : std::max(seen.runs, other.runs);
}

void settle_section(std::vector<Seen>& rows, bool adds_runs) {
  std::stable_sort(
      rows.begin(), rows.end(), [](const Seen& a, const Seen& b) { return a.key < b.key; });
  std::vector<Seen> united;
  united.reserve(rows.size());
  for (Seen& row : rows) {
    if (!united.empty() && united.back().key == row.key) {
      unite(united.back(), row, adds_runs);
    } else {
      united.push_back(std::move(row));
    }
  }
  rows = std::move(united);
}

void add_texts(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& text : from) {
    if (std::find(to.begin(), to.end(), text) == to.end()) {
      to.push_back(text);
    }
  }
}

Operation::Kind kind_of(Section section) {
  switch (section) {
    case Section::kSyscalls:
      return Operation::Kind::kSyscall;
    case Section::kCapabilities:
      return Operation::Kind::kCapability;
    case Section::kSockets:
      return Operation::Kind::kSocket;
    case Section::kConnect:
      return Operation::Kind::kConnect;
    case Section::kBind:
      return Operation::Kind::kBind;
    case Section::kFiles:
    case Section::kPrograms:
      break;
  }
  return Operation::Kind::kOpen;
}

// What is made or removed changes the directory, which the rules of trees judge by the name.
std::string judged_access(const Seen& seen) {
  std::string access;
  for (const char letter : seen.access) {
    if (letter == 'c') {
      access += has(seen.access, 'w') ? "" : "w";
    } else if (letter == 'r' && seen.is_listed()) {
      access += 'l';
    } else if (letter != 'd') {
      access += letter;
    }
  }
  return access;
}

// The kernel's choice of a port. UDP sockets always get one, and a probe of a route reaches nothing; for
// TCP all ports must be allowed (sandbox/network_filter.h), the first one stands for them.
std::optional<std::string> judged_endpoint(Section section, const std::string& key) {
  if (!key.ends_with(" 0")) {
    return key;
  }
  const bool needs_all = section == Section::kBind && key.starts_with("tcp ");
  return needs_all ? std::optional(key.substr(0, key.size() - 1) + "1") : std::nullopt;
}

}  // namespace

bool Seen::is_listed() const {
  return has(access, 'r') && has(access, 'd');
}

bool Seen::is_read() const {
  return has(access, 'r') && !has(access, 'd');
}

std::span<const SectionInfo> section_table() {
  return kSections;
}

bool Recording::sees_start() const {
  return std::any_of(runs.begin(), runs.end(), [](const RecordedRun& run) { return run.start_seen; });
}

std::vector<std::string> Recording::gaps() const {
  std::vector<std::string> gaps = lost;
  if (!sees_start()) {
    gaps.emplace_back("the start was not seen: the container ran already");
  }
  return gaps;
}

void Recording::add(Section section, Seen seen) {
  std::sort(seen.access.begin(), seen.access.end());
  (*this)[section].push_back(std::move(seen));
}

void Recording::settle() {
  for (std::vector<Seen>& rows : sections) {
    settle_section(rows, false);
  }
}

Recording merge_recordings(const std::vector<Recording>& recordings) {
  Recording all;
  for (const Recording& one : recordings) {
    add_texts(all.lost, one.lost);
    add_texts(all.not_seen, one.not_seen);
    all.runs.insert(all.runs.end(), one.runs.begin(), one.runs.end());
    all.privileged_execs += one.privileged_execs;
    all.foreign_architecture |= one.foreign_architecture;
    for (size_t i = 0; i < kSectionCount; ++i) {
      all.sections[i].insert(all.sections[i].end(), one.sections[i].begin(), one.sections[i].end());
    }
  }
  for (std::vector<Seen>& rows : all.sections) {
    settle_section(rows, true);
  }
  return all;
}

std::vector<Operation> operations_of(const Recording& recording) {
  std::vector<Operation> operations;
  uint32_t number = 0;
  for (const SectionInfo& info : kSections) {
    for (const Seen& seen : recording[info.section]) {
      ++number;
      const bool is_endpoint = info.vocabulary == Vocabulary::kNone;
      const std::optional<std::string> object =
          is_endpoint ? judged_endpoint(info.section, seen.key) : std::optional(seen.key);
      if (object) {
        std::string access = info.section == Section::kPrograms ? "x" : judged_access(seen);
        operations.push_back({kind_of(info.section), *object, std::move(access), number});
      }
    }
  }
  return operations;
}

}  // namespace redoubt::policy
