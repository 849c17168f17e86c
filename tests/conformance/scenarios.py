"""The scenarios of the differential test: each changes a fresh bundle; what the container then sees, or how the runtime refuses, is compared.

A scenario is (name, change, {keys}). Keys: `peer` ("runc" or "crun": who is the reference), `verb` (a function run instead of `run`).
"""

import json
import os

BIND = ["bind"]
SCENARIOS = []


def scenario(name, peer="runc", **keys):
    def add(change):
        SCENARIOS.append((name, change, {"peer": peer, **keys}))
        return change

    return add


def simple(name, change, **keys):
    scenario(name, **keys)(change)


def nothing(bundle):
    pass


simple("default", nothing)

# ---- identity and process -----------------------------------------------------------------------------------------------------

for uid, gid, groups in ((0, 0, (5, 6)), (1000, 1000, ()), (1000, 1000, (7, 8, 9)), (1000, 0, ()), (65534, 65534, ()), (4242, 4243, (1,))):
    simple(f"user-{uid}-{gid}-{len(groups)}", lambda b, u=uid, g=gid, more=groups: b.user(u, g, *more))

CAPABILITY_SETS = {
    "none": {},
    "bounding-only": {"bounding": ["CAP_CHOWN"]},
    "three": {k: ["CAP_CHOWN", "CAP_KILL"] for k in ("bounding", "effective", "permitted")},
    "inheritable": {k: ["CAP_CHOWN"] for k in ("bounding", "effective", "permitted", "inheritable")},
    "ambient": {k: ["CAP_KILL"] for k in ("bounding", "effective", "permitted", "inheritable", "ambient")},
    "many": {k: ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
                 "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"] for k in ("bounding", "effective", "permitted")},
    "unknown-name": {k: ["CAP_KILL", "CAP_MOON"] for k in ("bounding", "effective", "permitted")},
}  # fmt: skip
for label, caps in CAPABILITY_SETS.items():
    for uid in (0, 1000):
        for nnp in (True, False):
            def change(b, caps=caps, uid=uid, nnp=nnp):
                b.process["capabilities"] = caps
                b.process["noNewPrivileges"] = nnp
                b.user(uid)
            simple(f"capabilities-{label}-uid{uid}-{'nnp' if nnp else 'no-nnp'}", change)  # fmt: skip
simple("capabilities-absent", lambda b: b.process.pop("capabilities"))

for label, env in {
    "empty": [], "one": ["A=1"], "blank": ["A=", "B= "], "equals": ["A=b=c"], "home": ["HOME=/x"], "no-path": ["A=1", "PATH="],
    "utf8": ["A=äöü"], "newline": ["A=one\ntwo"],
}.items():  # fmt: skip
    def change(b, env=env):
        b.process["env"] = ["PATH=/bin", *env] if not any(e.startswith("PATH") for e in env) else env
        b.process["args"][0] = "/bin/sh"
    simple(f"env-{label}", change)  # fmt: skip

for cwd in ("/", "/tmp", "/etc", "/bin/..", "//tmp//"):
    simple(f"cwd-{cwd.replace('/', '_')}", lambda b, cwd=cwd: b.process.update(cwd=cwd))

for name, soft, hard in (("NOFILE", 64, 128), ("CORE", 0, 0), ("STACK", 1 << 22, 1 << 23), ("CPU", 100, 200), ("NPROC", 50, 60), ("FSIZE", 1 << 20, 1 << 21), ("AS", 1 << 33, 1 << 34)):
    simple(f"rlimit-{name}", lambda b, n=name, s=soft, h=hard: b.process.update(rlimits=[{"type": f"RLIMIT_{n}", "soft": s, "hard": h}]))
simple("rlimits-none", lambda b: b.process.pop("rlimits"))

for value in (0o77, 0o22, 0, 0o777):
    simple(f"umask-{value:o}", lambda b, v=value: b.process["user"].update(umask=v))
