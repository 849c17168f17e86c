"""Rootless: the runtime as an unprivileged user, with a user namespace of one or many ids."""

import os
import pathlib
import shutil

import pytest

from harness import host, leaks
from harness.rootless import UID, rootless, rootless_bundle  # noqa: F401


@pytest.fixture
def bundle(rootless_bundle):
    return rootless_bundle


def test_run(rootless, bundle):
    out = rootless.output(bundle.sh("id -u; cat /proc/self/uid_map"))
    assert out.split() == ["0", "0", str(UID), "1"]


def test_life_cycle(rootless, bundle):
    c = rootless.create(bundle.sleep())
    assert c.status == "created"
    c.start()
    assert c.status == "running"
    assert c.sh("id -u") == "0\n"
    assert rootless.ok("list", "-q").out.split() == [c.id]
    c.delete("--force")


def test_default_root_is_below_xdg_runtime_dir(rootless, bundle):
    bundle.args("true").save()
    cid = rootless.cid()
    result = rootless.raw([rootless.path, "run", "--keep", "--bundle", bundle.path, cid])
    assert result.code == 0, str(result)
    name = pathlib.Path(rootless.path).name if rootless.kind != "redoubt" else "redoubt"
    assert (rootless.work / rootless.kind / cid).is_dir() or (rootless.work / name / cid).is_dir()
    rootless.raw([rootless.path, "delete", cid])


def test_process_is_the_user_on_the_host(rootless, bundle):
    c = rootless.detached(bundle.sleep())
    assert os.stat(f"/proc/{c.pid}").st_uid == UID or b"Uid:\t%d" % UID in open(f"/proc/{c.pid}/status", "rb").read()


def test_setgroups_is_denied(rootless, bundle):
    assert rootless.output(bundle.args("cat", "/proc/self/setgroups")) == "deny\n"


def test_host_files_of_root_stay_closed(rootless, bundle, work):
    secret = work / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    bundle.mount("/secret", secret, options=["bind"])
    result = rootless.run(bundle.args("cat", "/secret"))
    assert result.code != 0 and "x" not in result.out


def test_cgroup_without_permission_is_ignored(rootless, bundle):
    bundle.linux.pop("cgroupsPath", None)
    assert rootless.run(bundle.args("true")).code == 0


def test_limit_without_permission_is_refused(rootless, bundle):
    bundle.linux["resources"] = {"pids": {"limit": 10}}
    result = rootless.run(bundle.args("true"))
    assert result.code == 1
    assert "rootless" in result.err or "permission" in result.err or "cgroup" in result.err


def test_cgroup_tree_is_not_writable(rootless, bundle):
    """CVE-2023-25809: no cgroup namespace, /sys bound from the host."""
    bundle.without_namespace("cgroup")
    out = rootless.run(bundle.sh("find /sys/fs/cgroup -maxdepth 3 -name 'cgroup.procs' | while read f; do (echo 0 >$f) 2>/dev/null && echo WROTE $f; done; "
                                      f"for d in $(find /sys/fs/cgroup -maxdepth 2 -type d); do mkdir $d/made-{rootless.prefix} 2>/dev/null; done")).out  # fmt: skip
    assert "WROTE" not in out and not [path for path in leaks.cgroups(f"made-{rootless.prefix}")]


def test_user_namespace_is_required(rootless, bundle):
    bundle.without_namespace("user")
    bundle.linux.pop("uidMappings"), bundle.linux.pop("gidMappings")
    result = rootless.run(bundle.args("true"))
    assert result.code == 1 and "user namespace" in result.err.lower() or "rootless" in result.err.lower() or "operation not permitted" in result.err


@pytest.mark.parametrize("device", ["null", "zero", "full", "random", "urandom", "tty"])
def test_devices_are_bound(rootless, bundle, device):
    assert rootless.output(bundle.sh(f"stat -c %F /dev/{device}")) == "character special file\n"


def test_terminal_socket(rootless, bundle, work):
    from harness.sockets import FdReceiver, read_until

    bundle.process["terminal"] = True
    with FdReceiver(work / "tty.sock") as console:
        rootless.detached(bundle.sh("tty; echo end; sleep 50"), "--console-socket", console.path)
        _, [fd] = console.receive()
        assert b"/dev/pts/0" in read_until(fd, b"end")


def test_nothing_is_left(rootless, bundle):
    c = rootless.detached(bundle.sleep())
    c.delete("--force")
    assert not leaks.processes(c.id)


def test_more_ids_through_newuidmap(rootless, bundle):
    if not shutil.which("newuidmap"):
        pytest.skip("lacks newuidmap (package uidmap)")
    entry = f"{UID}:500000:65536\n"
    saved = {name: pathlib.Path(name).read_text() if os.path.exists(name) else "" for name in ("/etc/subuid", "/etc/subgid")}
    passwd = pathlib.Path("/etc/passwd").read_text()
    try:
        for name in saved:
            pathlib.Path(name).write_text(saved[name] + entry.replace(str(UID), "redoubttest"))
        pathlib.Path("/etc/passwd").write_text(passwd + f"redoubttest:x:{UID}:{UID}::/:/bin/sh\n")
        for key in ("uidMappings", "gidMappings"):
            bundle.linux[key] = [{"containerID": 0, "hostID": UID, "size": 1}, {"containerID": 1, "hostID": 500000, "size": 65536}]
        out = rootless.output(bundle.user(1000).sh("id -u; wc -l </proc/self/uid_map"))
        assert out.split() == ["1000", "2"]
    finally:
        for name, text in saved.items():
            pathlib.Path(name).write_text(text)
        pathlib.Path("/etc/passwd").write_text(passwd)


def test_host_has_no_stray_processes(rootless, bundle):
    before = set(host.children())
    rootless.run(bundle.args("true"))
    assert set(host.children()) <= before
