"""Facts about the machine that decide which tests can run. Each probe asks the kernel; nothing is guessed from versions."""

import ctypes
import functools
import os
import pathlib
import subprocess
import threading
import time
import weakref

PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)


def patience():
    """How much longer than on an idle machine things may take: emulated VMs and loaded machines stretch every time limit."""
    if "VM_PATIENCE" in os.environ:
        return 2 * int(os.environ["VM_PATIENCE"])
    return min(6, 1 + int(os.getloadavg()[0] / (2 * os.cpu_count())))


def become_subreaper():
    """Makes orphaned container processes our children, as under an engine's shim, so that none can hide from the leak check."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    REAPER.start()


@functools.cache
def cgroup2_mount():
    """The mount point of cgroup v2: /sys/fs/cgroup, or .../unified on a hybrid host. None without one."""
    found = [
        line.split()[4]
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        if " - cgroup2 " in line and line.split()[4].startswith("/sys/fs/cgroup")
    ]
    if "/sys/fs/cgroup" in found:
        return pathlib.Path("/sys/fs/cgroup")
    return pathlib.Path(found[0]) if found else None


def cgroup2_options():
    """The options of the hierarchy itself, "nsdelegate,memory_recursiveprot"; they are the same at each of its mounts."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            return ",".join(option for option in line.split()[-1].split(",") if option not in ("rw", "ro", "seclabel"))
    return ""


def cgroup_mounts():
    """Every mounted hierarchy, v1 included."""
    return [
        pathlib.Path(line.split()[4])
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        if " - cgroup" in line and line.split()[4].startswith("/sys/fs/cgroup")
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


def _child_pids():
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children") as file:
                found += [int(pid) for pid in file.read().split()]
        except OSError:
            continue
    return found


def children():
    """Living direct children of this process (any thread)."""
    return [pid for pid in _child_pids() if alive(pid)]


class Reaper:
    """Waits for orphans, as an engine's shim does: a pid namespace cannot end while one of its processes is an unreaped zombie.

    Children of subprocess.Popen are left alone; of every other child the exit status is kept for exit_status().
    """

    def __init__(self):
        self.lock = threading.RLock()
        self.own = weakref.WeakSet()
        self.statuses = {}

    def start(self):
        original, reaper = subprocess.Popen.__init__, self

        def tracked(popen, *args, **kwargs):
            with reaper.lock:
                original(popen, *args, **kwargs)
                reaper.own.add(popen)

        subprocess.Popen.__init__ = tracked
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self):
        while True:
            time.sleep(0.02)
            self.reap()

    def reap(self):
        with self.lock:
            own = {popen.pid for popen in self.own if popen.returncode is None}
            for pid in _child_pids():
                if pid in own:
                    continue
                try:
                    done, status = os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue
                if done:
                    self.statuses[pid] = status
                else:
                    self.statuses.pop(pid, None)  # of an earlier process with this number


REAPER = Reaper()


def reap():
    """Collects every zombie that was reparented to us."""
    REAPER.reap()


def exit_status(pid, timeout=10):
    """The wait status of an orphan that became our child."""
    deadline = time.monotonic() + timeout * patience()
    REAPER.reap()  # what is known of the number may be of an earlier process
    while pid not in REAPER.statuses:
        assert time.monotonic() < deadline, f"{pid} did not end, or is not our child"
        time.sleep(0.01)
    return REAPER.statuses.pop(pid)


def run(*argv, timeout=60, **kwargs):
    """A host command, output captured; never raises on a bad exit code."""
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **kwargs)