for value in (0, 100, 1000):
    simple(f"oom-score-{value}", lambda b, v=value: b.process.update(oomScoreAdj=v))
simple("personality-linux32", lambda b: b.linux.update(personality={"domain": "LINUX32"}), peer="crun")
simple("scheduler-batch", lambda b: b.process.update(scheduler={"policy": "SCHED_BATCH", "nice": 5}), peer="crun")
simple("scheduler-fifo", lambda b: b.process.update(scheduler={"policy": "SCHED_FIFO", "priority": 3}), peer="crun")
simple("io-priority", lambda b: b.process.update(ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 0}), peer="crun")
simple("hostname", lambda b: b.config.update(hostname="other"))
simple("hostname-none", lambda b: b.config.pop("hostname"))
simple("domainname", lambda b: b.config.update(domainname="example.org"), peer="crun")

# ---- namespaces ---------------------------------------------------------------------------------------------------------------

for kind in ("network", "ipc", "cgroup"):
    simple(f"host-{kind}", lambda b, k=kind: b.without_namespace(k))
simple("host-uts", lambda b: (b.without_namespace("uts"), b.config.pop("hostname")))
simple("host-pid", lambda b: b.without_namespace("pid"))
simple("with-cgroup-namespace", lambda b: b.namespace("cgroup"))
simple("userns", lambda b: b.userns())
simple("userns-user", lambda b: b.userns().user(1000))
simple("userns-cgroup", lambda b: b.userns().namespace("cgroup"))
simple("userns-small", lambda b: b.userns(100000, 1000))
simple("userns-writable", lambda b: b.userns().writable())
simple("time-namespace", lambda b: (b.namespace("time"), b.linux.update(timeOffsets={"boottime": {"secs": 1000, "nanosecs": 5}})), peer="crun")

# ---- root and mounts ----------------------------------------------------------------------------------------------------------

simple("root-writable", lambda b: b.writable())
simple("root-absolute", lambda b: b.config["root"].update(path=str(b.rootfs)))
for name in ("private", "rprivate", "slave", "rslave"):
    simple(f"rootfs-propagation-{name}", lambda b, n=name: b.linux.update(rootfsPropagation=n))


def volume(b):
    path = b.path / "volume"
    path.mkdir(exist_ok=True)
    (path / "file").write_text("x\n")
    return path


for options in (["rbind"], ["bind", "ro"], ["bind", "nosuid", "nodev"], ["bind", "noexec"], ["bind", "noatime"], ["bind", "nodiratime"], ["rbind", "rprivate", "ro"],
                ["bind", "strictatime"], ["bind", "rw", "private"], ["bind", "slave"], ["rbind", "rro"], ["rbind", "rnosuid"], ["bind", "rw", "ro"], ["bind", "ro", "rw"]):  # fmt: skip
    simple("bind-" + "-".join(options), lambda b, o=options: b.mount("/data", volume(b), options=o))
simple("bind-file", lambda b: b.mount("/etc/file", volume(b) / "file", options=["bind", "ro"]))
simple("bind-deep", lambda b: b.mount("/a/b/c", volume(b), options=BIND))
simple("bind-over-symlink", lambda b: ((b.rootfs / "link").symlink_to("mnt"), b.mount("/link", volume(b), options=BIND)))
simple("bind-host-dev-null", lambda b: b.mount("/etc/null", "/dev/null", options=BIND))
for options in ([], ["size=1m"], ["mode=1777", "nosuid"], ["ro"], ["noexec", "nodev", "nosuid"], ["size=64k", "mode=700", "uid=5", "gid=6"], ["tmpcopyup"], ["nr_inodes=10"]):
    simple("tmpfs-" + ("-".join(options).replace("=", "") or "plain"), lambda b, o=options: b.mount("/mnt", type="tmpfs", options=o))
