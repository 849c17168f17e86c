"""The parts of what a machine costs, each measured alone: who was executed when, whose memory is whose, a guest of three instructions, what a boot asks of VMM.

`tests/bench/machine` puts them together.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import time

TRACING = "/sys/kernel/tracing"
EXECUTED = re.compile(r" ([0-9.]+): sched_process_exec: filename=(\S+) pid=(\d+)")
MILLION = 1000000
GUEST_MEMORY = "memfd:memory-backend-memfd"
LOAD_ADDRESS = 0x100000
# What KVM has in the kernel, so that a guest's access to it never reaches VMM.
IN_KERNEL = re.compile(r"apic|pic|pit|elcr")


class Execs:
    """Who was executed when: `times()` is {name: nanoseconds of CLOCK_MONOTONIC}, the last of each name, by the kernel's own trace (Documentation/trace/events.rst).
    A reader of /proc comes too late: the process that was redoubt-init is redoubt-vm by then. Needs root in the first namespaces."""

    def __enter__(self):
        tracing = pathlib.Path(TRACING)
        if not (tracing / "instances").exists():
            raise SystemExit(f"no tracefs at {TRACING}: mount -t tracefs none {TRACING}")
        self.instance = tracing / f"instances/redoubt-bench-{os.getpid()}"
        self.instance.mkdir()
        (self.instance / "trace_clock").write_text("mono")
        (self.instance / "events/sched/sched_process_exec/enable").write_text("1")
        return self

    def times(self):
        """redoubt-init, which has no name but that of a descriptor, is who is redoubt-vm next."""
        times, nameless = {}, {}
        for line in filter(None, map(EXECUTED.search, (self.instance / "trace").read_text().splitlines())):
            moment, name, pid = int(float(line[1]) * 1e9), line[2].rpartition("/")[2], line[3]
            if line[2].startswith("/dev/fd/"):
                nameless[pid] = moment
            else:
                times[name] = moment
            if name == "redoubt-vm" and pid in nameless:
                times["redoubt-init"] = nameless[pid]
        return times

    def __exit__(self, *_):
        self.instance.rmdir()


# ---- memory -----------------------------------------------------------------------------------------------------------------------------


def memory_of(pid):
    """KiB of the process alone: {"written"}: private pages that it has written, {"proportional"}: all its pages, a share of those that others have too, and
    {"guest"}: what is there of the guest's memory, which is in neither. Nor is code that it made itself, of which only an interpreter (TCG) has any."""
    found, kind = {"written": 0, "proportional": 0, "guest": 0}, None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if "-" in words[0] and ":" not in words[0]:
            made_code = "x" in words[1] and "w" in words[1]
            kind = "guest" if GUEST_MEMORY in line else "code" if made_code else "own"
        elif kind == "own" and words[0] == "Private_Dirty:":
            found["written"] += int(words[1])
        elif kind == "own" and words[0] == "Pss:":
            found["proportional"] += int(words[1])
        elif kind == "guest" and words[0] == "Rss:":
            found["guest"] += int(words[1])
    return found


def processes_beside(pid):
    """Name to pid of the processes in its pid namespace; redoubt-vm with what it is for."""
    space, found = os.readlink(f"/proc/{pid}/ns/pid"), {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{entry}/ns/pid") == space:
                words = pathlib.Path(f"/proc/{entry}/cmdline").read_text().split("\0")
                name = words[0].rpartition("/")[2]
                found[f"{name} {words[1]}" if len(words) == 3 else name] = int(entry)
    return found


# ---- VMM without a kernel ---------------------------------------------------------------------------------------------------------------


def loaded_size(path):
    """The bytes of an ELF that are loaded: those of its PT_LOAD segments in the file (elf(5))."""
    elf = path.read_bytes()
    at, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
    headers = (struct.unpack_from("<IIQQQQQQ", elf, at + size * number) for number in range(count))
    return sum(header[5] for header in headers if header[0] == 1)


def write_first_instruction_kernel(path, size):
    """An ELF of `size` bytes that is entered by its PVH note (XEN_ELFNOTE_PHYS32_ENTRY, 18), writes a byte to the serial port, and halts."""
    code = bytes.fromhex("66baf803" "b041" "ee" "f4" "ebfd")  # mov dx, 3f8h; mov al, 'A'; out dx, al; hlt; jmp
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", LOAD_ADDRESS)
    code_at = 64 + 2 * 56
    note_at = code_at + len(code) + -len(code) % 4
    body = code + bytes(-len(code) % 4) + note
    body += bytes(max(0, size - code_at - len(body)))
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, LOAD_ADDRESS, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, code_at, LOAD_ADDRESS, LOAD_ADDRESS, len(body), len(body), 4)
    address = LOAD_ADDRESS + note_at - code_at
    notes = struct.pack("<IIQQQQQQ", 4, 4, note_at, address, address, len(note), len(note), 4)
    path.write_bytes(header + load + notes + body)


def first_instruction(kernel, initrd):
    """(milliseconds from VMM's start to the guest's first byte, the KiB that VMM has written then)"""
    ours, theirs = socket.socketpair()
    files = ["-initrd", str(initrd)] if initrd else []
    begin = time.monotonic_ns()
    with theirs:
        child = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "microvm,pcie=on,acpi=on,rtc=on,isa-serial=on,memory-backend=mem", "-bios", "qboot.rom", "-accel", "tcg", "-cpu", "Nehalem-v1,+rdrand",
             "-m", "512", "-object", "memory-backend-memfd,id=mem,size=512M,share=on", "-nodefaults", "-no-user-config", "-display", "none", "-kernel", str(kernel), *files,
             "-chardev", f"socket,id=s,fd={theirs.fileno()}", "-serial", "chardev:s", "-device", "virtio-serial-pci,max_ports=2", "-device", "virtio-balloon-pci,free-page-reporting=on"],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    try:
        ours.settimeout(60)
        if ours.recv(1) != b"A":
            raise SystemExit("the kernel of three instructions does not run")
        return (time.monotonic_ns() - begin) / MILLION, memory_of(child.pid)["written"]
    finally:
        child.kill()
        child.wait()
        ours.close()


# ---- a boot -----------------------------------------------------------------------------------------------------------------------------


INIT, HELLO = "Run /init", "redoubt-agent: ready"


def clock_at(mark, log):
    """The guest's clock in milliseconds when its kernel executed /init (INIT) or its agent was about to say hello (HELLO)."""
    line = next(line for line in log.splitlines() if mark in line)
    return float(line.strip("[").split("]")[0]) * 1000


def write_counting_image(folder, image, counting_init, agent):
    """`image` with another /init laid over (tests/victims/counting_init.c); the kernel unpacks one archive after the other."""
    over = folder / "over"
    over.mkdir()
    shutil.copy(counting_init, over / "init")
    shutil.copy(agent, over / "redoubt-agent")
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=over, input=b"init\nredoubt-agent\n", capture_output=True, check=True).stdout
    (folder / "initrd").write_bytes((image / "initrd").read_bytes() + archive)
    (folder / "vmlinux").symlink_to((image / "vmlinux").resolve())
    return folder


def counted_at_init(log):
    """What counting_init wrote."""
    return int(re.search(r"counting_init: (\d+)", log)[1])


def accesses_in(trace):
    """How often a guest reached a device of VMM's that KVM would leave to VMM: its exits to user space, by QEMU's trace memory_region_ops."""
    with open(trace, encoding="ascii", errors="replace") as lines:
        names = (re.search(r"name '(.*)'", line) for line in lines if line.startswith("memory_region_ops"))
        return sum(1 for name in names if name and not IN_KERNEL.search(name[1]))
