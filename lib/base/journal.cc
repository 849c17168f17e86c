#include "base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include "base/descriptors.h"
#include "base/io.h"
#include "base/str.h"

namespace redoubt {
namespace {

constexpr size_t kLongestName = 64;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

// Only asserted.
[[maybe_unused]] bool is_field_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kLongestName && name[0] >= 'A' && name[0] <= 'Z' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

void append_little_endian(std::string& out, uint64_t value) {
  for (int byte = 0; byte < 8; ++byte) {
    out.push_back(static_cast<char>(value >> (8 * byte) & 0xff));
  }
}

}  // namespace

JournalRecord& JournalRecord::add(std::string_view name, std::string_view value) {
  assert(is_field_name(name));
  bytes_ += name;
  if (value.find('\n') == std::string_view::npos) {
    bytes_ += '=';
  } else {
    bytes_ += '\n';
    append_little_endian(bytes_, value.size());
  }
  bytes_ += value;
  bytes_ += '\n';
  return *this;
}

Result<Journal> Journal::open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error::invalid(concat("journal: the socket's path is longer than 107 bytes: ", path));
  }
  ::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return Error::system(errno, "journal: socket");
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::system(errno, concat("journal: connect ", path, " (is systemd-journald there?)"));
  }
  return Journal(path, std::move(fd));
}

Status Journal::send(const JournalRecord& record) const {
  Status sent = send_message(record.bytes(), -1);
  if (!sent && (sent.error().err() == EMSGSIZE || sent.error().err() == ENOBUFS)) {
    return send_memory(record.bytes());
  }
  return sent;
}

// `attached_fd` -1: none.
Status Journal::send_message(std::string_view payload, int attached_fd) const {
  const std::span attached(&attached_fd, static_cast<size_t>(attached_fd >= 0));
  return send_with_descriptors(fd_.get(), payload, attached) < 0
             ? Status(Error::system(errno, concat("journal: send to ", path_)))
             : Status();
}

// journald maps the memory, and takes it from others than itself only when nobody can change it.
Status Journal::send_memory(std::string_view record) const {
  const UniqueFd memory(::memfd_create("journal-record", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid()) {
    return Error::system(errno, "journal: memfd_create");
  }
  TRY(write_all(memory.get(), record, "journal: the memory of a record"));
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) {
    return Error::system(errno, "journal: seal the memory of a record");
  }
  return send_message({}, memory.get());
}

}  // namespace redoubt
