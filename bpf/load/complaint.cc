#include "bpf/load/complaint.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::bpf {
namespace {

// libbpf's print function has no context argument, hence the variables.
std::string& complaint() {
  static std::string text;
  return text;
}
bool verbose_loading = false;

int keep_complaint(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) {
    return 0;
  }
  std::string line(size_t{1} << 16, '\0');
  const int length = ::vsnprintf(line.data(), line.size(), format, arguments);
  if (length > 0) {
    line.resize(std::min(static_cast<size_t>(length), line.size() - 1));
    if (verbose_loading) {
      ignore(write_all(STDERR_FILENO, line, "stderr"), "only to look at");
    }
    if (complaint().empty()) {
      complaint() = std::string(trim(line));
    }
  }
  return length;
}

}  // namespace

std::string without_errno(std::string_view complaint, int err) {
  const std::string told = concat(": ", errno_text(err));
  const size_t rest = complaint.size() - std::min(complaint.size(), told.size());
  const bool same = std::equal(told.begin(), told.end(), complaint.begin() + rest, complaint.end(), [](unsigned char a, unsigned char b) {
    return a == std::tolower(b);
  });
  return std::string(same ? complaint.substr(0, rest) : complaint);
}

void keep_complaints(const BpfLibrary& lib, bool verbose) {
  verbose_loading = verbose;
  lib.set_print(keep_complaint);
}

Error failed(int err, const std::string& what) {
  return Error::system(err, complaint().empty() ? what : concat(what, " (", without_errno(complaint(), err), ")"));
}

}  // namespace redoubt::bpf
