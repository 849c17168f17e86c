"""Bad input: one clear error that names the place, the right exit code, within two seconds, and nothing left behind.

The cases are the corpus of malformed bundles, flags, ids and states. A row is (name, change of the bundle, words that stderr must contain).
`words` are checked for redoubt; for a peer it is enough that it refuses. `ACCEPTED` marks input that runc takes and engines send.
"""

import json
import os
import re
import socket
import stat

import pytest

from harness import host, leaks, victims

ACCEPTED = object()
LIMIT = 2.0


def refuse(runtime, bundle, words, verb="create", flags=(), code=1):
    """The bundle is refused (or, if `words` is ACCEPTED, must not crash or hang); nothing is left."""
    bundle.save()
    cid = runtime.cid()
    result = runtime(verb, "--bundle", bundle.path, *flags, cid, timeout=20)
    if result.code == 0:
        runtime("delete", "--force", cid)
        assert words is ACCEPTED or runtime.kind != "redoubt", f"accepted: {result}"
        return result
    assert result.code == code or (verb == "run" and result.code == 255), str(result)  # 255: execve itself failed, after the last word of init
    assert "panic:" not in result.err and "Sanitizer" not in result.err, str(result)
    assert runtime("state", cid).code == 1, "no container may be left"
    left = leaks.find(cid, runtime.root, runtime.work / "nothing", runtime.baseline_children)
    assert not left, left
    if runtime.kind == "redoubt":
        errors = [line for line in result.err.splitlines() if "level=error" in line or line.startswith("exec ")]
        assert len(errors) == 1, f"one error line: {result}"
        assert result.seconds < LIMIT * host.patience(), f"{result.seconds:.1f} s"
        if words is not ACCEPTED:
            assert re.search(words, result.err), f"wanted {words!r}: {result}"
    return result


# ---- 1-11: the document -------------------------------------------------------------------------------------------------------

