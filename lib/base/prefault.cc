#include "base/prefault.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

// Around the code that nearly every launch runs (cmake/hot_functions.ld); absent where that is not
// linked together, as in tests.
extern "C" {
[[gnu::weak]] extern const char redoubt_hot_begin[];
[[gnu::weak]] extern const char redoubt_hot_end[];
}

namespace redoubt {
namespace {

constexpr size_t kHeap = size_t{160} << 10;
constexpr size_t kStack = size_t{48} << 10;
constexpr int kHeapStep = 1 << 20;

// All pages that have a byte of [begin, begin + size).
void populate(const void* begin, size_t size, int advice) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(begin) & ~(page - 1);
  const auto end = (reinterpret_cast<uintptr_t>(begin) + size + page - 1) & ~(page - 1);
  ::madvise(reinterpret_cast<void*>(first), end - first, advice);
}

void populate_heap() {
  // From the heap's top, to stay there when it is free again.
  ::mallopt(M_MMAP_THRESHOLD, kHeapStep);
  ::mallopt(M_TRIM_THRESHOLD, kHeapStep);
  void* top = ::malloc(kHeap);
  if (top != nullptr) {
    populate(top, kHeap, MADV_POPULATE_WRITE);
  }
  ::free(top);
}

}  // namespace

void prefault_launch() {
  populate(redoubt_hot_begin,
           static_cast<size_t>(redoubt_hot_end - redoubt_hot_begin),
           MADV_POPULATE_READ);
  populate_heap();
  const char here = 0;
  populate(&here - kStack, kStack, MADV_POPULATE_WRITE);
}

}  // namespace redoubt
