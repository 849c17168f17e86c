// redoubt-init: entered by execveat of the sealed memfd with the number of the arena's descriptor and,
// where the parent has something to do before anything else happens, kAwaitsParent (protocol.h). Maps the arena, runs the table of steps and never returns: it executes the
// user's process or reports why not and exits with 255.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "init/child/steps.h"
#include "init/child/sys.h"
#include "init/child/text.h"

namespace redoubt::init {
namespace {

int parse_descriptor(const char* text) {
  int value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    value = value * 10 + (*text - '0');
  }
  return value;
}

// The arena's first word is its size.
const InitProgram* map_arena(int fd) {
  uint64_t size = 0;
  if (sys::call(SYS_pread64, fd, sys::arg(&size), sizeof size, 0) !=
      static_cast<long>(sizeof size)) {
    return nullptr;
  }
  const long address = sys::call(SYS_mmap,
                                 static_cast<long>(kArenaAddress),
                                 static_cast<long>(size),
                                 PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_FIXED_NOREPLACE,
                                 fd,
                                 0);
  return address == static_cast<long>(kArenaAddress) ? reinterpret_cast<const InitProgram*>(address)
                                                     : nullptr;
}

// exec keeps ignored signals ignored and the mask as it is: engines call with SIGPIPE ignored
// (conmon, BuildKit), and the container must start with the default dispositions.
void reset_signals() {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action{};
  for (int signal = 1; signal <= 64; ++signal) {
    sys::call(SYS_rt_sigaction, signal, sys::arg(&action), 0, sizeof action.mask);
  }
  const unsigned long none = 0;
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::arg(&none), 0, sizeof none);
}

[[noreturn]] void run(const InitProgram& program, bool awaits_parent) {
  Context context;
  context.awaits_parent = awaits_parent;
  context.sync_fd = program.sync_fd;
  const uint32_t session = (program.kind == SessionKind::kExec ? kJoined : kNew) |
                           (program.needs_joiner != 0 ? kJoiner : 0);
  for (unsigned i = 0; i < kStepCount; ++i) {
    const StepEntry& entry = kSteps[i];
    if ((entry.sessions & session) == 0) {
      continue;
    }
    // After kDone the parent may be gone.
    if (program.debug != 0 && entry.step < InitStep::kDone) {
      send_message(context, SyncWord::kDebug, entry.step, 0, 0, nullptr);
    }
    const StepStatus status = entry.function(program, context);
    if (status.err != 0) {
      send_message(context, SyncWord::kFailed, entry.step, status.err, 0, status.item);
      sys::exit_group(255);
    }
  }
  sys::exit_group(255);
}

}  // namespace

extern "C" [[noreturn]] void redoubt_init_main(long* stack) {
  const long argc = stack[0];
  char** argv = reinterpret_cast<char**>(stack + 1);
  if (argc != 2 && argc != 3) {
    sys::exit_group(255);
  }
  // Nobody in a joined pid namespace may trace us or read our descriptors (CVE-2016-9962).
  sys::prctl(PR_SET_DUMPABLE, 0);
  const int arena_fd = parse_descriptor(argv[1]);
  const InitProgram* program = map_arena(arena_fd);
  if (program == nullptr) {
    sys::exit_group(255);
  }
  sys::close(arena_fd);
  // Everything but stdio and the preserved descriptors dies at execve, whatever happens in between
  // (CVE-2024-21626).
  sys::close_range(3 + program->process.preserve_fds, ~0U, CLOSE_RANGE_CLOEXEC);
  reset_signals();
  run(*program, argc == 3);
}

}  // namespace redoubt::init

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call redoubt_init_main\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, sp\n"
    "  b redoubt_init_main\n");
#endif
