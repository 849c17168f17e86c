// Memory and text without a library, for the freestanding half.
#ifndef REDOUBT_INIT_CHILD_TEXT_H_
#define REDOUBT_INIT_CHILD_TEXT_H_

#include <stddef.h>
#include <stdint.h>

namespace redoubt::init {

inline size_t text_length(const char* text) {
  size_t n = 0;
  while (text[n] != '\0') {
    ++n;
  }
  return n;
}

inline bool text_equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

inline bool starts_with(const char* text, const char* prefix) {
  while (*prefix != '\0') {
    if (*text++ != *prefix++) {
      return false;
    }
  }
  return true;
}

// "/data/x" is below "/data".
inline bool is_below(const char* path, const char* directory) {
  return starts_with(path, directory) && path[text_length(directory)] == '/';
}

// A bounded text in place; what does not fit is cut and `truncated` says so.
template <size_t N>
struct FixedText {
  char data[N];
  size_t size = 0;
  bool truncated = false;

  FixedText() { data[0] = '\0'; }
  FixedText& add(const char* text) { return add(text, text_length(text)); }
  FixedText& add(const char* text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
      if (size + 1 >= N) {
        truncated = true;
        break;
      }
      data[size++] = text[i];
    }
    data[size] = '\0';
    return *this;
  }
  FixedText& add_number(int64_t value) {
    char digits[24];
    size_t n = sizeof digits;
    const bool negative = value < 0;
    uint64_t rest = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    do {
      digits[--n] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (negative) {
      digits[--n] = '-';
    }
    return add(digits + n, sizeof digits - n);
  }
};

}  // namespace redoubt::init

// The compiler may call these by itself.
extern "C" {
void* memcpy(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
void* memmove(void* to, const void* from, size_t size);
int memcmp(const void* a, const void* b, size_t size);
}

#endif  // REDOUBT_INIT_CHILD_TEXT_H_
