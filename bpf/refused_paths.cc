#include "bpf/refused_paths.h"

#include <string.h>

#include <cstddef>

namespace redoubt::bpf {
namespace {

std::string text_of(const redoubt_paths& slot, size_t index) {
  const size_t start = slot.paths[index].start;
  if (start >= REDOUBT_PATH) {
    return {};
  }
  const char* text = slot.text + index * REDOUBT_PATH + start;
  return std::string(text, ::strnlen(text, REDOUBT_PATH - start));
}

bool is_whole(const redoubt_path& path) {
  return path.cut == 0 && path.detached == 0;
}

}  // namespace

bool is_refusal_of_files(const redoubt_event& event) {
  return event.hook >= REDOUBT_HOOK_hook_file_open && event.hook <= REDOUBT_HOOK_hook_path_unlink;
}

RefusedPaths refused_paths_of(const redoubt_paths& slot) {
  return {text_of(slot, 0), text_of(slot, 1), is_whole(slot.paths[0]) && is_whole(slot.paths[1])};
}

}  // namespace redoubt::bpf
