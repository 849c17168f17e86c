"""Cgroups: where the container is put, limits (in the VM), delegation, hybrid hosts, and update."""

import json
import os
import pathlib

import pytest

from harness import host
from harness.runtime import wait_for


def v2_path(pid):
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    return None


def own_parent():
    return os.path.dirname(v2_path("self")).rstrip("/")


def read(container, name):
    return (container.cgroup() / name).read_text().strip()


# ---- place --------------------------------------------------------------------------------------------------------------------


def test_default_is_beside_ours(runtime, sleeper):
    assert v2_path(sleeper.pid) == f"{own_parent()}/{sleeper.id}"


def test_absolute_path(runtime, bundle):
    path = f"/{runtime.prefix}-parent/child"
    bundle.linux["cgroupsPath"] = path
    try:
        c = runtime.detached(bundle.sleep())
        assert v2_path(c.pid) == path
        c.delete("--force")
    finally:
        for mount in host.cgroup_mounts():
            if (mount / path[1:]).parent.is_dir():
                (mount / path[1:]).parent.rmdir()


def test_relative_path(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"{runtime.prefix}-rel"
    c = runtime.detached(bundle.sleep())
    assert v2_path(c.pid) == f"{own_parent()}/{runtime.prefix}-rel"


def test_dots_stay_inside(runtime, bundle):
    bundle.linux["cgroupsPath"] = f"/../../../{runtime.prefix}-dots"
    c = runtime.detached(bundle.sleep())
    assert v2_path(c.pid) == f"/{runtime.prefix}-dots"


def test_colon_form_without_systemd_is_taken_literally(runtime, bundle):
    """BuildKit sends system.slice:docker:ID and no --systemd-cgroup."""
    bundle.linux["cgroupsPath"] = f"system.slice:docker:{runtime.prefix}"
    c = runtime.detached(bundle.sleep())
    assert v2_path(c.pid).endswith(f"/system.slice:docker:{runtime.prefix}")


def test_cgroup_is_removed(runtime, sleeper):
    path = sleeper.cgroup()
    assert path.is_dir()
    sleeper.delete("--force")
    assert not path.exists()


def test_sub_cgroups_are_removed_too(runtime, sleeper):
    path = sleeper.cgroup()
    (path / "a/b").mkdir(parents=True)
    (path / "c").mkdir()
    sleeper.delete("--force")
    assert not path.exists()


def test_existing_empty_cgroup_is_used(runtime, bundle):
    path = host.cgroup2_mount() / f"{runtime.prefix}-mine"
    path.mkdir()
    bundle.linux["cgroupsPath"] = f"/{path.name}"
    c = runtime.detached(bundle.sleep())
    assert v2_path(c.pid) == f"/{path.name}"


def test_cgroup_that_is_not_empty_is_refused(runtime, sleeper, make_bundle):
    runtime.requires("1.2")
    other = make_bundle().sleep()
    other.linux["cgroupsPath"] = v2_path(sleeper.pid)
    other.save()
    result = runtime("create", "--bundle", other.path, runtime.cid())
    assert result.code == 1 and "container's cgroup is not empty: 1 process(es) found" in result.err
    assert sleeper.status == "running" and sleeper.cgroup().is_dir()


def test_joined_by_every_process_before_it_runs(runtime, bundle):
    out = runtime.output(bundle.without_namespace("cgroup").sh("cat /proc/1/cgroup /proc/self/cgroup"))
    lines = [line for line in out.splitlines() if line.startswith("0::")]
    assert len(set(lines)) == 1 and runtime.prefix in lines[0]


@pytest.mark.parametrize("kinds", [["user"], ["user", "cgroup"], ["cgroup"], []], ids="+".join)
def test_place_with_every_namespace(runtime, bundle, kinds):
    """CVE-2025-47291: a user namespace must not change the cgroup."""
    bundle.without_namespace("cgroup")
    if "user" in kinds:
        bundle.userns()
    if "cgroup" in kinds:
        bundle.namespace("cgroup")
    c = runtime.detached(bundle.sleep())
    assert v2_path(c.pid) == f"{own_parent()}/{c.id}"


def test_delegation(runtime, bundle):
    """A new cgroup namespace and a writable cgroup mount: the container's root owns its own cgroup."""
    if runtime.kind == "runc" and host.is_hybrid():
        pytest.skip("peer: runc mounts v1 here")
    bundle.userns().namespace("cgroup")
    entry = bundle.mount_entry("/sys/fs/cgroup")
    entry["options"] = [option for option in entry["options"] if option != "ro"]
    c = runtime.detached(bundle.sleep())
    path = c.cgroup()
    assert path.stat().st_uid == 100000
    assert (path / "cgroup.procs").stat().st_uid == 100000
    assert (path / "cgroup.subtree_control").stat().st_uid == 100000
    assert (path / "cgroup.freeze").stat().st_uid == 0
    assert c.sh("mkdir /sys/fs/cgroup/own && echo made") == "made\n"


def test_no_delegation_of_a_read_only_mount(runtime, bundle):
    c = runtime.detached(bundle.userns().namespace("cgroup").sleep())
    assert c.cgroup().stat().st_uid == 0


def test_annotations_are_kept(runtime, bundle):
    bundle.config["annotations"] = {"org.example.a": "1", "io.kubernetes.cri.container-type": "container", "ä": "ö"}
    c = runtime.create(bundle.sleep())
    assert c.state()["annotations"] == bundle.config["annotations"]


# ---- hybrid hosts -------------------------------------------------------------------------------------------------------------

LIMITS = {
    "memory": {"memory": {"limit": 64 << 20}},
    "cpu": {"cpu": {"quota": 50000, "period": 100000}},
    "pids": {"pids": {"limit": 50}},
    "cpuset": {"cpu": {"cpus": "0"}},
}


@pytest.mark.native
@pytest.mark.parametrize("controller", LIMITS)
def test_limit_whose_controller_belongs_to_v1_is_refused(runtime, bundle, controller):
    """Design 3: never silently without the limit; the error names the controller."""
    runtime.only_redoubt("rule for hybrid hosts")
    if controller in host.controllers():
        pytest.skip("peer: this host has the controller")
    bundle.linux["resources"].update(LIMITS[controller])
    runtime.refused(bundle.sleep(), match=f"(?i){controller}")


def test_empty_limits_are_no_limits(runtime, bundle):
    """Engines write zeroes and empty objects for `no limit`."""
    bundle.linux["resources"].update({"memory": {}, "cpu": {"shares": 0, "quota": 0, "period": 0}, "pids": {"limit": 0}, "blockIO": {"weight": 0}})
    bundle.linux["resources"].pop("pids")
    assert runtime.run(bundle.args("true")).code == 0


def test_unlimited_is_no_limit(runtime, bundle):
    bundle.linux["resources"].update({"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}, "cpu": {"quota": -1}})
    result = runtime.run(bundle.args("true"))
    assert result.code == 0, str(result)


# ---- limits (VM) --------------------------------------------------------------------------------------------------------------


@pytest.mark.vm
@pytest.mark.parametrize(
    "resources, file, value",
    [({"memory": {"limit": 64 << 20}}, "memory.max", str(64 << 20)), ({"memory": {"reservation": 32 << 20}}, "memory.low", str(32 << 20)),
     ({"memory": {"limit": 64 << 20, "swap": 96 << 20}}, "memory.swap.max", str(32 << 20)), ({"pids": {"limit": 77}}, "pids.max", "77"),
     ({"pids": {"limit": -1}}, "pids.max", "max"), ({"cpu": {"quota": 50000, "period": 100000}}, "cpu.max", "50000 100000"),
     ({"cpu": {"period": 50000}}, "cpu.max", "max 50000"), ({"cpu": {"shares": 1024}}, "cpu.weight", None), ({"cpu": {"idle": 1}}, "cpu.idle", "1"),
     ({"cpu": {"cpus": "0"}}, "cpuset.cpus", "0"), ({"cpu": {"mems": "0"}}, "cpuset.mems", "0"),
     ({"cpu": {"quota": 50000, "period": 100000, "burst": 10000}}, "cpu.max.burst", "10000"),
     ({"unified": {"memory.high": "50331648"}}, "memory.high", "50331648"), ({"unified": {"pids.max": "33"}}, "pids.max", "33")],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_limit(runtime, bundle, resources, file, value):
    bundle.linux["resources"].update(resources)
    c = runtime.detached(bundle.sleep())
    found = read(c, file)
    assert found == value if value is not None else found not in ("", "max")


@pytest.mark.vm
def test_memory_limit_ends_the_process(runtime, bundle):
    bundle.linux["resources"]["memory"] = {"limit": 16 << 20, "swap": 16 << 20}
    assert runtime.run(bundle.sh("dd if=/dev/zero of=/dev/null bs=100M count=1")).code in (137, 1)


@pytest.mark.vm
def test_pids_limit_holds(runtime, bundle):
    bundle.linux["resources"]["pids"] = {"limit": 5}
    result = runtime.run(bundle.sh("for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait"))
    assert "can't fork" in result.err


@pytest.mark.vm
def test_starts_within_512_kib(runtime, bundle):
    runtime.only_redoubt("start within 512 KiB")
    bundle.linux["resources"]["memory"] = {"limit": 512 << 10, "swap": 512 << 10}
    bundle.add("bin/tryout", victim="tryout")
    assert runtime.run(bundle.args("tryout", "getppid")).code == 0


@pytest.mark.vm
@pytest.mark.parametrize("unified", [{"nosuch.file": "1"}, {"../x": "1"}, {"a/b": "1"}, {"memory.nosuch": "1"}])
def test_bad_unified(runtime, bundle, unified):
    bundle.linux["resources"]["unified"] = unified
    runtime.refused(bundle.sleep())


# ---- update -------------------------------------------------------------------------------------------------------------------


@pytest.mark.vm
@pytest.mark.parametrize(
    "flags, file, value",
    [(["--memory", "67108864"], "memory.max", "67108864"), (["--memory", "32M"], "memory.max", str(32 << 20)), (["--memory-reservation", "16M"], "memory.low", str(16 << 20)),
     (["--pids-limit", "20"], "pids.max", "20"), (["--pids-limit", "-1"], "pids.max", "max"), (["--cpu-quota", "30000"], "cpu.max", "30000 100000"),
     (["--cpu-period", "50000", "--cpu-quota", "25000"], "cpu.max", "25000 50000"), (["--cpuset-cpus", "0"], "cpuset.cpus", "0"),
     (["--cpu-share", "512"], "cpu.weight", None), (["--cpu-idle", "1"], "cpu.idle", "1")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_update_flags(runtime, bundle, flags, file, value):
    if "--cpu-idle" in flags:
        runtime.requires("1.2")
    bundle.linux["resources"].update({"memory": {"limit": 100 << 20, "swap": 100 << 20}, "pids": {"limit": 100}, "cpu": {"quota": 40000, "period": 100000}})
    c = runtime.detached(bundle.sleep())
    if "--memory" in flags and runtime.kind == "runc":
        flags = [*flags, "--memory-swap", flags[1]]
    runtime.ok("update", *flags, c.id)
    found = read(c, file)
    assert found == value if value is not None else found not in ("", "max")


@pytest.mark.vm
@pytest.mark.parametrize("form", ["--resources=-", "-r=-", "file", "separate"])
def test_update_document(runtime, bundle, work, form):
    bundle.linux["resources"].update({"memory": {"limit": 100 << 20, "swap": 100 << 20}, "pids": {"limit": 100}})
    c = runtime.detached(bundle.sleep())
    document = json.dumps({"memory": {"limit": 48 << 20, "swap": 48 << 20}, "pids": {"limit": 44}})
    (work / "resources.json").write_text(document)
    flags = {"file": [f"--resources={work}/resources.json"], "separate": ["--resources", "-"]}.get(form, [form])
    runtime.ok("update", *flags, c.id, stdin=document)
    assert read(c, "memory.max") == str(48 << 20) and read(c, "pids.max") == "44"


@pytest.mark.vm
def test_update_of_a_paused_container(runtime, bundle):
    bundle.linux["resources"]["pids"] = {"limit": 100}
    c = runtime.detached(bundle.sleep())
    runtime.ok("pause", c.id)
    runtime.ok("update", "--pids-limit", "55", c.id)
    assert read(c, "pids.max") == "55" and c.status == "paused"


@pytest.mark.vm
def test_update_keeps_the_device_filter(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
    c = runtime.detached(bundle.add_capabilities("CAP_SYSLOG").sleep())
    runtime.ok("update", "--pids-limit", "55", c.id)
    assert c.exec("sh", "-c", ": </dev/kmsg2").code != 0


@pytest.mark.vm
def test_update_of_a_quota_below_the_burst(runtime, bundle):
    """The kernel refuses burst > quota at every single write: the new pair goes in whatever the old one was."""
    runtime.requires("1.2")
    bundle.linux["resources"]["cpu"] = {"quota": 50000, "period": 100000, "burst": 40000}
    c = runtime.detached(bundle.sleep())
    for quota, burst in ((20000, 10000), (90000, 80000), (30000, 0)):
        runtime.ok("update", "--cpu-quota", quota, "--cpu-burst", burst, c.id)
        assert (read(c, "cpu.max"), read(c, "cpu.max.burst")) == (f"{quota} 100000", str(burst))


@pytest.mark.native
@pytest.mark.parametrize(
    "document, words",
    [({"memory": {"swappiness": 10}}, "memory.swappiness is ignored"), ({"memory": {"kernel": 1 << 20}}, "Kernel memory settings are ignored"),
     ({"cpu": {"realtimeRuntime": 1000}}, "realtimeRuntime and realtimePeriod are ignored")],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_update_says_what_it_ignores(runtime, sleeper, document, words):
    runtime.only_redoubt("warning for limits of cgroup v1")
    result = runtime.ok("update", "--resources=-", sleeper.id, stdin=json.dumps(document))
    assert words in result.err and "level=warning" in result.err, str(result)


@pytest.mark.native
def test_update_of_an_unknown_container(runtime):
    runtime.fails("update", "--pids-limit", "5", runtime.cid(), match="container does not exist")


def test_update_of_a_stopped_container(runtime, sleeper):
    sleeper.stop()
    result = runtime("update", "--pids-limit", "5", sleeper.id)
    assert result.code in (0, 1)


def test_update_without_anything_keeps_it_running(runtime, sleeper):
    if not host.controllers() and not host.is_hybrid() and runtime.kind == "runc":
        pytest.skip("peer: runc writes files that are not there")
    runtime.ok("update", "--resources=-", sleeper.id, stdin="{}")
    assert sleeper.status == "running"


@pytest.mark.native
@pytest.mark.parametrize("text", ["", "{", "[]", '{"memory":{"limit":"x"}}'])
def test_update_bad_document(runtime, sleeper, text):
    runtime.fails("update", "--resources=-", sleeper.id, stdin=text)
    assert sleeper.status == "running"


@pytest.mark.native
@pytest.mark.parametrize("flags", [["--memory", "x"], ["--pids-limit", "x"], ["--cpu-quota", "1.5"]], ids=" ".join)
def test_update_bad_value(runtime, sleeper, flags):
    assert runtime("update", *flags, sleeper.id).code == 1
    assert sleeper.status == "running"


@pytest.mark.native
@pytest.mark.parametrize(
    "document, words",
    [({"blockIO": {"weight": 9}}, "linux.resources.blockIO.weight: 9 is not in range 10 to 1000"),
     ({"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 1001}]}}, "linux.resources.blockIO.weightDevice[0].weight: 1001 is not in range"),
     ({"cpu": {"period": 1}}, "linux.resources.cpu.period: 1 is not in range 1000 to 1000000"),
     ({"cpu": {"idle": 2}}, "linux.resources.cpu.idle: 2 is neither 0 nor 1"),
     ({"hugepageLimits": [{"pageSize": "../2MB", "limit": 0}]}, "linux.resources.hugepageLimits[0].pageSize"),
     ({"memory": {"limit": -5}}, "linux.resources.memory.limit: -5; -1 means no limit")],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_update_is_judged_as_the_configuration_is(runtime, sleeper, document, words):
    runtime.only_redoubt("the field's name in the message")
    result = runtime("update", "--resources=-", sleeper.id, stdin=json.dumps(document))
    assert result.code == 1 and words in result.err, str(result)


def test_events_after_cgroup_removed_under_us(runtime, sleeper):
    """Somebody removes the cgroup of a stopped container: delete still works."""
    path = sleeper.cgroup()
    sleeper.stop()
    wait_for(lambda: not (path / "cgroup.procs").read_text())
    path.rmdir()
    sleeper.delete()


@pytest.mark.native
def test_systemd_path_with_wrong_fields(runtime, bundle):
    if runtime.kind == "runc" and not host.has_systemd():
        pytest.skip("peer: needs systemd first")
    bundle.linux["cgroupsPath"] = "only:two"
    runtime.refused(bundle.sleep(), match=r"expected cgroupsPath to be of format|systemd", global_args=["--systemd-cgroup"])
