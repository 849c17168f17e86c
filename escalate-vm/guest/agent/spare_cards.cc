#include "escalate-vm/guest/agent/spare_cards.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/io.h"
#include "base/str.h"

namespace redoubt::agent {
namespace {

struct FreeIndexes {
  void operator()(struct if_nameindex* indexes) const { ::if_freenameindex(indexes); }
};

// "virtio3" for a card, empty for what no device is behind, as lo.
std::string device_of(const std::string& name) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(concat("/sys/class/net/", name, "/device").c_str(), target, sizeof target);
  const std::string_view path(target, length < 0 ? 0 : static_cast<size_t>(length));
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

Status remove_spare_cards(const std::vector<std::string>& names) {
  const std::unique_ptr<struct if_nameindex, FreeIndexes> all(::if_nameindex());
  if (!all) {
    return Error::system(errno, "list the interfaces");
  }
  for (const struct if_nameindex* each = all.get(); each->if_index != 0; ++each) {
    const std::string name = each->if_name;
    const std::string device = device_of(name);
    if (!device.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      TRY(write_kernel_file_at(AT_FDCWD, concat("/sys/class/net/", name, "/device/driver/unbind"), device)
              .context(concat("take out the card ", name)));
    }
  }
  return {};
}

}  // namespace redoubt::agent
