"""An intruder who runs code in a process: system calls are put into it from outside, by ptrace(2), and are judged as its own.

Nothing of the process is prepared for it, so the same acts can be tried in nginx, a database or an interpreter; afterwards it goes on as if nothing had
been. x86-64 only. `intruder.py PID FOLDER` does the acts and prints their outcomes; a program of its own, because the tests' process waits for all children.
"""

import contextlib
import ctypes
import errno
import json
import os
import re
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

SINGLESTEP, GETREGS, SETREGS, DETACH, SEIZE, INTERRUPT = 9, 12, 13, 17, 0x4206, 0x4207
NUMBERS = {"close": 3, "socket": 41, "connect": 42, "bind": 49, "execve": 59, "ptrace": 101, "openat": 257, "memfd_create": 319, "execveat": 322}
REGISTERS = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs".split()
FOLDER = "/etc/anyone"
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
ROOM = 4096  # bytes below the stack pointer, far beyond the 128 that a function may use there


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in REGISTERS]


def ptrace(request, pid, data=None):
    if libc.ptrace(request, pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace request {request} of {pid}: {os.strerror(ctypes.get_errno())}")


class Intruder:
    """A process that is held; call() makes it do a system call."""

    def __init__(self, pid, folder):
        self.pid, self.folder = pid, folder.encode()
        self.saved = Registers()
        with open(f"/proc/{pid}/maps") as maps:
            start, end = re.search(r"^([0-9a-f]+)-([0-9a-f]+) r-xp .*\[vdso\]$", maps.read(), re.MULTILINE).groups()
        self.memory = open(f"/proc/{pid}/mem", "r+b", buffering=0)  # noqa: SIM115
        self.memory.seek(int(start, 16))
        self.instruction = int(start, 16) + self.memory.read(int(end, 16) - int(start, 16)).index(b"\x0f\x05")

    def wait(self):
        status = os.waitpid(self.pid, 0x40000000)[1]  # __WALL
        assert os.WIFSTOPPED(status), f"{self.pid} has ended: {status:#x}"

    def call(self, name, *arguments):
        """The result, or minus the errno. Bytes are laid into the process's memory and passed by address."""
        room = self.saved.rsp - ROOM & ~0xFFF
        values = []
        for argument in arguments:
            if isinstance(argument, bytes):
                self.memory.seek(room)
                self.memory.write(argument)
                values.append(room)
                room += len(argument) + 15 & ~0xF
            else:
                values.append(argument & (1 << 64) - 1)
        registers = Registers.from_buffer_copy(self.saved)
        registers.rip, registers.rax, registers.orig_rax = self.instruction, NUMBERS[name], (1 << 64) - 1
        for register, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), values + [0] * 6):
            setattr(registers, register, value)
        ptrace(SETREGS, self.pid, ctypes.byref(registers))
        ptrace(SINGLESTEP, self.pid)
        self.wait()
        ptrace(GETREGS, self.pid, ctypes.byref(registers))
        return ctypes.c_int64(registers.rax).value


@contextlib.contextmanager
def inside(pid, folder):
    """An Intruder in the process, which goes on at the end. `folder`: what set_up() has made."""
    ptrace(SEIZE, pid)
    ptrace(INTERRUPT, pid)
    intruder = Intruder(pid, folder)
    intruder.wait()
    ptrace(GETREGS, pid, ctypes.byref(intruder.saved))
    try:
        yield intruder
        # From the stop of a single step, a system call that was interrupted is begun again.
        ptrace(SETREGS, pid, ctypes.byref(intruder.saved))
    finally:
        intruder.memory.close()
        with contextlib.suppress(OSError):
            ptrace(DETACH, pid)


# ---- acts: each returns what the kernel has said at last ----------------------------------------------------------------------------


def write_configuration(process):
    descriptor = process.call("openat", AT_FDCWD, process.folder + b"/x\0", os.O_WRONLY | os.O_CREAT, 0o644)
    return process.call("close", descriptor) if descriptor >= 0 else descriptor


def read_secret(process):
    descriptor = process.call("openat", AT_FDCWD, process.folder + b"/secret\0", os.O_RDONLY)
    return process.call("close", descriptor) if descriptor >= 0 else descriptor


def over_tcp(process, name, port):
    descriptor = process.call("socket", 2, 1 | os.O_CLOEXEC, 0)
    if descriptor < 0:
        return descriptor
    result = process.call(name, descriptor, struct.pack("<H", 2) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8), 16)
    process.call("close", descriptor)
    return result


def call_home(process):
    return over_tcp(process, "connect", 4444)


def listen_elsewhere(process):
    return over_tcp(process, "bind", 4445)


def trace(process):
    return process.call("ptrace", 16, 4000000, 0, 0)  # PTRACE_ATTACH to nobody


def fileless(process):
    descriptor = process.call("memfd_create", b"x\0", 0)
    if descriptor < 0:
        return descriptor
    result = process.call("execveat", descriptor, b"\0", 0, 0, AT_EMPTY_PATH)
    process.call("close", descriptor)
    return result


def shell(process):
    return process.call("execve", b"/bin/sh\0", 0, 0)


# Act -> what is asked of `profile explain` about it, and the outcomes of one that nobody stops. A shell comes last: it takes the process over.
ACTS = {
    write_configuration: (f"open:{FOLDER}/x:w", {"done"}),
    read_secret: (f"open:{FOLDER}/secret:r", {"done"}),
    call_home: ("connect:127.0.0.1:4444", {"ECONNREFUSED"}),
    listen_elsewhere: ("bind:127.0.0.1:4445", {"done"}),
    trace: ("syscall:ptrace", {"ESRCH"}),
    fileless: ("syscall:memfd_create", {"ENOEXEC"}),
    shell: ("exec:/bin/sh", {"done"}),
}


def set_up(rootfs):
    """What of the acts only a policy keeps from anybody: a folder and a file in /etc that all may write and read."""
    folder = rootfs / FOLDER[1:]
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "secret").write_text("secret")


def outcomes(pid):
    """Name of the act -> "done" or the name of the errno."""
    done = subprocess.run([sys.executable, __file__, str(pid), FOLDER], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main():
    said = {}
    with inside(int(sys.argv[1]), sys.argv[2]) as process:
        for act in ACTS:
            result = act(process)
            said[act.__name__] = "done" if result >= 0 else errno.errorcode[-result]
    print(json.dumps(said))


if __name__ == "__main__":
    main()
