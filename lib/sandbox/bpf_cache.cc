#include "sandbox/bpf_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::sandbox {
namespace {

constexpr char kMagic[8] = {'R', 'D', 'B', 'T', 'B', 'P', 'F', '2'};
constexpr size_t kMaxText = size_t{1} << 20;

// An entry: this, then the filter, the unknown names (one a line), the library's path, the source.
// `checksum` covers all that follows it.
struct Header {
  uint64_t checksum;
  char magic[8];
  uint32_t instructions;
  uint32_t names_length;
  uint64_t library_length, source_length;
  uint64_t library_device, library_inode, library_size;
  int64_t library_seconds, library_nanoseconds;
};
static_assert(sizeof(Header) % sizeof(sock_filter) == 0);

bool is_private(const struct stat& st) {
  return st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Fills the library's identity; false when there is no such file.
bool stat_library(const std::string& path, Header& header) {
  struct stat st {};
  if (path.empty() || stat(path.c_str(), &st) != 0) {
    return false;
  }
  header.library_device = st.st_dev;
  header.library_inode = st.st_ino;
  header.library_size = static_cast<uint64_t>(st.st_size);
  header.library_seconds = st.st_mtim.tv_sec;
  header.library_nanoseconds = st.st_mtim.tv_nsec;
  return true;
}

bool same_library(const Header& a, const Header& b) {
  return a.library_device == b.library_device && a.library_inode == b.library_inode &&
         a.library_size == b.library_size && a.library_seconds == b.library_seconds &&
         a.library_nanoseconds == b.library_nanoseconds;
}

uint64_t hash(std::string_view bytes) {
  return XXH64(bytes.data(), bytes.size(), 0);
}

uint64_t checksum_of(std::string_view entry) {
  return hash(entry.substr(sizeof(Header::checksum)));
}

Result<std::string> read_entry(int directory_fd, const std::string& name) {
  TRY_ASSIGN(const UniqueFd file,
             open_at(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat st {};
  if (fstat(file.get(), &st) != 0) {
    return Error::system(errno, name);
  }
  if (!S_ISREG(st.st_mode) || !is_private(st) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error::state("seccomp cache: entry is not a private file");
  }
  return read_all(
      file.get(), sizeof(Header) + BPF_MAXINSNS * sizeof(sock_filter) + 3 * kMaxText, name);
}

std::optional<CachedProgram> decode(std::string_view bytes, std::string_view source) {
  Header header{};
  if (bytes.size() < sizeof header) {
    return std::nullopt;
  }
  memcpy(&header, bytes.data(), sizeof header);
  if (memcmp(header.magic, kMagic, sizeof kMagic) != 0 ||
      header.source_length != source.size() || header.instructions == 0 || header.instructions > BPF_MAXINSNS ||
      header.names_length > kMaxText || header.library_length > kMaxText) {
    return std::nullopt;
  }
  const size_t filter_length = header.instructions * sizeof(sock_filter);
  const size_t names_at = sizeof header + filter_length;
  const size_t library_at = names_at + header.names_length;
  const size_t source_at = library_at + header.library_length;
  if (bytes.size() != source_at + source.size() || bytes.substr(source_at) != source ||
      checksum_of(bytes) != header.checksum) {
    return std::nullopt;
  }
  CachedProgram program;
  program.filter.resize(header.instructions);
  memcpy(program.filter.data(), bytes.data() + sizeof header, filter_length);
  if (header.names_length != 0) {
    program.unknown_syscalls = split(bytes.substr(names_at, header.names_length), '\n');
  }
  program.library = bytes.substr(library_at, header.library_length);
  Header now{};
  if (!stat_library(program.library, now) || !same_library(now, header)) {
    return std::nullopt;
  }
  return program;
}

std::string encode(const CachedProgram& program, std::string_view source, Header header) {
  const std::string names = join(program.unknown_syscalls, "\n");
  memcpy(header.magic, kMagic, sizeof kMagic);
  header.instructions = static_cast<uint32_t>(program.filter.size());
  header.names_length = static_cast<uint32_t>(names.size());
  header.library_length = program.library.size();
  header.source_length = source.size();
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char*>(program.filter.data()),
               program.filter.size() * sizeof(sock_filter));
  bytes.append(names).append(program.library).append(source);
  const uint64_t checksum = checksum_of(bytes);
  memcpy(bytes.data() + offsetof(Header, checksum), &checksum, sizeof checksum);
  return bytes;
}

}  // namespace

Result<BpfCache> BpfCache::open(const std::string& directory) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  Result<UniqueFd> opened = open_at(AT_FDCWD, directory, kFlags);
  if (!opened && opened.error().err() == ENOENT) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return Error::system(errno, concat("mkdir ", directory));
    }
    opened = open_at(AT_FDCWD, directory, kFlags);
  }
  if (!opened) {
    return std::move(opened).error();
  }
  UniqueFd fd = *std::move(opened);
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) {
    return Error::system(errno, concat("fstat ", directory));
  }
  if (!is_private(st)) {
    return Error::state(concat(directory, ": not used as cache: others may write to it"));
  }
  return BpfCache(std::move(fd));
}

std::string BpfCache::file_name(std::string_view source) {
  std::string name;
  for (uint64_t left = hash(source), digits = 16; digits > 0; --digits, left >>= 4) {
    name.push_back("0123456789abcdef"[left & 0xf]);
  }
  return name;
}

std::optional<CachedProgram> BpfCache::find(std::string_view source) const {
  const Result<std::string> bytes = read_entry(directory_.get(), file_name(source));
  return bytes ? decode(*bytes, source) : std::nullopt;
}

Status BpfCache::store(std::string_view source, const CachedProgram& program) const {
  if (source.size() > kMaxText) {
    return Error::state("seccomp cache: the profile is too long");
  }
  Header header{};
  if (!stat_library(program.library, header)) {
    return Error::state("seccomp cache: the library's file is unknown");
  }
  TRY(replace_file_at(directory_.get(), file_name(source), encode(program, source, header), 0600));
  prune();
  return {};
}

void BpfCache::prune() const {
  UniqueFd copy(openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(copy.get()), closedir);
  if (listing == nullptr) {
    return;
  }
  copy.release();
  std::vector<std::pair<int64_t, std::string>> entries;
  while (const dirent* entry = readdir(listing.get())) {
    struct stat st {};
    if (entry->d_name[0] != '.' &&
        fstatat(directory_.get(), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
      entries.emplace_back(st.st_mtim.tv_sec, entry->d_name);
    }
  }
  if (entries.size() <= kMaxEntries) {
    return;
  }
  std::sort(entries.begin(), entries.end());
  for (size_t i = 0; i < entries.size() - kMaxEntries; ++i) {
    unlinkat(directory_.get(), entries[i].second.c_str(), 0);
  }
}

}  // namespace redoubt::sandbox
