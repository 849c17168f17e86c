"""Attacks in time beyond the published ones (cve_test.py): somebody who owns a part of what a container is made of changes it meanwhile."""

import contextlib
import os
import pathlib
import shutil
import stat
import subprocess
import time

import pytest

from harness import victims
from harness.runtime import wait_for


@contextlib.contextmanager
def attacker(name, *arguments):
    """A victim program in a loop, on the host's side of what is shared; it must still be at it in the end."""
    process = subprocess.Popen([victims.binary(name), "60", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield process
        assert process.poll() is None, "the attacker gave up"
    finally:
        process.kill()
        process.wait()


def repeat(seconds, action):
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        action()


def slowly(call, microseconds):
    """The words before a command that make the moment after a system call longer."""
    if shutil.which("strace") is None:
        pytest.skip("lacks strace, which makes the moment longer")
    return ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:delay_exit={microseconds}"]


@pytest.fixture
def outside(work):
    """A file of the host that nothing may touch."""
    path = work / "outside"
    path.write_text("host\n")
    path.chmod(0o600)
    yield path
    found = path.lstat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.getuid()) and path.read_text() == "host\n", oct(found.st_mode)


@pytest.mark.parametrize("owner", [0, 1000])
def test_device_node_becomes_a_link(runtime, bundle, work, outside, owner):
    """A node is given its owner and mode where it was made: not where a link leads that took its name meanwhile."""
    shared = work / "shared"
    shared.mkdir()
    bundle.mount("/shared", shared, options=["bind", "rw"])
    bundle.linux["devices"] = [{"path": "/shared/prey", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666, "uid": owner, "gid": owner}]
    bundle.args("true").save()
    with attacker("pounce", outside, shared / "prey"):
        result = runtime.raw([*slowly("mknodat", 50000), *runtime.argv("run", "--bundle", bundle.path, runtime.cid())])
    assert result.code != 0 and "/shared/prey" in result.err, str(result)


@pytest.mark.slow
def test_read_only_tmpfs_whose_mount_point_is_renamed(runtime, make_bundle):
    """A tmpfs that is to be read-only is closed in the end, wherever its mount point is by then."""
    bundle = make_bundle().writable()
    for name in ("data", "other"):
        (bundle.rootfs / name).mkdir()
    bundle.mount("/data", "prey", type="tmpfs", options=["ro", "nosuid"]).sh("grep prey /proc/self/mountinfo").save()
    seen = 0

    def attempt():
        nonlocal seen
        result = runtime("run", "--bundle", bundle.path, runtime.cid())
        for line in result.out.splitlines():
            seen += 1
            assert "ro" in line.split()[5].split(","), line

    with attacker("swapper", bundle.rootfs / "data", bundle.rootfs / "other"):
        repeat(3, attempt)
    assert seen > 3


@pytest.mark.slow
def test_copied_file_is_one_file(runtime, make_bundle):
    """tmpcopyup: mode and content of a copy are of the same file; setuid of one does not get the content of another."""
    runtime.only_redoubt("tmpcopyup that is careful with names")
    bundle = make_bundle().writable()
    (bundle.rootfs / "seed").mkdir()
    for path, text, mode in (("seed/tool", "trusted", 0o4755), ("evil", "evil", 0o644)):
        (bundle.rootfs / path).write_text(text)
        (bundle.rootfs / path).chmod(mode)
    bundle.mount("/seed", type="tmpfs", options=["tmpcopyup"]).sh("stat -c %a /seed/tool; cat /seed/tool").save()
    seen = set()

    def attempt():
        result = runtime.raw([*slowly("newfstatat", 2000), *runtime.argv("run", "--bundle", bundle.path, runtime.cid())])
        if result.code == 0:
            seen.add(tuple(result.out.split()))

    with attacker("swapper", bundle.rootfs / "seed/tool", bundle.rootfs / "evil"):
        repeat(3, attempt)
    assert seen and seen <= {("4755", "trusted"), ("644", "evil")}


@pytest.mark.slow
def test_namespace_path_that_changes(runtime, bundle, work):
    """The namespace that was judged is the one that is joined: no sysctl reaches the host's through a path that led elsewhere a moment before."""
    key = pathlib.Path("/proc/sys/net/ipv4/ip_default_ttl")
    before = key.read_text()
    holder = subprocess.Popen(["unshare", "-n", "sleep", "60"], stdin=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), what="a network namespace")
        (work / "net").symlink_to(f"/proc/{holder.pid}/ns/net")
        (work / "host").symlink_to(f"/proc/{os.getpid()}/ns/net")
        bundle.namespace("network", work / "net").args("cat", str(key))
        bundle.linux["sysctl"] = {"net.ipv4.ip_default_ttl": "77"}
        bundle.save()
        seen = set()

        def attempt():
            result = runtime("run", "--bundle", bundle.path, runtime.cid())
            seen.add((result.code, result.out.strip() or "not allowed in host network namespace" in result.err))

        with attacker("swapper", work / "net", work / "host"):
            repeat(3, attempt)
        assert seen == {(0, "77"), (1, True)}
    finally:
        holder.kill()
        holder.wait()
    assert key.read_text() == before


@pytest.mark.slow
def test_masks_in_a_volume_whose_mount_point_is_renamed(runtime, make_bundle, work):
    """What is hidden or read-only in a volume is so in that volume, wherever its mount point is by then."""
    runtime.only_redoubt("masks that are found in their mounts")
    bundle = make_bundle().writable()
    for name in ("data", "other"):
        (bundle.rootfs / name).mkdir()
    volume = work / "volume"
    (volume / "keep").mkdir(parents=True)
    (volume / "secret").write_text("secret\n")
    bundle.mount("/data", volume, options=["bind", "rw"]).sh("cat /proc/self/mountinfo").save()
    bundle.linux["maskedPaths"].append("/data/secret")
    bundle.linux["readonlyPaths"].append("/data/keep")
    bundle.save()
    seen = 0

    def attempt():
        nonlocal seen
        result = runtime("run", "--bundle", bundle.path, runtime.cid())
        lines = [line.split() for line in result.out.splitlines()]
        for volume_id in (line[0] for line in lines if line[3].endswith("/volume")):
            seen += 1
            inside = {os.path.basename(line[4]): line[5] for line in lines if line[1] == volume_id}
            assert {"secret", "keep"} <= set(inside) and inside["keep"].startswith("ro"), result.out

    with attacker("swapper", bundle.rootfs / "data", bundle.rootfs / "other"):
        repeat(3, attempt)
    assert seen > 3
