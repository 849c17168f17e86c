"""Namespaces: created, shared with the host, joined by path; user mappings; time offsets; the loopback device."""

import os
import pathlib
import re
import subprocess

import pytest

from harness import host
from harness.runtime import wait_for

KINDS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup", "user": "user", "time": "time"}


def ns(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{KINDS[kind]}")


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup"])
def test_namespace_left_out_is_the_hosts(runtime, bundle, kind):
    bundle.without_namespace(kind)
    if kind == "uts":
        bundle.config.pop("hostname")
    c = runtime.detached(bundle.sleep())
    assert ns(c.pid, kind) == ns("self", kind)


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "mount", "cgroup"])
def test_namespace_asked_for_is_new(runtime, bundle, kind):
    c = runtime.detached(bundle.namespace(kind).sleep())
    assert ns(c.pid, kind) != ns("self", kind)


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup"])
def test_joined_by_path(runtime, bundle, make_bundle, kind):
    first = runtime.detached(bundle.namespace(kind).sleep())
    second = make_bundle().namespace(kind, f"/proc/{first.pid}/ns/{KINDS[kind]}").sleep()
    if kind == "uts":
        second.config.pop("hostname", None)
    c = runtime.detached(second)
    assert ns(c.pid, kind) == ns(first.pid, kind)
    c.delete("--force")


def test_join_user_namespace(runtime, bundle, make_bundle):
    first = runtime.detached(bundle.userns().sleep())
    second = make_bundle().userns().sleep()
    second.namespace("user", f"/proc/{first.pid}/ns/user")
    second.linux.pop("uidMappings"), second.linux.pop("gidMappings")
    if runtime.kind == "runc" and runtime.version < (1, 2):
        pytest.skip("peer: old runc needs mappings, too")
    c = runtime.detached(second)
    assert ns(c.pid, "user") == ns(first.pid, "user")
    c.delete("--force")


def test_join_bind_mounted_namespace(runtime, bundle, work):
    """Engines keep network namespaces alive as bind mounts."""
    path = work / "netns"
    path.touch()
    child = subprocess.Popen(["unshare", "--net", "sleep", "100"])
    wait_for(lambda: ns(child.pid, "network") != ns("self", "network"))
    host.libc.mount(f"/proc/{child.pid}/ns/net".encode(), str(path).encode(), None, 4096, None)
    try:
        c = runtime.detached(bundle.namespace("network", path).sleep())
        assert ns(c.pid, "network") == ns(child.pid, "network")
        c.delete("--force")
    finally:
        host.libc.umount2(str(path).encode(), 2)
        child.kill()
        child.wait()


@pytest.mark.parametrize("path", [None, "/proc/self/ns/mnt", "/proc/1/ns/mnt"])
def test_the_hosts_mount_namespace_is_refused(runtime, bundle, path):
    """Pivoting in it would take the root file system of every process of the host."""
    runtime.only_redoubt("such refusal: runc mounts into the host's namespace")
    bundle.without_namespace("mount")
    bundle.linux["maskedPaths"], bundle.linux["readonlyPaths"] = [], []
    if path:
        bundle.namespace("mount", path)
    bundle.save()
    # A host of its own (PID 1 and its mounts) to lose, and the runtime in another mount namespace of that.
    host_of_its_own = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", 'unshare --mount "$@"; exit $?', "sh"]
    result = runtime.raw([*host_of_its_own, *runtime.argv("run", "--bundle", bundle.path, runtime.cid())])
    assert result.code == 1 and re.search("linux.namespaces: .*(private MNT|host's mount) namespace", result.err), str(result)


def test_loopback_is_up_in_a_new_network_namespace(runtime, bundle):
    out = runtime.output(bundle.sh("ip addr show lo"))
    assert "LOOPBACK,UP" in out and "127.0.0.1" in out


def test_user_namespace(runtime, bundle):
    bundle.userns(100000)
    bundle.sh("id -u; cat /proc/self/uid_map; cat /proc/self/gid_map; cat /proc/self/setgroups")
    out = runtime.output(bundle).split()
    assert out == ["0", "0", "100000", "65536", "0", "100000", "65536", "allow"]


def test_user_namespace_process_is_unprivileged_outside(runtime, bundle):
    c = runtime.detached(bundle.userns(200000).sleep())
    uids = next(line for line in open(f"/proc/{c.pid}/status") if line.startswith("Uid:")).split()[1:]
    assert uids == ["200000"] * 4
    assert "0" in c.sh("id -u")


def test_user_namespace_with_several_mappings(runtime, bundle):
    bundle.userns()
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [
            {"containerID": 0, "hostID": 100000, "size": 1},
            {"containerID": 1, "hostID": 300000, "size": 999},
            {"containerID": 1000, "hostID": 400000, "size": 10},
        ]
    bundle.user(1000).sh("id -u; cat /proc/self/uid_map | wc -l")
    assert runtime.output(bundle).split() == ["1000", "3"]


def test_user_namespace_files_belong_to_the_mapped_root(runtime, bundle):
    bundle.userns().sh("stat -c %u:%g / /dev/null /proc/self /dev/pts /dev/shm")
    assert set(runtime.output(bundle).split()) <= {"0:0", "65534:65534", "0:5"}


def test_user_namespace_exec(runtime, bundle):
    c = runtime.detached(bundle.userns().sleep())
    assert c.sh("id -u; readlink /proc/self/ns/user").split() == ["0", ns(c.pid, "user")]


