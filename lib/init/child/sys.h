// Raw system calls for the freestanding half: no libc, no errno variable, no thread-local storage.
// Each wrapper returns what the kernel returned: >= 0 or -errno. Reason: after clone nothing may
// allocate, lock, or load a library (CVE-2019-14271), and redoubt-init is linked without any
// library, so the compiler enforces it.
#ifndef REDOUBT_INIT_CHILD_SYS_H_
#define REDOUBT_INIT_CHILD_SYS_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

namespace redoubt::init::sys {

#if defined(__x86_64__)
inline long call(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long ret;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return ret;
}
#elif defined(__aarch64__)
inline long call(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "redoubt-init: this architecture has no system call wrapper yet"
#endif

inline long arg(const void* p) {
  return reinterpret_cast<long>(p);
}

[[noreturn]] inline void exit_group(int code) {
  for (;;) {
    call(SYS_exit_group, code);
  }
}

// A failed open (-errno) needs no closing.
inline long close(int fd) {
  return fd < 0 ? 0 : call(SYS_close, fd);
}
inline long read(int fd, void* buffer, size_t size) {
  return call(SYS_read, fd, arg(buffer), static_cast<long>(size));
}
inline long write(int fd, const void* data, size_t size) {
  return call(SYS_write, fd, arg(data), static_cast<long>(size));
}
inline long openat(int dir, const char* path, int flags, unsigned mode = 0) {
  return call(SYS_openat, dir, arg(path), flags, mode);
}
inline long prctl(int option,
                  unsigned long a = 0,
                  unsigned long b = 0,
                  unsigned long c = 0,
                  unsigned long d = 0) {
  return call(SYS_prctl,
              option,
              static_cast<long>(a),
              static_cast<long>(b),
              static_cast<long>(c),
              static_cast<long>(d));
}
inline long ioctl(int fd, unsigned long request, const void* argument) {
  return call(SYS_ioctl, fd, static_cast<long>(request), arg(argument));
}
inline long mount(const char* source,
                  const char* target,
                  const char* type,
                  unsigned long flags,
                  const void* data) {
  return call(SYS_mount, arg(source), arg(target), arg(type), static_cast<long>(flags), arg(data));
}
inline long fcntl(int fd, int command, long argument = 0) {
  return call(SYS_fcntl, fd, command, argument);
}
inline long close_range(unsigned first, unsigned last, unsigned flags) {
  return call(SYS_close_range, first, last, flags);
}

}  // namespace redoubt::init::sys

#endif  // REDOUBT_INIT_CHILD_SYS_H_
