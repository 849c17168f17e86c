#include "init/child/text.h"

// The loops must not be recognised as the functions that they define: GCC needs -fno-tree-loop-distribute-patterns
// for that (lib/init/CMakeLists.txt), clang -ffreestanding alone.
extern "C" {

void* memcpy(void* to, const void* from, size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  for (size_t i = 0; i < size; ++i) {
    out[i] = in[i];
  }
  return to;
}

void* memset(void* to, int byte, size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<unsigned char>(byte);
  }
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (out < in) {
    for (size_t i = 0; i < size; ++i) {
      out[i] = in[i];
    }
  } else {
    for (size_t i = size; i > 0; --i) {
      out[i - 1] = in[i - 1];
    }
  }
  return to;
}

int memcmp(const void* a, const void* b, size_t size) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (size_t i = 0; i < size; ++i) {
    if (x[i] != y[i]) {
      return x[i] < y[i] ? -1 : 1;
    }
  }
  return 0;
}

}  // extern "C"
