"""What a container may leave behind: cgroups, mounts, processes, state directories.

Ids of one test share a prefix that nobody else on the machine uses, so that the check also works next to other workloads.
"""

import os
import pathlib
import signal
import time

from harness import host


def cgroups(prefix):
    """Directories of any cgroup hierarchy whose name contains `prefix`."""
    found = []
    for mount in host.cgroup_mounts():
        for directory, names, _ in os.walk(mount):
            found += [os.path.join(directory, name) for name in names if prefix in name]
    return found


def mounts(*needles):
    """Mount points of our namespace (as text) that contain one of `needles`."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in points if any(needle in point for needle in needles)]


def processes(prefix):
    """Living processes whose cgroup or command line contains `prefix`, ourselves excepted."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        text = _bytes(f"/proc/{name}/cmdline")
        if not text and not _has_program(name):
            continue  # of the kernel: most processes of a test VM are
        if prefix.encode() in text + _bytes(f"/proc/{name}/cgroup") and host.alive(name):
            found.append(int(name))
    return found


# Without pathlib: they are called for each process of the machine after each test, which an emulated machine feels.
def _bytes(path):
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 1 << 16)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _has_program(pid):
    try:
        return bool(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return False


def state_entries(root):
    """Containers in the state directory. Names that no container can have (.lock, @cache) are the runtime's own business."""
    try:
        return [name for name in os.listdir(root) if not name.startswith((".", "@"))]
    except FileNotFoundError:
        return []


def find(prefix, root, work, baseline_children=(), settle=2.0):
    """Everything left over, as readable lines. Waits up to `settle` seconds for the kernel to finish what is on its way."""
    deadline = time.monotonic() + settle * host.patience()
    while True:
        host.reap()
        left = [f"cgroup {path}" for path in cgroups(prefix)]
        left += [f"mount {path}" for path in mounts(str(work))]
        left += [f"state {root}/{name}" for name in state_entries(root)]
        strays = set(processes(prefix)) | (set(host.children()) - set(baseline_children))
        left += [f"process {pid} {_command(pid)}" for pid in sorted(strays)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def sweep(prefix, root, work, baseline_children=()):
    """Removes leftovers by force, so that one bad test does not spoil the rest."""
    strays = set(processes(prefix)) | (set(host.children()) - set(baseline_children))
    for pid in strays:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    deadline = time.monotonic() + 2
    while any(host.alive(pid) for pid in strays) and time.monotonic() < deadline:
        time.sleep(0.02)
    host.reap()
    for path in sorted(cgroups(prefix), key=len, reverse=True):
        try:
            os.rmdir(path)
        except OSError:
            pass
    for point in reversed(mounts(str(work))):
        host.libc.umount2(point.encode(), 2)


def _command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:80]
    except OSError:
        return "(gone)"