def test_user_namespace_with_terminal_device_nodes(runtime, bundle):
    """mknod is not possible in there: the nodes are bind mounts."""
    bundle.userns().sh("echo x >/dev/null && head -c 4 /dev/urandom | wc -c && ls -l /dev/null")
    out = runtime.output(bundle)
    assert out.startswith("4\n") and "1,   3" in out


def test_time_namespace(runtime, bundle):
    runtime.requires("1.2")
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"monotonic": {"secs": 7881, "nanosecs": 2718281}, "boottime": {"secs": 1337, "nanosecs": 3141519}}
    out = runtime.output(bundle.sh("cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime"))
    lines = out.splitlines()
    assert lines[0].split() == ["monotonic", "7881", "2718281"]
    assert lines[1].split() == ["boottime", "1337", "3141519"]
    assert int(lines[2]) >= 1337


def test_time_namespace_of_exec(runtime, bundle):
    runtime.requires("1.2")
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 5000, "nanosecs": 0}}
    c = runtime.detached(bundle.sleep())
    assert int(c.sh("cut -d. -f1 /proc/uptime")) >= 5000


def test_cgroup_namespace_hides_the_path(runtime, bundle):
    bundle.namespace("cgroup").sh("cat /proc/self/cgroup")
    v2 = [line for line in runtime.output(bundle).splitlines() if line.startswith("0::")]
    if runtime.kind == "runc" and host.is_hybrid():
        pytest.skip("peer: runc enters the cgroup namespace of v1 here")
    assert v2 == ["0::/"]


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts"])
def test_duplicate_namespace(runtime, bundle, kind):
    bundle.linux["namespaces"].append({"type": kind})
    runtime.refused(bundle, match="malformed spec file: duplicated ns")


def test_unknown_namespace(runtime, bundle):
    bundle.linux["namespaces"].append({"type": "moon"})
    runtime.refused(bundle, match="namespace .*does not exist")


def test_path_of_another_kind(runtime, bundle):
    bundle.namespace("network", "/proc/self/ns/uts")
    runtime.refused(bundle)


def test_missing_path(runtime, bundle):
    bundle.namespace("network", "/no/such/ns")
    runtime.refused(bundle, match="no such file or directory")


def test_userns_without_mappings(runtime, bundle):
    bundle.namespace("user")
    runtime.refused(bundle, match="[Mm]apping")


def test_mappings_without_userns(runtime, bundle):
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1}]
    runtime.requires("1.2")
    runtime.refused(bundle, match="[Mm]apping|user namespace")


@pytest.fixture
def other_userns(runtime, make_bundle):
    """The path of a user namespace with known maps."""
    return f"/proc/{runtime.detached(make_bundle().userns().sleep()).pid}/ns/user"


@pytest.mark.parametrize("field", ["uidMappings", "gidMappings"])
@pytest.mark.parametrize("other", [(0, 100000, 1000), (0, 200000, 65536), (1, 100000, 65536)], ids=str)
def test_mappings_that_a_joined_userns_has_not(runtime, bundle, other_userns, field, other):
    """config.json may repeat the mappings of a namespace to join, but not others: ids would not be what the engine thinks."""
    runtime.requires("1.2")
    bundle.userns().namespace("user", other_userns)
    bundle.linux[field] = [dict(zip(("containerID", "hostID", "size"), other))]
    bundle.sleep().save()
    words = rf"linux\.{field}.*user namespace" if runtime.kind == "redoubt" else "(?i)mapping"
    runtime.fails("create", "--bundle", bundle.path, cid := runtime.cid(), match=words)
    runtime.fails("state", cid, match="does not exist")


def test_mappings_that_a_joined_userns_has(runtime, bundle, other_userns):
    runtime.requires("1.2")
    bundle.userns().namespace("user", other_userns)
    assert runtime.output(bundle.args("cat", "/proc/self/uid_map")).split() == ["0", "100000", "65536"]


def test_hostname_without_uts(runtime, bundle):
    bundle.without_namespace("uts")
    runtime.refused(bundle, match="(?i)hostname|UTS")


def test_time_offsets_without_time_namespace(runtime, bundle):
    runtime.requires("1.2")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1, "nanosecs": 0}}
    runtime.refused(bundle, match="(?i)time")


def test_private_pid_namespace_ends_with_init(runtime, bundle):
    c = runtime.detached(bundle.sh("sleep 1000 & sleep 1000 & exec sleep 0.2"))
    c.wait("stopped")
    from harness import leaks

    wait_for(lambda: not leaks.processes(c.id), what="the namespace to end")


def test_host_network_and_sysctl(runtime, bundle):
    """net.* of the host is not ours to change."""
    bundle.without_namespace("network")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    runtime.refused(bundle, match=r'sysctl \\?"net.ipv4.ip_forward\\?".*(not allowed|not in a separate kernel namespace)')


def test_network_namespace_name_of_ip_netns(runtime, bundle, work):
    """The shape CNI uses: /run/netns/NAME."""
    name = runtime.prefix
    if host.run("ip", "netns", "add", name).returncode != 0:
        pytest.skip("lacks ip netns")
    try:
        c = runtime.detached(bundle.namespace("network", f"/run/netns/{name}").sleep())
        assert host.run("ip", "netns", "pids", name).stdout.split() == [str(c.pid)]
        c.delete("--force")
    finally:
        host.run("ip", "netns", "del", name)


def test_inner_mount_namespace_is_private(runtime, bundle, work):
    before = pathlib.Path("/proc/self/mountinfo").read_text().count(str(work))
    runtime.detached(bundle.sleep())
    assert pathlib.Path("/proc/self/mountinfo").read_text().count(str(work)) == before
