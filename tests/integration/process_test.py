"""The process: capabilities, no_new_privs, limits, ids, umask, oom score, personality, scheduling, keyring, memory policy, sysctl."""

import os
import pathlib
import resource

import pytest

from harness import host

BITS = {"CHOWN": 0, "KILL": 5, "NET_BIND_SERVICE": 10, "SYS_ADMIN": 21, "SYS_NICE": 23, "AUDIT_WRITE": 29, "SETUID": 7}


def mask(*names):
    return sum(1 << BITS[name.removeprefix("CAP_")] for name in names)


def status(runtime, bundle):
    text = runtime.output(bundle.args("cat", "/proc/self/status"))
    return {key: value.strip() for key, value in (line.split(":", 1) for line in text.splitlines())}


def sets(runtime, bundle):
    fields = status(runtime, bundle)
    return {key: int(fields["Cap" + key], 16) for key in ("Inh", "Prm", "Eff", "Bnd", "Amb")}


# ---- capabilities -------------------------------------------------------------------------------------------------------------


def test_capabilities_of_root(runtime, bundle):
    bundle.capabilities("CAP_CHOWN", "CAP_KILL")
    wanted = mask("CHOWN", "KILL")
    assert sets(runtime, bundle) == {"Inh": 0, "Prm": wanted, "Eff": wanted, "Bnd": wanted, "Amb": 0}


def test_each_set_on_its_own(runtime, bundle):
    bundle.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        "permitted": ["CAP_CHOWN", "CAP_KILL"],
        "effective": ["CAP_KILL"],
        "inheritable": ["CAP_CHOWN"],
    }
    found = sets(runtime, bundle)
    assert found["Bnd"] == mask("CHOWN", "KILL", "SETUID")
    assert found["Inh"] == mask("CHOWN")
    # root's execve raises permitted to bounding | inheritable (capabilities(7)); no_new_privs keeps it at the old set
    assert found["Prm"] in (mask("CHOWN", "KILL"), mask("CHOWN", "KILL", "SETUID"))


def test_no_capabilities_object(runtime, bundle):
    del bundle.process["capabilities"]
    assert set(sets(runtime, bundle).values()) == {0}


def test_empty_sets(runtime, bundle):
    bundle.capabilities()
    assert set(sets(runtime, bundle).values()) == {0}


def test_user_without_ambient_has_none(runtime, bundle):
    """CVE-2016-8867."""
    bundle.capabilities("CAP_CHOWN", "CAP_KILL").user(1000)
    found = sets(runtime, bundle)
    assert (found["Eff"], found["Prm"], found["Amb"]) == (0, 0, 0)
    assert found["Bnd"] == mask("CHOWN", "KILL")


def test_ambient(runtime, bundle):
    bundle.capabilities("CAP_KILL", "CAP_NET_BIND_SERVICE", ambient=True, inheritable=True).user(1000)
    wanted = mask("KILL", "NET_BIND_SERVICE")
    assert sets(runtime, bundle) == {"Inh": wanted, "Prm": wanted, "Eff": wanted, "Bnd": wanted, "Amb": wanted}


def test_ambient_that_cannot_be_raised_is_a_warning(runtime, bundle):
    bundle.capabilities("CAP_KILL", ambient=True).user(1000)
    result = runtime.run(bundle.args("grep", "CapAmb", "/proc/self/status"))
    assert result.code == 0 and int(result.out.split()[1], 16) == 0
    if runtime.kind == "redoubt" or runtime.version >= (1, 2):
        assert "can't raise ambient capability CAP_KILL" in result.err


def test_unknown_capability_is_a_warning(runtime, bundle):
    bundle.capabilities("CAP_KILL", "CAP_FROM_THE_FUTURE")
    result = runtime.run(bundle.args("grep", "CapBnd", "/proc/self/status"))
    assert result.code == 0, str(result)
    assert int(result.out.split()[1], 16) == mask("KILL")
    assert result.err.count("ignoring unknown or unavailable capabilities: [CAP_FROM_THE_FUTURE]") == 1


def test_bound_cap_cannot_come_back_through_a_setuid_binary(runtime, bundle):
    bundle.process["noNewPrivileges"] = False
    bundle.add("bin/suid-cat", victim="tryout")
    (bundle.rootfs / "bin/suid-cat").chmod(0o4755)
    bundle.capabilities("CAP_KILL").user(1000).args("/bin/suid-cat", "mount")
    assert "EPERM" in runtime.run(bundle).out


