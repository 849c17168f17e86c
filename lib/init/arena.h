// Arena: the growing block that becomes InitProgram's memory. Hands out the addresses that the
// child will see (kArenaAddress + offset), so that structures can be filled with final pointers
// while the block still moves here.
#ifndef REDOUBT_INIT_ARENA_H_
#define REDOUBT_INIT_ARENA_H_

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "init/program.h"

namespace redoubt::init {

class Arena {
 public:
  Arena() { bytes_.reserve(16384); }

  // Reserves zeroed space; its offset.
  size_t reserve(size_t size, size_t alignment) {
    const size_t at = (bytes_.size() + alignment - 1) / alignment * alignment;
    bytes_.resize(at + size);
    return at;
  }

  // A NUL-terminated copy, as the child will see it.
  const char* text(std::string_view value) {
    const size_t at = reserve(value.size() + 1, 1);
    std::memcpy(bytes_.data() + at, value.data(), value.size());
    return address<const char>(at);
  }
  // Null for an empty text.
  const char* optional_text(std::string_view value) {
    return value.empty() ? nullptr : text(value);
  }

  template <typename T>
  Span<T> copy(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) {
      return {};
    }
    const size_t at = reserve(values.size() * sizeof(T), alignof(T));
    std::memcpy(bytes_.data() + at, values.data(), values.size() * sizeof(T));
    return {address<T>(at), static_cast<uint32_t>(values.size())};
  }

  // A NULL-terminated pointer array of texts with `spare` more empty slots, as execve(2) takes it.
  char** text_array(const std::vector<std::string>& values, size_t spare = 0) {
    std::vector<const char*> pointers;
    pointers.reserve(values.size() + 1 + spare);
    for (const std::string& value : values) {
      pointers.push_back(text(value));
    }
    pointers.resize(values.size() + 1 + spare, nullptr);
    return const_cast<char**>(copy(pointers).data);
  }

  template <typename T>
  void store(size_t at, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }

 private:
  template <typename T>
  static T* address(size_t offset) {
    return reinterpret_cast<T*>(
        kArenaAddress + offset);  // NOLINT(performance-no-int-to-ptr): an address of the child
  }

  std::vector<char> bytes_;
};

}  // namespace redoubt::init

#endif  // REDOUBT_INIT_ARENA_H_
