"""Facts about the machine that decide which tests can run. Each probe asks the kernel; nothing is guessed from versions."""

import ctypes
import functools
import os
import pathlib
import subprocess

PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper():
    """Makes orphaned container processes our children, as under an engine's shim, so that none can hide from the leak check."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@functools.cache
def cgroup2_mount():
    """The mount point of cgroup v2: /sys/fs/cgroup, or .../unified on a hybrid host. None without one."""
    found = [
        line.split()[4]
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        if " - cgroup2 " in line
    ]
    if "/sys/fs/cgroup" in found:
        return pathlib.Path("/sys/fs/cgroup")
    return pathlib.Path(found[0]) if found else None


def cgroup_mounts():
    """Every mounted hierarchy, v1 included."""
    return [
        pathlib.Path(line.split()[4])
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        if " - cgroup" in line
    ]


@functools.cache
def controllers():
    """The v2 controllers that a new cgroup below our own could use."""
    mount = cgroup2_mount()
    if mount is None:
        return frozenset()
    return frozenset((mount / "cgroup.controllers").read_text().split())


def is_hybrid():
    return cgroup2_mount() not in (None, pathlib.Path("/sys/fs/cgroup"))


@functools.cache
def lsms():
    path = pathlib.Path("/sys/kernel/security/lsm")
    return frozenset(path.read_text().split(",")) if path.exists() else frozenset()


@functools.cache
def kernel_version():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


@functools.cache
def has_systemd():
    return pathlib.Path("/run/systemd/system").is_dir()


def alive(pid):
    """True unless the process is gone or a zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def catches(pid, number):
    """True once the process has installed a handler for the signal."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def children():
    """Living direct children of this process (any thread)."""
    found = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return [pid for pid in found if alive(pid)]


def reap():
    """Collects every zombie that was reparented to us."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def run(*argv, timeout=60, **kwargs):
    """A host command, output captured; never raises on a bad exit code."""
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **kwargs)
