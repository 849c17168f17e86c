#include "runc-compat/launch/shared_task.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace redoubt::launch {

#if defined(__x86_64__)
// The task must not return into our frame: it may have another stack.
__attribute__((noinline)) long clone_task(clone_args* arguments,
                                          void (*function)(void*),
                                          void* argument) {
  long result = SYS_clone3;
  register long function_register __asm__("r8") = reinterpret_cast<long>(function);
  register long argument_register __asm__("r9") = reinterpret_cast<long>(argument);
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "mov %%r9, %%rdi\n"
      "call *%%r8\n"
      "ud2\n"
      "1:\n"
      : "+a"(result)
      : "D"(arguments), "S"(sizeof *arguments), "r"(function_register), "r"(argument_register)
      : "rcx", "r11", "memory");
  return result;
}
#else
long clone_task(clone_args* arguments, void (*function)(void*), void* argument) {
  const long pid = ::syscall(SYS_clone3, arguments, sizeof *arguments);
  if (pid == 0) {
    function(argument);
  }
  return pid < 0 ? -errno : pid;
}
#endif

}  // namespace redoubt::launch