def test_no_new_privileges(runtime, bundle):
    assert status(runtime, bundle)["NoNewPrivs"] == "1"
    bundle.process["noNewPrivileges"] = False
    assert status(runtime, bundle)["NoNewPrivs"] == "0"


# ---- identity -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid, gid, groups", [(0, 0, []), (1000, 1000, []), (1000, 5, [7, 8, 9]), (65534, 65534, [1]), (2147483646, 2147483646, [])])
def test_ids(runtime, bundle, uid, gid, groups):
    fields = status(runtime, bundle.user(uid, gid, *groups))
    assert fields["Uid"].split() == [str(uid)] * 4
    assert fields["Gid"].split() == [str(gid)] * 4
    assert [int(g) for g in fields["Groups"].split()] in (groups, sorted(groups), sorted({gid, *groups}) if groups else groups)


def test_groups_of_the_caller_are_dropped(runtime, bundle):
    result = runtime.run(bundle.user(1000).args("cat", "/proc/self/status"), preexec=lambda: os.setgroups([3, 4, 27]))
    groups = next(line for line in result.out.splitlines() if line.startswith("Groups:")).split()[1:]
    assert not {"3", "4", "27"} & set(groups)


@pytest.mark.parametrize("value", [0o77, 0o27, 0])
def test_umask(runtime, bundle, value):
    bundle.process["user"]["umask"] = value
    assert int(runtime.output(bundle.sh("umask")), 8) == value


def test_default_umask(runtime, bundle):
    result = runtime.run(bundle.sh("umask"), preexec=lambda: os.umask(0o137))
    assert result.out == "0022\n"


@pytest.mark.parametrize("value", [0, 333, 777])
def test_oom_score_adj(runtime, bundle, value):
    bundle.process["oomScoreAdj"] = value
    assert runtime.output(bundle.args("cat", "/proc/self/oom_score_adj")) == f"{value}\n"


def test_oom_score_adj_of_the_shim_is_not_inherited_when_set(runtime, bundle):
    """containerd's shim runs at -998."""
    bundle.process["oomScoreAdj"] = 100
    result = runtime.run(bundle.args("cat", "/proc/self/oom_score_adj"), preexec=lambda: pathlib.Path("/proc/self/oom_score_adj").write_text("50"))
    assert result.out == "100\n"


LIMITS = {"RLIMIT_NOFILE": "open files", "RLIMIT_NPROC": "processes", "RLIMIT_CORE": "core file size", "RLIMIT_STACK": "stack size",
          "RLIMIT_MEMLOCK": "locked memory", "RLIMIT_FSIZE": "file size", "RLIMIT_SIGPENDING": "pending signals", "RLIMIT_MSGQUEUE": "msgqueue size",
          "RLIMIT_NICE": "nice priority", "RLIMIT_RTPRIO": "realtime priority", "RLIMIT_RTTIME": "realtime timeout", "RLIMIT_CPU": "cpu time",
          "RLIMIT_DATA": "data size", "RLIMIT_AS": "address space", "RLIMIT_LOCKS": "file locks", "RLIMIT_RSS": "resident set"}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_rlimit(runtime, bundle, name):
    numbers = {"RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15}
    allowed = resource.getrlimit(numbers.get(name) or getattr(resource, name))[1]
    hard = 1 << 32 if allowed == resource.RLIM_INFINITY else allowed  # raising needs CAP_SYS_RESOURCE, which not every machine gives
    soft = hard // 2
    bundle.process["rlimits"] = [{"type": name, "soft": soft, "hard": hard}]
    lines = runtime.output(bundle.args("cat", "/proc/self/limits")).splitlines()
    [line] = [line for line in lines if line.lower().startswith("max " + LIMITS[name])]
    assert line[25:].split()[:2] == [str(soft), str(hard)]


def test_rlimit_unlimited(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 2**64 - 1, "hard": 2**64 - 1}]
    assert runtime.output(bundle.sh("ulimit -c")) == "unlimited\n"


def test_bad_rlimit(runtime, bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_MOONS", "soft": 1, "hard": 1}]
    runtime.refused(bundle, match="RLIMIT_MOONS")


def test_duplicate_rlimit(runtime, bundle):
    runtime.requires("1.2")
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 2, "hard": 2}]
    result = runtime.run(bundle.args("true"))
    assert result.code in (0, 1)