DOCUMENTS = {
    "empty": ("", "empty|EOF|end of"),
    "spaces": ("  \n\t ", "empty|EOF|end of"),
    "null": ("null", "config cannot be null|null|object"),
    "array": ("[]", "object|array"),
    "string": ('"x"', "object|string"),
    "number": ("3", "object|number"),
    "garbage-after": ("{} x", "after|trailing|invalid|ociVersion|process|root"),
    "bom-only": (b"\xef\xbb\xbf", "UTF-8|invalid|empty|character|JSON|end"),
    "utf16": ("{}".encode("utf-16"), "UTF-8|invalid|character|JSON"),
    "invalid-utf8": (b'{"ociVersion":"\xff\xfe"}', "UTF-8|invalid|process|root|ociVersion"),
    "deep": ("[" * 100000, "nest|deep|depth|invalid|end"),
    "deep-object": ('{"a":' * 100000 + "1" + "}" * 100000, "nest|deep|depth"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(runtime, bundle, name):
    bundle.text, words = DOCUMENTS[name]
    if name == "null":
        runtime.requires("1.2")
    refuse(runtime, bundle, words)


def test_document_truncated_anywhere(runtime, bundle):
    """Never a crash, never a partial start; every 97th byte here, every byte in the unit tests."""
    text = json.dumps(bundle.config)
    for cut in range(0, len(text) - 1, 97):
        bundle.text = text[:cut]
        bundle.save()
        result = runtime("create", "--bundle", bundle.path, runtime.cid())
        assert result.code == 1 and "panic:" not in result.err, (cut, str(result))


def test_second_document(runtime, bundle):
    bundle.text = json.dumps(bundle.sleep().config) + "{}"
    refuse(runtime, bundle, "after|trailing|extra")


@pytest.mark.parametrize("extra", ['"process":{"args":["id"],"cwd":"/"},', '"Process":{"args":["id"],"cwd":"/"},'], ids=["same", "case"])
def test_duplicate_keys(runtime, bundle, extra):
    bundle.text = "{" + extra + json.dumps(bundle.sleep().config)[1:]
    refuse(runtime, bundle, "(?i)duplicate.*process|process.*duplicate|differ.*case|twice")


@pytest.mark.parametrize("kind", ["fifo", "directory", "dangling", "large", "absent", "device"])
def test_config_that_is_not_a_file(runtime, bundle, kind):
    path = bundle.path / "config.json"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "large":
        with open(path, "wb") as file:
            file.truncate(512 << 20)
    if kind in ("fifo", "device", "large") and runtime.kind != "redoubt":
        pytest.skip("peer: hangs or eats memory here")
    cid = runtime.cid()
    result = runtime("create", "--bundle", bundle.path, cid, timeout=10)
    assert result.code == 1
    if kind in ("absent", "dangling"):
        assert "JSON specification file config.json not found" in result.err
    assert result.seconds < LIMIT * host.patience()


STRINGS = [("args", ["true", "a\0b"]), ("env", ["A=\0"]), ("cwd", "/\0")]


@pytest.mark.parametrize("key, value", STRINGS, ids=[key for key, _ in STRINGS])
def test_nul_in_strings(runtime, bundle, key, value):
    bundle.process[key] = value
    refuse(runtime, bundle, rf"(?i)nul|{key}|invalid")


@pytest.mark.parametrize("value", ["1e309", "1.5", "-1", "18446744073709551616", '"7"', "null", "true", "[]", "{}"])
@pytest.mark.parametrize("place", ["uid", "limit", "soft"])
def test_numbers(runtime, bundle, place, value):
    marker = 987654321
    if place == "uid":
        bundle.process["user"]["uid"] = marker
    elif place == "limit":
        bundle.process["user"]["gid"] = marker
    else:
        bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": marker, "hard": 2**63}]
    bundle.text = json.dumps(bundle.sleep().config).replace(str(marker), value)
    refuse(runtime, bundle, ACCEPTED if value == "null" or place == "soft" else "(?i)uid|gid|user|number|integer|range")


FIELDS = [
    "ociVersion", "process", "process.args", "process.env", "process.cwd", "process.user", "process.user.uid", "process.capabilities", "process.capabilities.bounding",
    "process.rlimits", "process.noNewPrivileges", "process.terminal", "root", "root.path", "root.readonly", "hostname", "mounts", "linux", "linux.namespaces",
    "linux.maskedPaths", "linux.readonlyPaths", "linux.resources", "linux.resources.devices", "annotations", "hooks", "linux.sysctl", "linux.seccomp", "linux.devices",
    "linux.uidMappings", "linux.cgroupsPath", "linux.rootfsPropagation", "process.oomScoreAdj", "process.apparmorProfile", "domainname", "linux.personality",
]  # fmt: skip
WRONG = {"str": "text", "int": 7, "bool": True, "list": [1], "dict": {"moon": 1}}


@pytest.mark.parametrize("field", FIELDS)
def test_wrong_type(runtime, bundle, field):
    """Every field with every other JSON type: the error has the path, or the value is one that the specification allows."""
    *parents, last = field.split(".")
    holder = bundle.sleep().config
    for name in parents:
        holder = holder.setdefault(name, {})
    original = holder.get(last)
    for kind, value in WRONG.items():
        if original is not None and type(value) is type(original):
            continue
        holder[last] = value
        bundle.save()
        result = runtime("create", "--bundle", bundle.path, (cid := runtime.cid()))
        assert result.code in (0, 1) and "panic:" not in result.err, str(result)
        if result.code == 0:
            runtime.ok("delete", "--force", cid)
        elif runtime.kind == "redoubt":
            assert re.search(last, result.err, re.I), f"{field} as {kind}: {result}"


# ---- 12-43: the fields --------------------------------------------------------------------------------------------------------


def process(**values):
    return lambda b: b.process.update(values)


def linux(**values):
    return lambda b: b.linux.update(values)


def resources(**values):
    return lambda b: b.linux["resources"].update(values)


def mapping(*entries):
    return [{"containerID": c, "hostID": h, "size": s} for c, h, s in entries]


def userns(*entries):
    return lambda b: (b.namespace("user"), b.linux.update(uidMappings=mapping(*entries), gidMappings=mapping(*entries)))


def hooks(kind="createRuntime", **hook):
    return lambda b: b.config.update(hooks={kind: [hook]})


def seccomp_rule(**rule):
    return lambda b: (b.seccomp(), b.linux["seccomp"].update(syscalls=[rule]))


CASES = {
    # 12 version
    "version-banana": (lambda b: b.config.update(ociVersion="banana"), "ociVersion"),
    "version-9": (lambda b: b.config.update(ociVersion="9.0.0"), "ociVersion"),
    # 13-16 process
    "no-process": (lambda b: b.config.pop("process"), "process property must not be empty|process"),
    "args-empty": (process(args=[]), "args must not be empty"),
    "args-empty-string": (process(args=[""]), "(?i)args|executable|no such file|exec"),
    "args-directory": (process(args=["/etc"]), "permission denied|is a directory"),
    "args-absent": (process(args=["/no/such"]), "/no/such.*no such file or directory"),
    "args-not-executable": (process(args=["/etc/passwd"]), "/etc/passwd.*permission denied"),
    "cwd-empty": (process(cwd=""), "Cwd property must not be empty"),
    "cwd-relative": (process(cwd="etc"), "Cwd must be an absolute path"),
    "cwd-proc-fd": (process(cwd="/proc/self/fd/7"), "cwd|working directory|no such file"),
    "env-10-mib": (process(env=["PATH=/bin"] + ["A%d=%s" % (n, "x" * 100000) for n in range(100)]), "(?i)argument list too long"),
    # 17 root
    "root-missing": (lambda b: b.config.pop("root"), "root must be specified|root"),
    "root-absent": (lambda b: b.config["root"].update(path="/no/such/root"), "(?i)/no/such/root|rootfs|no such file"),
    "root-file": (lambda b: b.config["root"].update(path="/etc/hostname"), "(?i)not a directory|root"),
    "root-empty": (lambda b: b.config["root"].update(path=""), "root"),
    # 18-21 identity and limits
    "uid-negative": (process(user={"uid": -1, "gid": 0}), "uid|user"),
    "uid-2-32": (process(user={"uid": 2**32, "gid": 0}), "uid|user"),
    "groups-70000": (process(user={"uid": 0, "gid": 0, "additionalGids": list(range(70000))}), "(?i)additionalGids|groups"),
    "rlimit-unknown": (process(rlimits=[{"type": "RLIMIT_MOON", "soft": 1, "hard": 1}]), "RLIMIT_MOON"),
    "rlimit-soft-above-hard": (process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 4}]), "(?i)rlimit"),
    # 22-26 namespaces
    "namespace-unknown": (lambda b: b.linux["namespaces"].append({"type": "moon"}), "moon"),
    "namespace-twice": (lambda b: b.linux["namespaces"].append({"type": "pid"}), "duplicated ns"),
    "namespace-not-nsfs": (lambda b: b.namespace("network", "/etc/passwd"), "/etc/passwd|namespace|network"),
    "namespace-other-kind": (lambda b: b.namespace("network", "/proc/self/ns/uts"), "/proc/self/ns/uts|namespace|network"),
    "namespace-relative": (lambda b: b.namespace("network", "ns/net"), "ns/net|namespace|network"),
    "namespace-dead": (lambda b: b.namespace("network", "/proc/4194300/ns/net"), "no such file"),
    "hostname-without-uts": (lambda b: b.without_namespace("uts"), "hostname|UTS|uts"),
    "sysctl-host": (linux(sysctl={"vm.overcommit_memory": "1"}), r"vm.overcommit_memory"),
    "sysctl-hostname": (linux(sysctl={"kernel.hostname": "x"}), "kernel.hostname"),
    "sysctl-dots": (linux(sysctl={"net.../../kernel/panic": "1"}), "sysctl"),
    "sysctl-absent": (linux(sysctl={"net.no.such": "1"}), "net.no.such|no such file"),
    "userns-no-map": (lambda b: b.namespace("user"), "(?i)mapping"),
    "map-no-userns": (linux(uidMappings=mapping((0, 1, 1)), gidMappings=mapping((0, 1, 1))), "(?i)mapping|user namespace"),
    "map-overlap": (userns((0, 100000, 10), (5, 200000, 10)), "(?i)mapping|overlap"),
    "map-size-0": (userns((0, 100000, 0)), "(?i)mapping|size"),
    "map-341": (userns(*[(n, 100000 + n, 1) for n in range(341)]), "(?i)mapping|340"),
    "map-overflow": (userns((0, 2**32 - 5, 100)), "(?i)mapping|overflow|range"),
    "time-offsets-without-namespace": (linux(timeOffsets={"boottime": {"secs": 1, "nanosecs": 0}}), "(?i)time"),
    "time-offsets-nanosecs": (lambda b: (b.namespace("time"), b.linux.update(timeOffsets={"boottime": {"secs": 1, "nanosecs": 10**9}})), "(?i)nanosec|time"),
    # 27-33 mounts and devices
    "mount-destination-empty": (lambda b: b.config["mounts"].append({"destination": "", "type": "tmpfs", "source": "tmpfs"}), "(?i)destination|mount"),
    "mount-root": (lambda b: b.mount("/", "/tmp"), "(?i)mount"),
    "mount-type-unknown": (lambda b: b.mount("/x", type="moonfs"), "no such device|moonfs"),
    "mount-option-unknown": (lambda b: b.mount("/x", type="tmpfs", options=["moon"]), "invalid argument|moon"),
    "mount-source-absent": (lambda b: b.mount("/x", "/no/such/source"), "/no/such/source.*no such file or directory|no such file or directory"),
    "mount-source-loop": (lambda b: ((b.path / "l").symlink_to("l"), b.mount("/x", b.path / "l")), "(?i)too many levels"),
    "mount-file-on-directory": (lambda b: b.mount("/etc", "/etc/hostname"), "not a directory|is a"),
    "mount-directory-on-file": (lambda b: b.mount("/etc/passwd", "/tmp"), "not a directory|is a"),
    "mount-bind-with-data": (lambda b: b.mount("/x", "/tmp", options=["bind", "size=1m"]), "size=1m|options|data|flags"),
    "mount-idmap-one-sided": (lambda b: b.mount("/x", "/tmp", uidMappings=mapping((0, 1, 1))), "(?i)mapping"),
    "mount-idmap-not-bind": (lambda b: b.mount("/x", type="tmpfs", uidMappings=mapping((0, 1, 1)), gidMappings=mapping((0, 1, 1))), "(?i)bind|mapping|idmap"),
    "mount-in-proc": (lambda b: b.mount("/proc/self/attr", "/tmp"), "(?i)/proc"),
    "mount-long-path": (lambda b: b.mount("/" + "x/" * 2100, "/tmp"), "(?i)too long|at most"),
    "mount-long-name": (lambda b: b.mount("/" + "x" * 256, "/tmp"), "(?i)too long|at most"),
    "device-type": (linux(devices=[{"path": "/dev/x", "type": "x", "major": 1, "minor": 1}]), "(?i)device|type"),
    "device-relative": (linux(devices=[{"path": "dev/x", "type": "c", "major": 1, "minor": 1}]), ACCEPTED),
    "device-major-2-20": (linux(devices=[{"path": "/dev/x", "type": "c", "major": 2**33, "minor": 1}]), "(?i)device|major"),
    "masked-relative": (linux(maskedPaths=["proc/kcore"]), "(?i)mask"),
    "readonly-relative": (linux(readonlyPaths=["proc/sys"]), "(?i)readonly"),
    "propagation-unknown": (linux(rootfsPropagation="moon"), "(?i)moon|propagation"),
    # 34 seccomp
    "seccomp-action": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_MOON"), "SCMP_ACT_MOON"),
    "seccomp-arch": (lambda b: b.seccomp(architectures=["SCMP_ARCH_MOON"]), "SCMP_ARCH_MOON"),
    "seccomp-operator": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_ERRNO", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_MOON"}]), "SCMP_CMP_MOON"),
    "seccomp-index": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_ERRNO", args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]), "(?i)index|arg|seccomp"),
    "seccomp-flag": (lambda b: b.seccomp(flags=["SECCOMP_FILTER_FLAG_MOON"]), "MOON"),
    "seccomp-default": (lambda b: b.seccomp(default="SCMP_ACT_MOON"), "SCMP_ACT_MOON"),
    "seccomp-errno-not-errno": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_KILL", errnoRet=5), ACCEPTED),
    "seccomp-notify-no-path": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_NOTIFY"), "listenerPath is not set"),
    "seccomp-listener-long": (lambda b: (b.seccomp(("SCMP_ACT_NOTIFY", ["ptrace"], {})), b.linux["seccomp"].update(listenerPath="/" + "x" * 200)), "(?i)seccomp|too long|agent"),
    # 35-39 resources
    "memory-minus-2": (resources(memory={"limit": -2}), "(?i)memory"),
    "cpus-bad-range": (resources(cpu={"cpus": "3-1"}), "(?i)cpu"),
    "cpus-letters": (resources(cpu={"cpus": "x"}), "(?i)cpu"),
    "unified-path": (resources(unified={"../x": "1"}), r"\.\./x|unified"),
    "unified-slash": (resources(unified={"a/b": "1"}), "a/b|unified"),
    "unified-unknown": (resources(unified={"moon.max": "1"}), "moon"),
    "hugepage-size": (resources(hugepageLimits=[{"pageSize": "../x", "limit": 1}]), "(?i)huge|page"),
    "device-rule-access": (resources(devices=[{"allow": True, "type": "c", "access": "xyz"}]), "(?i)access|device"),
    "device-rule-type": (resources(devices=[{"allow": True, "type": "q", "access": "r"}]), "(?i)type|device"),
    "cgroups-path-long": (linux(cgroupsPath="/" + "x" * 5000), "(?i)too long|cgroup"),
    # 40 hooks
    "hook-relative": (hooks(path="relative"), "(?i)hook|absolute"),
    "hook-absent": (hooks(path="/no/such/hook"), "no such file or directory"),
    "hook-not-executable": (hooks(path="/etc/passwd"), "permission denied"),
    "hook-timeout-0": (hooks(path="/bin/true", timeout=0), "(?i)timeout|hook"),
    "hook-timeout-negative": (hooks(path="/bin/true", timeout=-1), "(?i)timeout|hook"),
    "hook-fails": (hooks(path="/bin/sh", args=["sh", "-c", "echo why >&2; exit 3"]), "exit status 3.*why"),
    # 41-42
    "personality": (linux(personality={"domain": "MOON"}), "(?i)MOON|personality"),
    "scheduler": (process(scheduler={"policy": "SCHED_MOON"}), "SCHED_MOON"),
    "io-priority": (process(ioPriority={"class": "IOPRIO_CLASS_MOON", "priority": 1}), "IOPRIO_CLASS_MOON|ioPriority"),
    "io-priority-range": (process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 9}), "(?i)ioPriority|priority"),
    "memory-policy": (linux(memoryPolicy={"mode": "MPOL_MOON", "nodes": "0"}), "invalid memory policy"),
    "net-device-name": (linux(netDevices={"a/b": {}}), "(?i)a/b|netDevice"),
    "net-device-long": (linux(netDevices={"x" * 16: {}}), "(?i)netDevice|x{16}"),
    "net-device-absent": (linux(netDevices={"nosuchdev0": {}}), "nosuchdev0"),
    # 43 our annotations
    "annotation-unknown-key": (lambda b: b.config.update(annotations={"io.redoubt.moon": "1"}), "io.redoubt.moon"),
    "annotation-unknown-profile": (lambda b: b.config.update(annotations={"io.redoubt.profile": "no-such-profile"}), "io.redoubt.profile|no-such-profile"),
    "annotation-isolation": (lambda b: b.config.update(annotations={"io.redoubt.isolation": "moon"}), "io.redoubt.isolation"),
    "annotation-memory": (lambda b: b.config.update(annotations={"io.redoubt.vm.memory": "-1"}), "io.redoubt.vm.memory"),
    "annotation-vcpus": (lambda b: b.config.update(annotations={"io.redoubt.vm.vcpus": "1000000"}), "io.redoubt.vm.vcpus"),
    "annotation-policy-json": (lambda b: b.config.update(annotations={"io.redoubt.policy": "{"}), "io.redoubt.policy"),
}  # fmt: skip
ONLY_AT_START = {"args-directory", "args-absent", "args-not-executable", "env-10-mib", "cwd-proc-fd"}


