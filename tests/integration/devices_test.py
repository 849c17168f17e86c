"""Device nodes, /dev links and the device filter."""

import os
import stat

import pytest

from harness import bpf, host, victims


KMSG = {"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}


@pytest.fixture
def bundle(bundle):
    """Reading /dev/kmsg, the device of these tests, needs CAP_SYSLOG on most systems."""
    return bundle.add_capabilities("CAP_SYSLOG")


def allow(bundle, *rules):
    """Default of the specification: deny all, then these."""
    bundle.linux["resources"]["devices"] = [{"allow": False, "access": "rwm"}, *rules]


def test_default_nodes(runtime, bundle):
    out = runtime.output(bundle.sh("cd /dev; for n in null zero full random urandom tty; do stat -c '%n %F %a %t:%T' $n; done"))
    assert out.splitlines() == [
        f"{name} character special file 666 {device}"
        for name, device in (("null", "1:3"), ("zero", "1:5"), ("full", "1:7"), ("random", "1:8"), ("urandom", "1:9"), ("tty", "5:0"))
    ]


def test_links(runtime, bundle):
    out = runtime.output(bundle.sh("cd /dev; for n in fd stdin stdout stderr ptmx; do readlink $n; done"))
    assert out.split() == ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "pts/ptmx"]


def test_no_other_nodes(runtime, bundle):
    names = set(runtime.output(bundle.args("ls", "/dev")).split())
    assert names <= {"core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}


def test_listed_node(runtime, bundle):
    bundle.linux["devices"] = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 5, "gid": 6},
        {"path": "/dev/sub/loop9", "type": "b", "major": 7, "minor": 9},
        {"path": "/dev/pipe", "type": "p", "fileMode": 0o600},
    ]
    out = runtime.output(bundle.sh("cd /dev; stat -c '%F %a %t:%T %u:%g' fuse; stat -c '%F %t:%T' sub/loop9; stat -c %F pipe"))
    assert out.splitlines() == ["character special file 640 a:e5 5:6", "block special file 7:9", "fifo"]


def test_owner_and_mode_of_a_node_before_linux_6_6(runtime, bundle, tmp_path, monkeypatch):
    runtime.only_redoubt("how")
    without = tmp_path / "redoubt"
    without.write_text(f'#!/bin/sh\nexec {victims.binary("without_calls")} 452 452 {runtime.path} "$@"\n')  # fchmodat2(2)
    without.chmod(0o755)
    monkeypatch.setattr(runtime, "path", str(without))
    bundle.linux["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o4640, "uid": 5, "gid": 6}]
    assert runtime.output(bundle.args("stat", "-c", "%a %u:%g", "/dev/fuse")) == "4640 5:6\n"


def test_node_of_the_specifications_default_list_again(runtime, bundle):
    runtime.requires("1.2")
    bundle.linux["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600}]
    assert runtime.run(bundle.args("true")).code == 0


@pytest.mark.parametrize("kind", ["x", "", "cc"])
def test_unknown_type(runtime, bundle, kind):
    bundle.linux["devices"] = [{"path": "/dev/x", "type": kind, "major": 1, "minor": 3}]
    runtime.refused(bundle)


def test_device_outside_the_filter_is_refused(runtime, bundle):
    """A listed node without a rule: visible, but not to be opened."""
    bundle.linux["devices"] = [KMSG]
    result = runtime.run(bundle.sh("head -c 1 /dev/kmsg2"))
    assert result.code != 0 and "Operation not permitted" in result.err


def test_allowed_device(runtime, bundle):
    bundle.linux["devices"] = [KMSG]
    allow(bundle, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rw"})
    assert runtime.run(bundle.sh(": </dev/kmsg2")).code == 0


@pytest.mark.parametrize("access, read, write", [("r", 0, 1), ("w", 1, 0), ("rw", 0, 0)])
def test_access(runtime, bundle, access, read, write):
    bundle.linux["devices"] = [KMSG]
    allow(bundle, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": access})
    out = runtime.output(bundle.sh("(: </dev/kmsg2) 2>/dev/null; echo $?; (: >/dev/kmsg2) 2>/dev/null; echo $?"))
    assert [int(code) != 0 for code in out.split()] == [bool(read), bool(write)]


def test_wildcard_minor(runtime, bundle):
    bundle.linux["devices"] = [KMSG]
    allow(bundle, {"allow": True, "type": "c", "major": 1, "access": "rw"})
    assert runtime.run(bundle.sh(": </dev/kmsg2")).code == 0


def test_last_rule_wins(runtime, bundle):
    bundle.linux["devices"] = [KMSG]
    allow(bundle, {"allow": True, "type": "c", "major": 1, "access": "rwm"}, {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "rwm"})
    assert runtime.run(bundle.sh(": </dev/kmsg2")).code != 0


def test_mknod_is_possible_but_opening_is_not(runtime, bundle):
    bundle.writable().add_capabilities("CAP_MKNOD")
    result = runtime.run(bundle.sh("mknod /tmp/mem c 1 11 && echo made; head -c 1 /tmp/mem"))
    assert "made" in result.out and "Operation not permitted" in result.err


def test_default_devices_always_work(runtime, bundle):
    bundle.linux["resources"]["devices"] = [{"allow": False, "access": "rwm"}]
    bundle.sh("echo x >/dev/null && head -c 1 /dev/zero >/dev/null && head -c 1 /dev/urandom >/dev/null && head -c 1 /dev/full >/dev/null")
    assert runtime.run(bundle).code == 0


def test_filter_holds_for_exec(runtime, bundle):
    bundle.linux["devices"] = [KMSG]
    c = runtime.detached(bundle.sleep())
    assert c.exec("head", "-c", "1", "/dev/kmsg2").code != 0


def test_no_resources_at_all(runtime, bundle):
    """GHSA-g54h-m393-cpwq: an absent list is not an open door."""
    bundle.linux.pop("resources")
    bundle.writable().add_capabilities("CAP_MKNOD")
    result = runtime.run(bundle.sh("mknod /tmp/kmsg c 1 11; head -c 1 /tmp/kmsg"))
    assert result.code != 0, str(result)


def test_allow_all(runtime, bundle):
    """Privileged containers."""
    bundle.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    bundle.linux["devices"] = [KMSG]
    assert runtime.run(bundle.sh(": </dev/kmsg2")).code == 0


def test_dev_bind_of_the_host(runtime, bundle):
    """-v /dev:/dev: the runtime then leaves the nodes alone."""
    bundle.without_mount("/dev").without_mount("/dev/pts").without_mount("/dev/shm").without_mount("/dev/mqueue")
    bundle.mount("/dev", "/dev", options=["rbind", "rw"])
    before = os.stat("/dev/null")
    assert runtime.run(bundle.sh("echo x >/dev/null")).code == 0
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode) and (before.st_ino, before.st_rdev) == (after.st_ino, after.st_rdev)


def test_user_namespace_device(runtime, bundle):
    bundle.userns()
    bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]
    if not os.path.exists("/dev/kmsg"):
        pytest.skip("lacks /dev/kmsg")
    assert "1,  11" in runtime.output(bundle.sh("ls -l /dev/kmsg"))


def test_filter_is_a_cgroup_program_of_v2(runtime, sleeper):
    runtime.only_redoubt("v2 filter on a hybrid host")
    assert bpf.attached(host.cgroup2_mount(), bpf.DEVICE) == []
    assert len(bpf.attached(sleeper.cgroup(), bpf.DEVICE)) == 1
