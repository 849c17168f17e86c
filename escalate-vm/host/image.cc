#include "escalate-vm/host/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "base/unique_fd.h"
#include "sandbox/sha256.h"

namespace redoubt::vm {
namespace {

constexpr size_t kMaxDescription = 65536;
constexpr size_t kMaxIdentity = 256;
constexpr size_t kPiece = size_t{1} << 18;
constexpr int64_t kSettledSeconds = 2;
constexpr char kRemedy[] = "; make the image again with redoubt-build-image";

Result<std::string> digest_of_file(int fd, const std::string& path) {
  std::vector<char> buffer(kPiece);
  sandbox::Sha256 sum;
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return Error::system(errno, concat("vm.image: read ", path));
    }
    if (n == 0) {
      return sandbox::to_hex(sum.finish());
    }
    sum.update({buffer.data(), static_cast<size_t>(n)});
  }
}

// Files of one line, the identity, by digest.
class Known {
 public:
  explicit Known(const std::string& directory) {
    struct stat st {};
    if (directory.empty() || (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)) {
      return;
    }
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.valid() && ::fstat(fd.get(), &st) == 0 && st.st_uid == ::geteuid() && (st.st_mode & 077) == 0) {
      directory_ = std::move(fd);
    }
  }

  bool has(const std::string& digest, const std::string& identity) const {
    if (!directory_.valid()) {
      return false;
    }
    const Result<std::string> known = read_file_at(directory_.get(), digest, kMaxIdentity);
    return known && *known == identity;
  }

  void add(const std::string& digest, const std::string& identity, const struct stat& file) const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    if (directory_.valid() && now.tv_sec - file.st_ctim.tv_sec > kSettledSeconds) {
      ignore(replace_file_at(directory_.get(), digest, identity, 0600), "the next start hashes again");
    }
  }

 private:
  UniqueFd directory_;
};

Result<std::string> wanted_digest(const json::Value& description, const char* name, const std::string& path) {
  const json::Value* digests = description.find("sha256");
  const json::Value* digest = digests != nullptr ? digests->find(name) : nullptr;
  constexpr size_t kDigits = 64;
  if (digest == nullptr || !digest->is_string() || digest->as_string().size() != kDigits ||
      digest->as_string().find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Error::invalid(concat("vm.image: ", path, ": no digest sha256.", name, kRemedy));
  }
  return digest->as_string();
}

Result<std::string> verify_file(const std::string& path, const std::string& wanted, const Known& known) {
  Result<UniqueFd> file = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    return Error(file.error()).add_context("vm.image");
  }
  struct stat st {};
  if (::fstat(file->get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return Error::invalid(concat("vm.image: ", path, " is not a file", kRemedy));
  }
  TRY_ASSIGN(std::string identity, identity_of_file(file->get(), path));
  if (known.has(wanted, identity)) {
    return identity;
  }
  TRY_ASSIGN(const std::string found, digest_of_file(file->get(), path));
  if (found != wanted) {
    return Error::invalid(concat("vm.image: ", path, " has the digest ", found, ", not ", wanted,
                                 " as image.json says", kRemedy));
  }
  known.add(wanted, identity, st);
  return identity;
}

}  // namespace

Result<std::string> identity_of_file(int fd, const std::string& path) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) {
    return Error::system(errno, concat("fstat ", path));
  }
  return concat(st.st_dev, ' ', st.st_ino, ' ', st.st_size, ' ', st.st_mtim.tv_sec, '.', st.st_mtim.tv_nsec,
                ' ', st.st_ctim.tv_sec, '.', st.st_ctim.tv_nsec);
}

Result<ImageIdentity> verify_image(const std::string& directory,
                                   const std::string& digest,
                                   const std::string& cache) {
  const std::string path = concat(directory, "/image.json");
  const Result<std::string> text = read_file(path, kMaxDescription);
  if (!text) {
    return Error(ErrorKind::kUnsupported, concat("vm.image: ", text.error().message(), kRemedy));
  }
  const std::string found = concat("sha256:", sandbox::to_hex(sandbox::sha256(*text)));
  if (!digest.empty() && digest != found) {
    return Error(ErrorKind::kDenied,
                 concat("vm.imageDigest: ", path, " is ", found, ", and the node's policy demands ", digest,
                        "; give it the image of that digest, or name this one"));
  }
  TRY_ASSIGN(const json::Value description, json::parse(*text, path));
  TRY_ASSIGN(const std::string kernel, wanted_digest(description, "vmlinux", path));
  TRY_ASSIGN(const std::string initrd, wanted_digest(description, "initrd", path));
  const Known known(cache);
  ImageIdentity identity;
  TRY_ASSIGN(identity.kernel, verify_file(concat(directory, "/vmlinux"), kernel, known));
  TRY_ASSIGN(identity.initrd, verify_file(concat(directory, "/initrd"), initrd, known));
  return identity;
}

}  // namespace redoubt::vm
