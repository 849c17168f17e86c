"""What a taken-over child of redoubt-vm would try on its host: part of programs that stand for VMM and virtiofsd (harness/fake_guest.py)."""

import ctypes
import errno
import json
import os
import resource
import socket
import sys
import time

PR_CAPBSET_READ, AF_NETLINK, RTM_SETLINK = 23, 16, 19


def libc(name, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as sock:
        sock.settimeout(1)
        sock.connect(address)


def write_to(path):
    os.close(os.open(path, os.O_WRONLY))


def make_in(folder):
    os.close(os.open(f"{folder}/made", os.O_CREAT | os.O_WRONLY, 0o600))


def long_file():
    fd = os.memfd_create("long")
    os.ftruncate(fd, 1 << 40)


ACTS = {
    "become root": lambda: os.setresuid(0, 0, 0),
    "mount": lambda: libc("mount", b"none", b"/proc", b"tmpfs", 0, None),
    "unshare": lambda: libc("unshare", 0x10000000),
    "chroot": lambda: os.chroot("/"),
    "signal the monitor": lambda: os.kill(1, 0),
    "trace the monitor": lambda: libc("ptrace", 16, 1, None, None),
    "memory of the monitor": lambda: os.open("/proc/1/mem", os.O_RDWR),
    "exec.sock": lambda: connect(socket.AF_UNIX, "/exec.sock", socket.SOCK_SEQPACKET),
    "connect by TCP": lambda: connect(socket.AF_INET, ("127.0.0.1", 9)),
    "write the image": lambda: write_to("/image/vmlinux"),
    "write the monitor": lambda: write_to("/programs/redoubt-vm"),
    "file in the root": lambda: make_in(""),
    "file in dev": lambda: make_in("/dev"),
    "device of the disk": lambda: os.mknod("/dev/disk", 0o060600, os.makedev(8, 0)),
    "write core_pattern": lambda: write_to("/proc/sys/kernel/core_pattern"),
    "write sysrq": lambda: write_to("/proc/sysrq-trigger"),
    "a tap": lambda: os.open("/dev/net/tun", os.O_RDWR),
    "a terminal": lambda: os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY),
    "the files": lambda: os.listdir("/share"),
    "a file of a terabyte": long_file,
    "more open files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20)),
}


def attempts():
    """The errno's name of each act, "reached" without one."""
    found = {}
    for name, act in ACTS.items():
        try:
            act()
            found[name] = "reached"
        except OSError as error:
            found[name] = errno.errorcode.get(error.errno, str(error))
        except ValueError as error:
            found[name] = str(error)
    return found


def as_file_server():
    """Stands for virtiofsd: leaves what it found in each container's root file system."""
    if "--version" in sys.argv:
        print("virtiofsd version of a test")
        return
    found = attempts()
    for container in os.listdir("/share"):
        with open(f"/share/{container}/rootfs/found", "w", encoding="utf-8") as file:
            json.dump(found, file)
    time.sleep(100000)