simple("tmpfs-on-image-directory-mode", lambda b: ((b.rootfs / "mnt").chmod(0o1700), b.mount("/mnt", type="tmpfs")))
simple("mqueue-options", lambda b: b.mount_entry("/dev/mqueue").update(options=["ro"]))
simple("shm-large", lambda b: b.mount_entry("/dev/shm").update(options=["nosuid", "noexec", "nodev", "mode=1777", "size=1m"]))
simple("proc-ro", lambda b: b.mount_entry("/proc").update(options=["ro"]))
simple("sysfs-rw", lambda b: b.mount_entry("/sys").update(options=["nosuid", "noexec", "nodev"]))
simple("no-sys", lambda b: (b.without_mount("/sys/fs/cgroup"), b.without_mount("/sys"), b.linux.update(maskedPaths=[], readonlyPaths=[])))
simple("second-proc", lambda b: b.mount("/mnt/proc", type="proc") if (b.rootfs / "mnt").is_dir() else None)
simple("dev-ro", lambda b: b.mount_entry("/dev").update(options=["ro", "mode=755"]))
simple("cgroup-rw", lambda b: (b.namespace("cgroup"), b.mount_entry("/sys/fs/cgroup").update(options=["nosuid", "noexec", "nodev", "rw"])))
simple("masked-none", lambda b: b.linux.update(maskedPaths=[]))
simple("readonly-none", lambda b: b.linux.update(readonlyPaths=[]))
simple("masked-directory", lambda b: b.linux["maskedPaths"].append("/etc"))
simple("masked-file", lambda b: b.linux["maskedPaths"].append("/etc/passwd"))
simple("masked-absent", lambda b: b.linux["maskedPaths"].append("/absent"))
simple("readonly-path", lambda b: b.writable().linux["readonlyPaths"].append("/etc"))
simple("readonly-file", lambda b: b.writable().linux["readonlyPaths"].append("/etc/passwd"))

# ---- devices ------------------------------------------------------------------------------------------------------------------

simple("device-fuse", lambda b: b.linux.update(devices=[{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666, "uid": 0, "gid": 0}]))
simple("device-mode-owner", lambda b: b.linux.update(devices=[{"path": "/dev/x", "type": "c", "major": 10, "minor": 1, "fileMode": 0o640, "uid": 3, "gid": 4}]))
simple("device-block-deep", lambda b: b.linux.update(devices=[{"path": "/dev/a/b", "type": "b", "major": 7, "minor": 3}]))
simple("device-fifo", lambda b: b.linux.update(devices=[{"path": "/dev/fifo", "type": "p", "fileMode": 0o600}]))
simple("device-outside-dev", lambda b: b.writable().linux.update(devices=[{"path": "/tmp/null2", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]))

# ---- kernel -------------------------------------------------------------------------------------------------------------------

for key, value in (("net.ipv4.ip_forward", "1"), ("kernel.msgmax", "9000"), ("fs.mqueue.msg_max", "20"), ("net.core.somaxconn", "77")):
    simple(f"sysctl-{key}", lambda b, k=key, v=value: b.linux.update(sysctl={k: v}))
for action in ("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG"):
    simple(f"seccomp-{action}", lambda b, a=action: b.seccomp((a, ["ptrace"], {})))
simple("seccomp-errno-value", lambda b: b.seccomp(("SCMP_ACT_ERRNO", ["mkdir", "mkdirat"], {"errnoRet": 95})))
simple("seccomp-default-deny-one", lambda b: b.seccomp(("SCMP_ACT_ERRNO", ["chmod", "fchmodat", "fchmodat2"], {"errnoRet": 30})))
simple("seccomp-multi-arch", lambda b: b.seccomp(("SCMP_ACT_ERRNO", ["ptrace"], {}), architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]))

# ---- commands -----------------------------------------------------------------------------------------------------------------

for code in (0, 1, 7, 126, 255):
    simple(f"exit-{code}", lambda b, c=code: b.sh(f"exit {c}"))