@pytest.mark.parametrize("name", CASES)
def test_field(runtime, bundle, name):
    change, words = CASES[name]
    bundle.sleep()
    change(bundle)
    verb = "run" if name in ONLY_AT_START else "create"
    refuse(runtime, bundle, words, verb=verb)


def test_hook_that_hangs(runtime, bundle):
    """Ended at its time limit, everything rolled back."""
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
    refuse(runtime, bundle.sleep(), "hook ran past specified timeout")


def test_five_thousand_mounts(runtime, bundle):
    if runtime.kind != "redoubt":
        pytest.skip("peer: takes minutes")
    for n in range(5000):
        bundle.mount(f"/m/{n}", type="tmpfs", options=["ro", "size=4k"])
    bundle.save()
    result = runtime("run", "--bundle", bundle.path, runtime.cid(), timeout=60)
    assert result.code in (0, 1), str(result)


def test_ten_thousand_masked_paths(runtime, bundle):
    bundle.linux["maskedPaths"] = ["/proc/kcore"] * 10000
    assert runtime.run(bundle.args("true"), timeout=60).code == 0


# ---- 44-51: the command line --------------------------------------------------------------------------------------------------

USAGE = {
    "no-command-flag": (["--moon"], 1),
    "unknown-command": (["moon"], 3),
    "create-two-ids": (["create", "a", "b"], 1),
    "state-no-id": (["state"], 1),
    "delete-no-id": (["delete"], 1),
    "kill-no-id": (["kill"], 1),
    "flag-without-value": (["create", "--bundle"], 1),
    "bool-with-junk": (["delete", "--force=moon", "x"], 1),
    "number-junk": (["create", "--preserve-fds", "x", "y"], 1),
    "log-format": (["--log-format", "moon", "list"], 1),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(runtime, name):
    argv, code = USAGE[name]
    result = runtime.raw([runtime.path, "--root", runtime.root, *argv])
    assert result.code == code, str(result)
    assert result.err.strip() or result.out.strip()


@pytest.mark.parametrize("cid", ["", ".", "..", "a/b", "a b", "a\nb", "ä", "x" * 1025, "a\tb", "a;b", "$(id)", "a'b"], ids=repr)
def test_id(runtime, bundle, cid):
    bundle.sleep().save()
    result = runtime("create", "--bundle", bundle.path, cid)
    assert result.code == 1 and result.seconds < LIMIT * host.patience(), str(result)
    assert leaks.state_entries(runtime.root) == []


@pytest.mark.parametrize("kind", ["absent", "file", "no-config"])
def test_bundle_directory(runtime, work, kind):
    path = work / "nobundle"
    if kind == "file":
        path.write_text("")
    if kind == "no-config":
        path.mkdir()
    result = runtime("create", "--bundle", path, runtime.cid())
    assert result.code == 1 and result.seconds < LIMIT * host.patience()
    assert re.search("no such file or directory|not a directory|config.json not found", result.err)


@pytest.mark.parametrize("kind", ["directory-absent", "read-only", "is-a-directory"])
def test_pid_file(runtime, bundle, work, kind):
    path = {"directory-absent": work / "no/such/pid", "read-only": "/proc/pid", "is-a-directory": work}[kind]
    refuse(runtime, bundle.sleep(), "pid|no such file|denied|permitted|directory", flags=("--pid-file", path))


@pytest.mark.parametrize("kind", ["absent", "file", "long", "directory"])
def test_console_socket(runtime, bundle, work, kind):
    path = {"absent": work / "no.sock", "file": work / "file", "long": "/tmp/" + "x" * 120, "directory": work}[kind]
    if kind == "file":
        path.write_text("")
    bundle.process["terminal"] = True
    refuse(runtime, bundle.sleep(), "(?i)console|socket|sock", flags=("--console-socket", path))


def test_console_socket_that_never_reads(runtime, bundle, work):
    """The engine's end does not accept: no hang."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(work / "s"))
    sock.listen(0)
    bundle.process["terminal"] = True
    bundle.sleep().save()
    cid = runtime.cid()
    result = runtime("create", "--bundle", bundle.path, "--console-socket", work / "s", cid, timeout=20)
    assert result.code in (0, 1)
    runtime("delete", "--force", cid)
    sock.close()


@pytest.mark.parametrize("flags", [["--preserve-fds", "1000"], ["--preserve-fds", "-1"], ["--preserve-fds", "99999999999"]], ids=" ".join)
def test_preserve_fds(runtime, bundle, flags):
    runtime.requires("1.2")
    refuse(runtime, bundle.args("true"), "preserve", verb="run", flags=flags)


@pytest.mark.parametrize("listen", ["moon", "-5", "99999999", ""])
def test_listen_fds(runtime, bundle, listen):
    result = runtime.run(bundle.args("true"), env={**os.environ, "LISTEN_FDS": listen})
    assert result.code in (0, 1) and "panic:" not in result.err


@pytest.mark.parametrize("user", ["moon", "1:moon", "-1", "1:1:1", "4294967296"])
def test_exec_user(runtime, sleeper, user):
    if user == "4294967296":
        runtime.requires("1.2")
    result = sleeper.exec("true", flags=("--user", user))
    assert result.code in (1, 255) and result.err.strip(), str(result)


def test_exec_capability(runtime, sleeper):
    assert sleeper.exec("true", flags=("--cap", "CAP_MOON")).code in (0, 255)
    assert sleeper.status == "running"


@pytest.mark.parametrize("cwd", ["relative", "/no/such/dir", "/etc/passwd"])
def test_exec_cwd(runtime, sleeper, cwd):
    result = sleeper.exec("sh", "-c", "pwd", flags=("--cwd", cwd))
    assert result.code in (0, 255) and (result.code or result.out.startswith("/")), str(result)


@pytest.mark.parametrize("signal", ["SIGFOO", "65", "-9", "999999999999", "1.5", "K"])
def test_kill_signal(runtime, sleeper, signal):
    result = runtime("kill", sleeper.id, "--", signal) if signal.startswith("-") else runtime("kill", sleeper.id, signal)
    assert result.code == 1 and sleeper.status == "running", str(result)


# ---- 52-53: the state on disk -------------------------------------------------------------------------------------------------


def spoil(path, kind):
    path.unlink()
    if kind == "empty":
        path.write_text("")
    elif kind == "random":
        path.write_bytes(os.urandom(4096))
    elif kind == "directory":
        path.mkdir()
    elif kind == "symlink":
        path.symlink_to("/etc/passwd")
    elif kind == "large":
        with open(path, "wb") as file:
            file.truncate(1 << 30)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "wrong-type":
        path.write_text("[1,2,3]")
    elif kind == "null":
        path.write_text("null")
    elif kind == "zeros":
        path.write_bytes(b"\0" * 100)


@pytest.mark.parametrize("kind", ["empty", "random", "directory", "symlink", "large", "fifo", "wrong-type", "null", "zeros", "absent"])
def test_spoiled_state(runtime, sleeper, kind):
    """Every verb says so and goes on; delete --force removes it, and the processes."""
    runtime.only_redoubt("promise about broken state files")
    spoil(runtime.root / sleeper.id / "state.json", kind)
    for verb in (["state"], ["start"], ["pause"], ["ps"], ["kill"]):
        result = runtime(*verb, sleeper.id, timeout=10)
        assert result.code == 1 and result.err.strip(), str(result)
    assert runtime("exec", sleeper.id, "true", timeout=10).code == 255
    runtime("list", timeout=10)
    runtime.ok("delete", "--force", sleeper.id)
    assert not (runtime.root / sleeper.id).exists()


def test_truncated_state(runtime, sleeper):
    runtime.only_redoubt("promise about broken state files")
    path = runtime.root / sleeper.id / "state.json"
    text = path.read_text()
    for cut in range(0, len(text) - 2, max(1, len(text) // 20)):
        path.write_text(text[:cut])
        assert runtime("state", sleeper.id).code == 1, cut
    path.write_text(text)
    assert sleeper.status == "running"


@pytest.mark.parametrize("victim", ["other", "pid1"])
def test_state_that_names_another_process(runtime, sleeper, victim):
    """The pid was recycled: the container is stopped, and nobody else is signalled."""
    import subprocess

    runtime.only_redoubt("rule against recycled pids")
    other = subprocess.Popen(["sleep", "100"])
    wrong = other.pid if victim == "other" else 1
    path = runtime.root / sleeper.id / "state.json"
    pid = sleeper.pid
    path.write_text(re.sub(rf"\b{pid}\b", str(wrong), path.read_text()))
    assert runtime.state(sleeper.id)["status"] == "stopped"
    runtime("kill", sleeper.id, "KILL")
    runtime.ok("delete", "--force", sleeper.id)
    try:
        assert other.poll() is None and host.alive(1)
    finally:
        other.kill()
        other.wait()


def test_bundle_gone(runtime, sleeper):
    """Every verb works without the bundle directory."""
    import shutil

    for entry in ("config.json",):
        os.unlink(sleeper.bundle.path / entry)
    assert runtime.state(sleeper.id)["status"] == "running"
    if runtime.kind == "redoubt":
        assert sleeper.sh("echo still") == "still\n"
    sleeper.delete("--force")
    shutil.rmtree(sleeper.bundle.path)


def test_state_root_is_a_file(runtime, bundle, work):
    (work / "file").write_text("")
    bundle.sleep().save()
    result = runtime.raw([runtime.path, "--root", work / "file", "create", "--bundle", bundle.path, runtime.cid()])
    assert result.code == 1 and re.search("not a directory|is a file", result.err), str(result)


def test_no_core_file_and_little_memory(runtime, bundle):
    """The worst document costs less than 64 MiB."""
    bundle.text = "[" * (8 << 20)
    bundle.save()
    result = runtime.raw([victims.binary("measure"), *runtime.argv("create", "--bundle", bundle.path, runtime.cid())])
    _, peak, code = map(int, result.out.split())
    assert code == 1
    if runtime.kind == "redoubt":
        assert peak < 64 << 10, f"{peak} KiB"
    assert not [name for name in os.listdir(bundle.path) if name.startswith("core")]
    assert stat.S_ISDIR(bundle.path.stat().st_mode)
