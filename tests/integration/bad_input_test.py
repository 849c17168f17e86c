"""Bad input: one clear error that names the place, the right exit code, within two seconds, and nothing left behind.

The cases are the corpus of malformed bundles, flags, ids and states. A row is (name, change of the bundle, words that stderr must contain).
`words` are checked for redoubt; for a peer it is enough that it refuses. `ACCEPTED` marks input that runc takes and engines send.
"""

import json
import os
import pathlib
import re
import socket
import stat
import time

import pytest

from harness import host, leaks, victims
from harness.runtime import wait_for

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
    "lone-surrogate": ('{"ociVersion":"\\ud800"}', "UTF-8|surrogate|invalid|ociVersion"),
    "truncated-escape": ('{"ociVersion":"\\u12', "(?i)invalid|end|escape|truncated"),
    "wide-array": ('{"mounts":[' + "1," * 3_000_000 + "1]}", "(?i)mounts|values|limit|larger"),
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


STRINGS = {
    "process.args": lambda b: b.args("true", "a\0b"),
    "process.env": lambda b: b.env("A=\0"),
    "process.cwd": lambda b: b.process.update(cwd="/\0"),
    "root.path": lambda b: b.config["root"].update(path="root\0fs"),
    "hostname": lambda b: b.config.update(hostname="a\0b"),
    "mounts": lambda b: b.mount("/x\0y", type="tmpfs"),
    "mounts.source": lambda b: b.mount("/x", "/tmp\0y"),
    "mounts.options": lambda b: b.mount("/x", type="tmpfs", options=["size=4k\0"]),
    "hooks": lambda b: b.config.update(hooks={"createRuntime": [{"path": "/bin/true\0"}]}),
    "maskedPaths": lambda b: b.linux.update(maskedPaths=["/a\0b"]),
    "readonlyPaths": lambda b: b.linux.update(readonlyPaths=["/a\0b"]),
    "sysctl": lambda b: b.linux.update(sysctl={"net.ipv4.ip_forward": "1\0"}),
    "cgroupsPath": lambda b: b.linux.update(cgroupsPath="/a\0b"),
    "devices": lambda b: b.linux.update(devices=[{"path": "/dev/x\0", "type": "c", "major": 1, "minor": 3}]),
    "namespaces": lambda b: b.namespace("network", "/proc/self/ns/net\0"),
}  # fmt: skip


@pytest.mark.parametrize("place", STRINGS)
def test_nul_in_strings(runtime, bundle, place):
    STRINGS[place](bundle.sleep())
    refuse(runtime, bundle, rf"(?i)nul|{place.split('.')[-1]}|invalid")