simple("exit-signal", lambda b: b.without_namespace("pid").sh("kill -9 $$"))
simple("command-in-other-path", lambda b: (b.add("opt/tool", text="#!/bin/sh\necho tool\n"), b.process.update(env=["PATH=/opt:/bin"]), b.args("tool")))

# ---- refusals: exit code and the class of the message -------------------------------------------------------------------------

simple("bad-command", lambda b: b.args("nosuch"))
simple("bad-command-absolute", lambda b: b.args("/no/such"))
simple("bad-command-mode", lambda b: b.args("/etc/passwd"))
simple("bad-command-directory", lambda b: b.args("/etc"))
simple("bad-args-empty", lambda b: b.process.update(args=[]))
simple("bad-args-absent", lambda b: b.process.pop("args"))
simple("bad-cwd-relative", lambda b: b.process.update(cwd="tmp"))
simple("bad-cwd-empty", lambda b: b.process.update(cwd=""))
simple("bad-cwd-file", lambda b: b.process.update(cwd="/etc/passwd"))
simple("bad-root-absent", lambda b: b.config["root"].update(path="nosuch"))
simple("bad-root-missing", lambda b: b.config.pop("root"))
simple("bad-namespace-twice", lambda b: b.linux["namespaces"].append({"type": "pid"}))
simple("bad-namespace-path", lambda b: b.namespace("network", "/no/such"))
simple("bad-namespace-kind", lambda b: b.namespace("network", "/proc/self/ns/uts"))
simple("bad-hostname-without-uts", lambda b: b.without_namespace("uts"))
simple("bad-mount-source", lambda b: b.mount("/x", "/no/such", options=BIND))
simple("bad-mount-type", lambda b: b.mount("/x", type="moonfs"))
simple("bad-mount-option", lambda b: b.mount("/x", type="tmpfs", options=["moon=1"]))
simple("bad-mount-in-proc", lambda b: b.mount("/proc/self/attr", volume(b), options=BIND))
simple("bad-sysctl", lambda b: b.linux.update(sysctl={"vm.swappiness": "1"}))
simple("bad-sysctl-hostname", lambda b: b.linux.update(sysctl={"kernel.hostname": "x"}))
simple("bad-seccomp-action", lambda b: b.seccomp(("SCMP_ACT_MOON", ["ptrace"], {})))
simple("bad-seccomp-arch", lambda b: b.seccomp(architectures=["SCMP_ARCH_MOON"]))
simple("bad-rlimit", lambda b: b.process.update(rlimits=[{"type": "RLIMIT_MOON", "soft": 1, "hard": 1}]))
simple("bad-terminal-without-socket", lambda b: b.process.update(terminal=True), verb=lambda rt, b, cid: rt("create", "--bundle", b.path, cid))
simple("bad-hook-fails", lambda b: b.hook("createRuntime", "exit 4"))
simple("bad-hook-absent", lambda b: b.config.update(hooks={"createRuntime": [{"path": "/no/such"}]}))
simple("bad-proc-symlink", lambda b: ((b.rootfs / "proc").rmdir(), (b.rootfs / "proc").symlink_to("mnt")))
simple("bad-json", lambda b: setattr(b, "text", "{"))
simple("bad-json-null", lambda b: setattr(b, "text", "null"))
simple("bad-userns-without-map", lambda b: b.namespace("user"))


# ---- other verbs: each returns the list of calls whose results are compared ----------------------------------------------------


def calls(name):
    """A scenario of several calls on one container `sleep`."""

    def add(function):
        simple(name, lambda b: b.sleep(), verb=function)
        return function

    return add


@calls("verbs-life-cycle")
def life_cycle(rt, b, cid):
    return [rt("create", "--bundle", b.path, cid), rt("start", cid), rt("start", cid), rt("kill", cid, "KILL"), wait_stopped(rt, cid), rt("start", cid),
            rt("kill", cid, "TERM"), rt("delete", cid), rt("delete", cid), rt("state", cid)]  # fmt: skip


