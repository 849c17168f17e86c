// The system journal in its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a record is a list
// of fields in one datagram. Nothing of systemd is linked or loaded.
#ifndef REDOUBT_BASE_JOURNAL_H_
#define REDOUBT_BASE_JOURNAL_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace redoubt {

inline constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

class JournalRecord {
 public:
  // Precondition: `name` is of A-Z, 0-9 and "_", begins with a letter and has at most 64
  // characters; the journal drops others. Any value is safe: one with a line feed is sent by its
  // length, so that a container cannot add fields of its own.
  JournalRecord& add(std::string_view name, std::string_view value);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Journal {
 public:
  // Errors: nobody has bound the socket.
  static Result<Journal> open(const std::string& path = kJournalSocket);

  // Waits while the journal's queue is full. What is too large for a datagram goes as a sealed
  // memfd.
  Status send(const JournalRecord& record) const;

 private:
  Journal(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Status send_message(std::string_view payload, int attached_fd) const;
  Status send_memory(std::string_view record) const;

  std::string path_;
  UniqueFd fd_;
};

}  // namespace redoubt

#endif  // REDOUBT_BASE_JOURNAL_H_