NUMBERS = {
    "uid": lambda b, n: b.process["user"].update(uid=n),
    "gid": lambda b, n: b.process["user"].update(gid=n),
    "umask": lambda b, n: b.process["user"].update(umask=n),
    "oomScoreAdj": lambda b, n: b.process.update(oomScoreAdj=n),
    "hostID": lambda b, n: b.userns(host=n, size=1),
    "major": lambda b, n: b.linux.update(devices=[{"path": "/dev/x", "type": "c", "major": n, "minor": 1}]),
    "fileMode": lambda b, n: b.linux.update(devices=[{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": n}]),
    "timeout": lambda b, n: b.config.update(hooks={"createRuntime": [{"path": "/bin/true", "timeout": n}]}),
    "errnoRet": lambda b, n: b.seccomp(("SCMP_ACT_ERRNO", ["ptrace"], {"errnoRet": n})),
}  # fmt: skip
MARKER = 98765432


@pytest.mark.parametrize("value", ["1e309", "1.5", "18446744073709551616", '"7"', "true", "[]", "{}"])
@pytest.mark.parametrize("place", [*NUMBERS, "soft", "limit"])
def test_numbers(runtime, bundle, place, value):
    """Whatever is no integer in the range of the field: refused, and the field is named."""
    bundle.sleep()
    if place == "hostID":
        bundle.namespace("user")
        for key in ("uidMappings", "gidMappings"):
            bundle.linux[key] = [{"containerID": 0, "hostID": MARKER, "size": 1}]
    elif place == "soft":
        bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": MARKER, "hard": 2**63}]
    elif place == "limit":
        bundle.linux["resources"]["pids"] = {"limit": MARKER}
    else:
        NUMBERS[place](bundle, MARKER)
    bundle.text = json.dumps(bundle.config).replace(str(MARKER), value)
    refuse(runtime, bundle, place)


@pytest.mark.parametrize("place, value", [("uid", -1), ("gid", -1), ("uid", 2**32), ("umask", -1), ("umask", 0o10000), ("oomScoreAdj", 1001), ("oomScoreAdj", -1001),
                                          ("fileMode", -1), ("errnoRet", -1)])  # fmt: skip
def test_number_out_of_range(runtime, bundle, place, value):
    NUMBERS[place](bundle.sleep(), value)
    refuse(runtime, bundle, place)


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
    "version-missing": (lambda b: b.config.pop("ociVersion"), ACCEPTED),  # with a warning
    "version-newer-minor": (lambda b: b.config.update(ociVersion="1.99.0"), ACCEPTED),
    # 13-16 process
    "no-process": (lambda b: b.config.pop("process"), "process property must not be empty|process"),
    "args-empty": (process(args=[]), "args must not be empty"),
    "args-empty-string": (process(args=[""]), "(?i)args|executable|no such file|exec"),
    "args-directory": (process(args=["/etc"]), "permission denied|is a directory"),
    "args-absent": (process(args=["/no/such"]), "/no/such.*no such file or directory"),
    "args-not-executable": (process(args=["/etc/passwd"]), "/etc/passwd.*permission denied"),
    "cwd-empty": (process(cwd=""), "Cwd property must not be empty"),
    "cwd-relative": (process(cwd="etc"), "Cwd must be an absolute path"),
    "args-wrong-architecture": (lambda b: b.add("bin/other", text="\x7fELF\x02\x01\x01" + "\0" * 200).args("/bin/other"), "/bin/other.*exec format error"),
    "args-interpreter-absent": (lambda b: b.add("bin/script", text="#!/no/such/interpreter\n").args("/bin/script"), "/bin/script.*no such file or directory"),
    "cwd-file": (process(cwd="/etc/passwd"), "(?i)cwd.*not a directory"),
    "env-no-equals": (process(env=["PATH=/bin", "NOEQUALS"]), r"process.env|environment variable.*="),
    "env-empty-name": (process(env=["PATH=/bin", "=x"]), r"process.env|environment variable"),
    "cwd-proc-fd": (process(cwd="/proc/self/fd/7"), "cwd|working directory|no such file"),
    "env-10-mib": (process(env=["PATH=/bin"] + ["A%d=%s" % (n, "x" * 100000) for n in range(100)]), "(?i)argument list too long"),
    # 17 root
    "root-missing": (lambda b: b.config.pop("root"), "root must be specified|root"),
    "root-absent": (lambda b: b.config["root"].update(path="/no/such/root"), "(?i)/no/such/root|rootfs|no such file"),
    "root-file": (lambda b: b.config["root"].update(path="/etc/hostname"), "(?i)not a directory|root"),
    "root-empty": (lambda b: b.config["root"].update(path=""), "root"),
    "root-host": (lambda b: b.config["root"].update(path="/"), ACCEPTED),  # as runc; whoever may call us may do anything to / anyway
    "root-dangling": (lambda b: ((b.path / "gone").symlink_to("nowhere"), b.config["root"].update(path="gone")), "(?i)gone.*no such file|root"),
    # 18-21 identity and limits
    "uid-negative": (process(user={"uid": -1, "gid": 0}), "uid|user"),
    "uid-2-32": (process(user={"uid": 2**32, "gid": 0}), "uid|user"),
    "groups-70000": (process(user={"uid": 0, "gid": 0, "additionalGids": list(range(70000))}), "(?i)additionalGids|groups"),
    "rlimit-unknown": (process(rlimits=[{"type": "RLIMIT_MOON", "soft": 1, "hard": 1}]), "RLIMIT_MOON"),
    "rlimit-soft-above-hard": (process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 4}]), "(?i)rlimit"),
    "rlimit-twice": (process(rlimits=[{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2), "(?i)rlimit"),
    # 22-26 namespaces
    "namespace-unknown": (lambda b: b.linux["namespaces"].append({"type": "moon"}), "moon"),
    "namespace-twice": (lambda b: b.linux["namespaces"].append({"type": "pid"}), "duplicated ns"),
    "namespace-not-nsfs": (lambda b: b.namespace("network", "/etc/passwd"), "/etc/passwd|namespace|network"),
    "namespace-other-kind": (lambda b: b.namespace("network", "/proc/self/ns/uts"), "/proc/self/ns/uts|namespace|network"),
    "namespace-relative": (lambda b: b.namespace("network", "ns/net"), "ns/net|namespace|network"),
    "namespace-dead": (lambda b: b.namespace("network", "/proc/4194300/ns/net"), "no such file"),
    "hostname-without-uts": (lambda b: b.without_namespace("uts"), "hostname|UTS|uts"),
    "domainname-without-uts": (lambda b: (b.without_namespace("uts"), b.config.pop("hostname"), b.config.update(domainname="x")), "domainname|UTS|uts"),
    "sysctl-newline": (linux(sysctl={"kernel.msgmax": "1\n2"}), "kernel.msgmax|kernel/msgmax"),
    "sysctl-bad-value": (linux(sysctl={"kernel.msgmax": "moon"}), "kernel.msgmax|kernel/msgmax"),
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
    "time-offsets-with-path": (lambda b: (b.namespace("time", "/proc/1/ns/time"), b.linux.update(timeOffsets={"boottime": {"secs": 1, "nanosecs": 0}})), "(?i)time"),
    "time-offsets-clock": (lambda b: (b.namespace("time"), b.linux.update(timeOffsets={"moon": {"secs": 1, "nanosecs": 0}})), "moon"),
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
    "mount-type-missing": (lambda b: b.config["mounts"].append({"destination": "/x", "source": "/tmp"}), r"mounts\[\d+\]"),
    "mount-second-proc-elsewhere": (lambda b: b.mount("/etc", type="proc"), ACCEPTED),
    "mount-idmap-overlap": (lambda b: b.mount("/x", "/tmp", uidMappings=mapping((0, 1, 5), (2, 9, 5)), gidMappings=mapping((0, 1, 1))), "(?i)mapping|overlap"),
    "device-on-directory": (linux(devices=[{"path": "/etc", "type": "c", "major": 1, "minor": 3}]), "(?i)device.*/etc"),
    "device-twice": (linux(devices=[{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/x", "type": "c", "major": 1, "minor": 5}]), ACCEPTED),  # the first, with a warning
    "device-no-type": (linux(devices=[{"path": "/dev/x", "major": 1, "minor": 3}]), "(?i)device.*type"),
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
    "seccomp-no-default": (lambda b: b.linux.update(seccomp={"syscalls": []}), ACCEPTED),
    "seccomp-no-default-with-rules": (lambda b: b.linux.update(seccomp={"syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}), "defaultAction"),
    "seccomp-errno-large": (seccomp_rule(names=["ptrace"], action="SCMP_ACT_ERRNO", errnoRet=70000), "errnoRet"),
    "seccomp-no-names": (seccomp_rule(names=[], action="SCMP_ACT_ERRNO"), ACCEPTED),  # a rule for nothing, with a warning
    "seccomp-unknown-name": (seccomp_rule(names=["moon"], action="SCMP_ACT_ERRNO"), ACCEPTED),
    "seccomp-contradiction": (lambda b: b.seccomp(("SCMP_ACT_ERRNO", ["ptrace"], {}), ("SCMP_ACT_KILL", ["ptrace"], {})), ACCEPTED),
    "seccomp-default-notify": (lambda b: (b.seccomp(default="SCMP_ACT_NOTIFY"), b.linux["seccomp"].update(listenerPath="/tmp/x")), "SCMP_ACT_NOTIFY"),
    "seccomp-listener-relative": (lambda b: (b.seccomp(("SCMP_ACT_NOTIFY", ["ptrace"], {})), b.linux["seccomp"].update(listenerPath="agent.sock")), "(?i)seccomp.*agent|listenerPath"),
    "seccomp-no-execve": (seccomp_rule(names=["execve", "execveat"], action="SCMP_ACT_ERRNO"), "(?i)operation not permitted"),
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
    "memory-one-byte": (resources(memory={"limit": 1}), "memory"),
    "memory-huge": (resources(memory={"limit": 2**63 - 1}), "memory"),
    "swap-below-limit": (resources(memory={"limit": 1 << 26, "swap": 1 << 25}), "linux.resources.memory.swap"),
    "cpu-quota-1": (resources(cpu={"quota": 1}), "cpu"),
    "cpu-period-huge": (resources(cpu={"period": 2_000_000, "quota": 1000}), "cpu"),
    "cpu-open-range": (resources(cpu={"cpus": "0-"}), "cpu"),
    "cpu-number-99999": (resources(cpu={"cpus": "99999"}), "cpu"),
    "mems-letters": (resources(cpu={"mems": "x"}), "mems"),
    "pids-minus-5": (resources(pids={"limit": -5}), ACCEPTED),  # no limit, as runc
    "hugepage-3mb": (resources(hugepageLimits=[{"pageSize": "3MB", "limit": 1}]), "(?i)huge"),
    "rdma-name": (resources(rdma={"a b": {"hcaHandles": 1}}), "rdma"),
    "rdma-absent": (resources(rdma={"nosuch0": {"hcaHandles": 1}}), "rdma"),
    "block-io-device": (resources(blockIO={"throttleReadBpsDevice": [{"major": 4095, "minor": 9, "rate": 1}]}), "blockIO|io.max"),
    "block-io-weight": (resources(blockIO={"weight": 5}), "blockIO|io.weight|io.bfq"),
    "unified-empty": (resources(unified={"": "1"}), "unified"),
    "cgroups-path-dots": (linux(cgroupsPath="/../../../../etc"), ACCEPTED),
    "intel-rdt": (linux(intelRdt={"closID": "../x"}), "(?i)intelRdt|closID|RDT"),
    "selinux-label-without-selinux": (process(selinuxLabel="system_u:system_r:container_t:s0"), "(?i)selinux"),
    "selinux-mount-label": (linux(mountLabel="system_u:object_r:container_file_t:s0"), "(?i)mountLabel|selinux"),
    "apparmor-without-apparmor": (process(apparmorProfile="docker-default"), "(?i)apparmor"),
    # 40 hooks
    "hook-relative": (hooks(path="relative"), "(?i)hook|absolute"),
    "hook-absent": (hooks(path="/no/such/hook"), "no such file or directory"),
    "hook-not-executable": (hooks(path="/etc/passwd"), "permission denied"),
    "hook-timeout-0": (hooks(path="/bin/true", timeout=0), "(?i)timeout|hook"),
    "hook-timeout-negative": (hooks(path="/bin/true", timeout=-1), "(?i)timeout|hook"),
    "hook-fails": (hooks(path="/bin/sh", args=["sh", "-c", "echo why >&2; exit 3"]), "exit status 3.*why"),
    "hook-path-missing": (hooks(args=["x"]), "(?i)hook.*path|path"),
    "hook-directory": (hooks(path="/etc"), "permission denied"),
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
ONLY_AT_START = {"args-wrong-architecture", "args-interpreter-absent", "cwd-file", "seccomp-no-execve", "args-directory", "args-absent", "args-not-executable", "env-10-mib", "cwd-proc-fd"}


@pytest.mark.parametrize("name", CASES)
def test_field(runtime, bundle, name):
    change, words = CASES[name]
    bundle.sleep()
    change(bundle)
    verb = "run" if name in ONLY_AT_START else "create"
    refuse(runtime, bundle, words, verb=verb)


@pytest.mark.parametrize("name", ["CAP_MOON", "cap_net_raw", "NET_RAW", ""])
def test_unknown_capability(runtime, bundle, name):
    """As runc: one warning, and the container has the others."""
    bundle.process["capabilities"] = {kind: ["CAP_KILL", name, "CAP_KILL"] for kind in ("bounding", "effective", "permitted")}
    result = runtime.run(bundle.sh("grep CapBnd /proc/self/status"))
    if result.code == 0:
        assert int(result.out.split()[1], 16) in (1 << 5, 1 << 5 | 1 << 13) and (name == "cap_net_raw" or "level=warning" in result.err), str(result)
    else:
        assert "capabilit" in result.err.lower(), str(result)


@pytest.mark.parametrize("limit, found", [(0, "1"), (-1, "max"), (1, "1")])
@pytest.mark.vm
def test_special_pids_limits(runtime, bundle, limit, found):
    runtime.requires("1.4")
    bundle.linux["resources"]["pids"] = {"limit": limit}
    assert (runtime.detached(bundle.sleep()).cgroup() / "pids.max").read_text().strip() == found


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_hook_that_prints_without_end(runtime, bundle, kind):
    """The error has the end of what was printed, and neither memory nor time grow."""
    if runtime.kind != "redoubt":
        pytest.skip("peer: keeps all of it")
    bundle.hook(kind, "head -c 64000000 /dev/zero | tr '\\0' x; echo the end; exit 3")
    bundle.sleep().save()
    cid = runtime.cid()
    result = runtime.raw([victims.binary("measure"), *runtime.argv("create", "--bundle", bundle.path, cid)], timeout=60)
    peak, code = map(int, result.out.split()[-2:])
    assert code == 1 and peak < 64 << 10, result.out
    result = runtime("create", "--bundle", bundle.path, runtime.cid())
    assert result.code == 1 and "the end" in result.err and len(result.err) < 20000


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


DOCUMENTS_OF_EXEC = {
    "empty": "", "array": "[]", "garbage": "{x", "no-args": '{"cwd":"/"}', "relative-cwd": '{"args":["true"],"cwd":"etc"}', "no-cwd": '{"args":["true"]}',
    "bad-rlimit": '{"args":["true"],"cwd":"/","rlimits":[{"type":"RLIMIT_MOON","soft":1,"hard":1}]}', "bad-uid": '{"args":["true"],"cwd":"/","user":{"uid":-1,"gid":0}}',
    "nul": '{"args":["true\\u0000"],"cwd":"/"}', "bad-env": '{"args":["true"],"cwd":"/","env":["x"]}',
}  # fmt: skip


@pytest.mark.parametrize("name", [*DOCUMENTS_OF_EXEC, "absent", "directory", "fifo"])
def test_exec_document(runtime, sleeper, work, name):
    path = work / "process.json"
    if name == "fifo":
        if runtime.kind != "redoubt":
            pytest.skip("peer: hangs")
        os.mkfifo(path)
    elif name == "directory":
        path.mkdir()
    elif name != "absent":
        path.write_text(DOCUMENTS_OF_EXEC[name])
    result = runtime("exec", "--process", path, sleeper.id, timeout=10)
    assert result.code in (1, 255) and len([line for line in result.err.splitlines() if "level=error" in line]) == 1, str(result)
    assert sleeper.status == "running"


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
    text = path.read_text()
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
    elif kind == "cut":
        path.write_text(text[: len(text) // 2])
    elif kind == "tail-zeros":
        path.write_bytes(text[:200].encode() + b"\0" * (len(text) - 200))


SPOILED = ["empty", "random", "directory", "symlink", "large", "fifo", "wrong-type", "null", "zeros", "cut", "tail-zeros", "absent"]


@pytest.mark.parametrize("kind", SPOILED)
@pytest.mark.parametrize("phase", ["created", "running", "paused", "updated"])
def test_spoiled_state(runtime, bundle, kind, phase):
    """Every verb says so and goes on; delete --force removes it, and the processes."""
    runtime.only_redoubt("promise about broken state files")
    other = runtime.detached(bundle.sleep())
    sleeper = runtime.create(bundle)
    if phase != "created":
        sleeper.start()
    if phase == "paused":
        runtime.ok("pause", sleeper.id)
    if phase == "updated":
        runtime.ok("update", "--resources=-", sleeper.id, stdin="{}")
    pid = sleeper.pid
    spoil(runtime.root / sleeper.id / "state.json", kind)
    for verb in (["state"], ["start"], ["pause"], ["ps"], ["kill"]):
        result = runtime(*verb, sleeper.id, timeout=10)
        assert result.code == 1 and result.err.strip(), str(result)
    assert runtime("exec", sleeper.id, "true", timeout=10).code == 255
    listing = runtime("list", "-q", timeout=10)
    assert other.id in listing.out.split()
    assert runtime("delete", sleeper.id).code == 1 and (runtime.root / sleeper.id).exists()
    runtime.ok("delete", "--force", sleeper.id)
    assert not (runtime.root / sleeper.id).exists() and not host.alive(pid)
    assert other.status == "running"


@pytest.mark.parametrize("kind", ["empty", "cut", "zeros", "random"])
def test_spoiled_state_and_former_state(runtime, sleeper, kind):
    """What a power cut may leave: no record at all. After it there is no process either, only the directory."""
    runtime.only_redoubt("promise about broken state files")
    sleeper.stop()
    spoil(runtime.root / sleeper.id / "state.json", kind)
    spoil(runtime.root / sleeper.id / "state.json.former", kind)
    runtime("list")
    runtime.fails("state", sleeper.id, match="delete --force")
    runtime.ok("delete", "--force", sleeper.id)
    assert not (runtime.root / sleeper.id).exists()
    cgroups = leaks.cgroups(sleeper.id)
    for path in cgroups:  # nothing knows whose it is; empty
        os.rmdir(path)


def test_state_of_another_boot(runtime, sleeper):
    """Pids, start times and inodes count within one boot only: nothing is signalled, the directory goes."""
    runtime.only_redoubt("promise about reboots")
    pid = sleeper.pid
    path = runtime.root / sleeper.id / "state.json"
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    path.write_text(path.read_text().replace(boot, "01234567-89ab-cdef-0123-456789abcdef"))
    assert sleeper.status == "stopped"
    runtime.ok("delete", sleeper.id)
    assert host.alive(pid) and not (runtime.root / sleeper.id).exists()
    os.kill(pid, 9)
    for directory in leaks.cgroups(sleeper.id):
        wait_for(lambda: remove(directory), what="the cgroup to be empty")


def remove(directory):
    host.reap()
    try:
        os.rmdir(directory)
    except OSError:
        return False
    return True


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
    time.sleep(0.05)  # a process is known by its pid and the tick that it began in (10 ms)
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
