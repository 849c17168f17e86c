#include "init/image.h"

#include "sandbox/sealed_image.h"

extern "C" {
extern const char redoubt_init_image[];
extern const char redoubt_init_image_end[];
}

namespace redoubt::init {

Result<UniqueFd> open_init_image() {
  const auto size = static_cast<size_t>(redoubt_init_image_end - redoubt_init_image);
  return sandbox::open_sealed_image("redoubt-init", {redoubt_init_image, size});
}

}  // namespace redoubt::init
