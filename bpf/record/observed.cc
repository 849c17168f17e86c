#include "bpf/record/observed.h"

#include "sandbox/dl_message.h"

namespace redoubt::bpf {

std::vector<std::string> to_words(const Observed& observed) {
  sandbox::Words words;
  sandbox::put(words, observed.lost);
  sandbox::put(words, observed.not_seen);
  words.push_back(concat(observed.privileged_execs));
  words.push_back(observed.foreign_architecture ? "1" : "0");
  words.push_back(concat(observed.sessions));
  words.push_back(concat(observed.rows.size()));
  for (const ObservedRow& row : observed.rows) {
    words.push_back(row.section);
    words.push_back(row.key);
    words.push_back(row.access);
    words.push_back(row.at_start ? "1" : "0");
    words.push_back(row.when_steady ? "1" : "0");
    words.push_back(row.refused ? "1" : "0");
  }
  return words;
}

Result<Observed> observed_of(const std::vector<std::string>& words) {
  sandbox::WordReader reader(words);
  Observed observed;
  observed.lost = reader.texts();
  observed.not_seen = reader.texts();
  observed.privileged_execs = reader.number<uint32_t>();
  observed.foreign_architecture = reader.number<int>() != 0;
  observed.sessions = reader.number<uint32_t>();
  for (size_t left = reader.count(); left > 0; --left) {
    ObservedRow row;
    row.section = reader.text();
    row.key = reader.text();
    row.access = reader.text();
    row.at_start = reader.number<int>() != 0;
    row.when_steady = reader.number<int>() != 0;
    row.refused = reader.number<int>() != 0;
    observed.rows.push_back(std::move(row));
  }
  if (!reader.is_complete()) {
    return Error::internal("redoubt-dl: not a record of a workload");
  }
  return observed;
}

}  // namespace redoubt::bpf