# ---- kernel knobs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key, value", [("net.ipv4.ip_forward", "1"), ("kernel.msgmax", "4096"), ("kernel.shmmax", "123456789"), ("fs.mqueue.queues_max", "33"),
                   ("net/ipv4/ip_default_ttl", "99"), ("kernel.sem", "100\t200\t30\t40")]
)  # fmt: skip
def test_sysctl(runtime, bundle, key, value):
    if "/" in key:
        runtime.requires("1.1")
    bundle.linux["sysctl"] = {key: value}
    path = "/proc/sys/" + (key if "/" in key else key.replace(".", "/"))
    assert runtime.output(bundle.args("cat", path)).split() == value.split()


def test_sysctl_does_not_reach_the_host(runtime, bundle):
    before = pathlib.Path("/proc/sys/net/ipv4/ip_default_ttl").read_text()
    bundle.linux["sysctl"] = {"net.ipv4.ip_default_ttl": "77"}
    assert runtime.output(bundle.args("cat", "/proc/sys/net/ipv4/ip_default_ttl")) == "77\n"
    assert pathlib.Path("/proc/sys/net/ipv4/ip_default_ttl").read_text() == before


@pytest.mark.parametrize("key", ["vm.swappiness", "kernel.panic", "kernel.hostname", "kernel.core_pattern", "fs.file-max", "net.ipv4.../../../kernel.panic",
                                 "kernel/../vm/swappiness"])  # fmt: skip
def test_sysctl_of_the_host_is_refused(runtime, bundle, key):
    bundle.linux["sysctl"] = {key: "1"}
    runtime.refused(bundle, match="sysctl|no such file")


@pytest.mark.parametrize("kind, name, key, value", [("network", "net", "net.ipv4.ip_default_ttl", "77"), ("ipc", "ipc", "kernel.msgmax", "4096")])
def test_sysctl_of_a_namespace_of_the_host_that_is_joined_is_refused(runtime, bundle, kind, name, key, value):
    if kind == "ipc":
        runtime.only_redoubt("look at the ipc namespace that is joined")
    path = pathlib.Path("/proc/sys/" + key.replace(".", "/"))
    before = path.read_text()
    bundle.linux["namespaces"] = [ns for ns in bundle.linux["namespaces"] if ns["type"] != kind] + [{"type": kind, "path": f"/proc/{os.getpid()}/ns/{name}"}]
    bundle.linux["sysctl"] = {key: value}
    try:
        runtime.refused(bundle, match=f"not allowed in host {kind} namespace")
        assert path.read_text() == before
    finally:
        path.write_text(before)


def test_keyring_is_new(runtime, bundle):
    bundle.add("bin/tryout", victim="tryout")
    bundle.add_capabilities("CAP_SYS_ADMIN")  # opens keyctl(2) under the default profile
    first, second = (runtime.run(bundle.args("tryout", "keyctl")).out for _ in range(2))
    assert "ok" in first and "ok" in second and first != second


@pytest.mark.parametrize("domain, machine", [("LINUX", "x86_64"), ("LINUX32", "i686")])
def test_personality(runtime, bundle, domain, machine):
    runtime.requires("1.2")
    if os.uname().machine != "x86_64":
        pytest.skip("lacks an x86 machine")
    bundle.linux["personality"] = {"domain": domain}
    c = runtime.detached(bundle.sleep())
    assert c.sh("uname -m") == machine + "\n"
    assert runtime.output(bundle.sh("uname -m")) == machine + "\n"


def test_bad_personality(runtime, bundle):
    runtime.requires("1.2")
    bundle.linux["personality"] = {"domain": "PLAN9"}
    runtime.refused(bundle, match="PLAN9|personality")


# ---- scheduling ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def show(runtime, bundle):
    """Runs sched_show; its numbers by name. `cpus` is a list."""
    bundle.add("bin/sched_show", victim="sched_show")

    def run(container=None):
        text = container.sh("sched_show") if container else runtime.output(bundle.args("sched_show"))
        words = text.split()
        cut = words.index("cpus")
        numbers = {words[i]: int(words[i + 1]) for i in range(0, cut, 2)}
        numbers["cpus"] = [int(word) for word in words[cut + 1 : words.index("io")]]
        numbers["io"] = int(words[words.index("io") + 1])
        return numbers

    return run


@pytest.mark.parametrize(
    "scheduler, wanted",
    [({"policy": "SCHED_OTHER", "nice": 7}, {"policy": 0, "nice": 7}), ({"policy": "SCHED_BATCH", "nice": 3}, {"policy": 3, "nice": 3}),
     ({"policy": "SCHED_FIFO", "priority": 5}, {"policy": 1, "priority": 5}), ({"policy": "SCHED_RR", "priority": 4}, {"policy": 2, "priority": 4}),
     ({"policy": "SCHED_IDLE"}, {"policy": 5})],
    ids=lambda v: v.get("policy") if isinstance(v, dict) and isinstance(v.get("policy"), str) else "",
)  # fmt: skip
def test_scheduler(runtime, bundle, show, scheduler, wanted):
    runtime.requires("1.2")
    bundle.process["scheduler"] = scheduler
    result = show()
    assert {key: result[key] for key in wanted} == wanted