@calls("verbs-state-created")
def state_created(rt, b, cid):
    return [rt("create", "--bundle", b.path, cid), document(rt("state", cid)), rt("delete", cid)]


@calls("verbs-state-running")
def state_running(rt, b, cid):
    b.config["annotations"] = {"a.b": "c"}
    b.save()
    return [rt("run", "-d", "--bundle", b.path, cid), document(rt("state", cid)), document(rt("list", "-f", "json")), rt("delete", cid), rt("delete", "-f", cid)]


@calls("verbs-state-paused-stopped")
def state_paused(rt, b, cid):
    return [rt("run", "-d", "--bundle", b.path, cid), rt("pause", cid), document(rt("state", cid)), rt("exec", cid, "true"), rt("resume", cid), rt("resume", cid),
            rt("kill", cid, "9"), wait_stopped(rt, cid), document(rt("state", cid)), rt("exec", cid, "true"), rt("pause", cid), rt("delete", cid)]  # fmt: skip


@calls("verbs-exec")
def execs(rt, b, cid):
    return [rt("run", "-d", "--bundle", b.path, cid)] + [rt("exec", *args) for args in (
        [cid, "sh", "-c", "exit 3"], [cid, "nosuch"], ["--cwd", "/etc", cid, "pwd"], ["--user", "1000:5", cid, "id"], ["-e", "A=b", cid, "sh", "-c", "echo $A"],
        [cid, "sh", "-c", "kill -9 $$"], ["--cap", "CAP_SYS_NICE", cid, "grep", "Cap", "/proc/self/status"], ["-u", "1000", cid, "grep", "Cap", "/proc/self/status"],
        [cid, "sh", "-c", "cat /proc/self/limits; ls /dev; env | sort; pwd; umask"])] + [rt("delete", "-f", cid)]  # fmt: skip


@calls("verbs-existing-id")
def existing(rt, b, cid):
    return [rt("create", "--bundle", b.path, cid), rt("create", "--bundle", b.path, cid), rt("run", "--bundle", b.path, cid), rt("delete", "-f", cid)]


@calls("verbs-kill-words")
def kill_words(rt, b, cid):
    return [rt("run", "-d", "--bundle", b.path, cid)] + [rt("kill", cid, word) for word in ("0x0", "FOO", "SIGFOO", "CONT", "sigcont", "18")] + [rt("delete", "-f", cid)]


@calls("verbs-unknown-container")
def unknown(rt, b, cid):
    return [rt(verb, cid) for verb in ("state", "start", "kill", "delete", "pause", "resume", "ps", "events")] + [rt("delete", "--force", cid), rt("exec", cid, "true")]


@calls("verbs-usage")
def usage(rt, b, cid):
    return [rt("state"), rt("state", "a", "b"), rt("kill"), rt("exec"), rt("list", "extra"), rt("list", "--format", "moon"), rt("moon"), rt("list", "--moon")]


@calls("verbs-bad-ids")
def bad_ids(rt, b, cid):
    return [rt("create", "--bundle", b.path, word) for word in ("a/b", "..", ".", "a b", "a:b")]


@calls("verbs-spec-twice")
def spec_twice(rt, b, cid):
    path = b.path / "spec"
    path.mkdir()
    result = [rt("spec", "--bundle", path), rt("spec", "--bundle", path)]
    os.unlink(path / "config.json")
    path.rmdir()
    return result


def document(result):
    """A JSON answer with what differs from call to call taken out."""
    if result.code == 0:
        parsed = json.loads(result.out)
        for entry in parsed if isinstance(parsed, list) else [parsed]:
            entry["pid"] = "running" if entry["pid"] else 0
            entry["created"] = "time"
            entry["ociVersion"] = "version"
        result.out = json.dumps(parsed)
    return result


def wait_stopped(rt, cid):
    import time

    for _ in range(500):
        result = rt("state", cid)
        if result.code or json.loads(result.out)["status"] == "stopped":
            break
        time.sleep(0.01)
    return document(result)
