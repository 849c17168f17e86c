#include "runc-compat/cli/owner_names.h"

#include <optional>
#include <vector>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

constexpr char kPasswd[] = "/etc/passwd";
constexpr size_t kMaxPasswdBytes = size_t{16} << 20;

}  // namespace

std::map<uid_t, std::string> parse_passwd(std::string_view text) {
  std::map<uid_t, std::string> names;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() < 4 || fields[0].empty() || fields[0].front() == '#') {
      continue;
    }
    if (const std::optional<uid_t> uid = parse_number<uid_t>(fields[2])) {
      names.emplace(*uid, fields[0]);
    }
  }
  return names;
}

std::string OwnerNames::name_of(uid_t uid) {
  if (!loaded_) {
    loaded_ = true;
    if (const Result<std::string> text = read_file(kPasswd, kMaxPasswdBytes)) {
      names_ = parse_passwd(*text);
    }
  }
  const auto found = names_.find(uid);
  return found != names_.end() ? found->second : concat("#", uid);
}

}  // namespace redoubt::cli