def test_scheduler_of_exec(runtime, bundle, show):
    runtime.requires("1.2")
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 4}
    c = runtime.detached(bundle.sleep())
    result = show(c)
    assert (result["policy"], result["nice"]) == (3, 4)


@pytest.mark.parametrize("scheduler", [{"policy": "SCHED_MOON"}, {"policy": "SCHED_OTHER", "nice": 99}, {"policy": "SCHED_FIFO", "priority": 1000},
                                       {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_MOON"]}])  # fmt: skip
def test_bad_scheduler(runtime, bundle, scheduler):
    runtime.requires("1.2")
    bundle.process["scheduler"] = scheduler
    runtime.refused(bundle)


@pytest.mark.parametrize("name, number", [("IOPRIO_CLASS_RT", 1), ("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3)])
def test_io_priority(runtime, bundle, show, name, number):
    runtime.requires("1.2")
    bundle.process["ioPriority"] = {"class": name, "priority": 4}
    assert show()["io"] == number << 13 | 4
    c = runtime.detached(bundle.sleep())
    assert show(c)["io"] == number << 13 | 4


@pytest.mark.parametrize("value", [{"class": "IOPRIO_CLASS_MOON", "priority": 1}, {"class": "IOPRIO_CLASS_BE", "priority": 8},
                                   {"class": "IOPRIO_CLASS_BE", "priority": -1}])  # fmt: skip
def test_bad_io_priority(runtime, bundle, value):
    runtime.requires("1.2")
    bundle.process["ioPriority"] = value
    runtime.refused(bundle)


def test_affinity_of_the_caller_is_reset(runtime, bundle, show):
    runtime.requires("1.2")
    everything = sorted(os.sched_getaffinity(0))
    if len(everything) < 2:
        pytest.skip("lacks a second CPU")
    bundle.args("sched_show")
    result = runtime.run(bundle, preexec=lambda: os.sched_setaffinity(0, {everything[0]}))
    assert result.out.split("cpus ")[1].split(" io")[0].split() == [str(cpu) for cpu in everything]


def test_exec_cpu_affinity(runtime, bundle, show):
    runtime.requires("1.4")
    everything = sorted(os.sched_getaffinity(0))
    if len(everything) < 2:
        pytest.skip("lacks a second CPU")
    bundle.process["execCPUAffinity"] = {"initial": "0", "final": str(everything[1])}
    c = runtime.detached(bundle.sleep())
    assert show(c)["cpus"] == [everything[1]]


@pytest.mark.parametrize("value", ["-1", "3-1", "x", "1-", "99999999999"])
def test_bad_cpu_affinity(runtime, bundle, value):
    runtime.requires("1.4")
    bundle.process["execCPUAffinity"] = {"initial": value}
    runtime.refused(bundle)


def test_memory_policy(runtime, bundle):
    runtime.requires("1.4")
    bundle.add("bin/tryout", victim="tryout")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
    result = runtime.run(bundle.args("tryout", "policy"))
    if "ENOSYS" in result.all or "function not implemented" in result.all:
        pytest.skip("lacks NUMA in this kernel")
    assert "mode 2 nodes 1" in result.out, str(result)


@pytest.mark.parametrize(
    "value, words", [({"mode": "MPOL_MOON", "nodes": "0"}, "invalid memory policy mode"), ({"mode": "MPOL_BIND", "nodes": "0-"}, "invalid memory policy nodes"),
                     ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_MOON"]}, "invalid memory policy flag")]
)  # fmt: skip
def test_bad_memory_policy(runtime, bundle, value, words):
    runtime.requires("1.4")
    bundle.linux["memoryPolicy"] = value
    runtime.refused(bundle, match=words)


@pytest.mark.parametrize("label", ["selinuxLabel", "apparmorProfile"])
def test_label_without_its_lsm(runtime, bundle, label):
    if ("selinux" if "selinux" in label else "apparmor") in host.lsms():
        pytest.skip("peer: this machine has the LSM")
    bundle.process[label] = "system_u:system_r:container_t:s0" if "selinux" in label else "redoubt-no-such-profile"
    runtime.refused(bundle, match="(?i)selinux|apparmor")
