"""Hooks: all six kinds, their order, namespaces, environment, working directory, the state on stdin, time-outs and failures."""

import json
import os
import time

import pytest

from harness import host
from harness.runtime import wait_for

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
BEFORE_START = KINDS[:3]


@pytest.fixture
def log(work, bundle):
    """A directory that hooks on both sides see as /hooklog (inside) and as itself (outside)."""
    path = work / "hooklog"
    path.mkdir()
    path.chmod(0o777)
    bundle.mount("/hooklog", path, options=["bind", "rw"])
    return path


def note(log, kind):
    """Where a hook of this kind writes: startContainer runs inside the container."""
    return "/hooklog" if kind == "startContainer" else str(log)


def test_order(runtime, bundle, log):
    runtime.requires("1.3")  # before, poststart ran in create
    for kind in KINDS:
        if kind == "createContainer":  # it runs in the container's mount namespace before pivot_root: the host's paths are still there
            bundle.hook(kind, f"echo {kind} >>{log}/order")
        else:
            bundle.hook(kind, f"echo {kind} >>{note(log, kind)}/order")
    bundle.sh("echo process >>/hooklog/order")
    c = runtime.create(bundle)
    assert (log / "order").read_text().split() == BEFORE_START
    c.start()
    c.wait("stopped")
    c.delete()
    words = (log / "order").read_text().split()
    assert words[:4] == KINDS[:4] and words[-1] == "poststop"
    assert set(words[4:6]) == {"process", "poststart"}


def test_several_of_one_kind_in_order(runtime, bundle, log):
    for number in range(4):
        bundle.hook("createRuntime", f"echo {number} >>{log}/order")
    runtime.create(bundle.sleep())
    assert (log / "order").read_text().split() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("kind", KINDS)
def test_state_on_stdin(runtime, bundle, log, kind):
    bundle.config["annotations"] = {"org.example.note": "x"}
    bundle.hook(kind, f"cat >{note(log, kind)}/state")
    c = runtime.create(bundle.sh("sleep 0.3"))
    pid = c.pid
    c.start()
    c.wait("stopped")
    c.delete()
    state = json.loads((log / "state").read_text())
    if kind == "poststart":
        runtime.requires("1.3")
    wanted = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating", "startContainer": "created", "poststart": "running", "poststop": "stopped"}
    assert state["status"] == wanted[kind]
    assert state["id"] == c.id and state["bundle"] == str(bundle.path) and state["annotations"] == {"org.example.note": "x"}
    assert state["ociVersion"]
    if kind in ("prestart", "createRuntime", "poststart"):
        assert state["pid"] == pid, "host pid"


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "poststart", "poststop"])
def test_outside_hooks_run_in_the_hosts_namespaces(runtime, bundle, log, kind):
    bundle.hook(kind, f"for n in mnt net pid ipc uts; do readlink /proc/self/ns/$n; done >{log}/ns")
    c = runtime.create(bundle.sh("sleep 0.2"))
    c.start()
    c.wait("stopped")
    c.delete()
    assert (log / "ns").read_text().split() == [os.readlink(f"/proc/self/ns/{n}") for n in ("mnt", "net", "pid", "ipc", "uts")]


def test_create_container_hook_runs_in_the_containers_namespaces(runtime, bundle, log):
    bundle.hook("createContainer", f"readlink /proc/self/ns/mnt >{log}/ns; readlink /proc/self/ns/net >>{log}/ns; pwd >>{log}/ns; ls >>{log}/ns")
    c = runtime.create(bundle.sleep())
    lines = (log / "ns").read_text().split()
    assert lines[0] == os.readlink(f"/proc/{c.pid}/ns/mnt")
    assert lines[1] == os.readlink(f"/proc/{c.pid}/ns/net")
    if runtime.kind == "redoubt" or runtime.version >= (1, 2):
        assert lines[2] == str(bundle.rootfs)
        assert {"bin", "dev", "proc"} <= set(lines[3:]), "cwd is the root file system"


def test_start_container_hook_is_inside(runtime, bundle, log):
    bundle.hook("startContainer", "ls / >/hooklog/ls; readlink /proc/self/ns/mnt >/hooklog/ns; id -u >/hooklog/uid")
    c = runtime.detached(bundle.user(0).sleep())
    assert "bin" in (log / "ls").read_text().split()
    assert (log / "ns").read_text().strip() == os.readlink(f"/proc/{c.pid}/ns/mnt")


def test_create_runtime_hook_can_reach_the_container(runtime, bundle, log):
    """What CNI-like hooks do: enter the network namespace of the pid in the state."""
    bundle.hook("createRuntime", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); readlink /proc/$pid/ns/net >{log}/net; nsenter -t $pid -n true && echo entered >>{log}/net")
    c = runtime.create(bundle.sleep())
    assert (log / "net").read_text().split() == [os.readlink(f"/proc/{c.pid}/ns/net"), "entered"]


@pytest.mark.parametrize("kind", ["createRuntime", "poststop", "createContainer"])
def test_empty_environment(runtime, bundle, log, kind):
    bundle.config.setdefault("hooks", {})[kind] = [{"path": "/bin/sh", "args": ["sh", "-c", f"tr '\\0' '\\n' </proc/self/environ >{log}/env"]}]
    c = runtime.create(bundle.args("true"), env={**os.environ, "SECRET_OF_THE_CALLER": "1"})
    c.start()
    c.wait("stopped")
    c.delete()
    runtime.requires("1.2")
    left = [line for line in (log / "env").read_text().split() if not line.startswith(("PWD=", "_=", "SHLVL=", "OLDPWD="))]
    assert left == [], "only what the shell itself sets"


@pytest.mark.parametrize("kind", KINDS)
def test_environment_and_arguments(runtime, bundle, log, kind):
    script = f'echo "$0 $1 $A" >{note(log, kind)}/args'
    hook = {"path": "/bin/sh", "args": ["sh", "-c", script, "zero", "one"], "env": ["A=value", "PATH=/bin"]}
    bundle.config.setdefault("hooks", {})[kind] = [hook]
    c = runtime.create(bundle.args("true"))
    c.start()
    c.wait("stopped")
    c.delete()
    assert (log / "args").read_text() == "zero one value\n"


def test_start_container_hook_gets_the_process_environment(runtime, bundle, log):
    runtime.requires("1.2")
    bundle.env("FROM=process").hook("startContainer", "echo $FROM >/hooklog/env")
    c = runtime.detached(bundle.sleep())
    assert (log / "env").read_text() == "process\n"
    assert c.status == "running"


def test_hook_without_args(runtime, bundle, log):
    script = log / "script"
    script.write_text(f"#!/bin/sh\necho $0 $# >{log}/args\n")
    script.chmod(0o755)
    bundle.config["hooks"] = {"createRuntime": [{"path": str(script)}]}
    runtime.create(bundle.sleep())
    assert (log / "args").read_text() == f"{script} 0\n"


@pytest.mark.parametrize("kind", KINDS[:4])
def test_failure_before_the_process(runtime, bundle, log, kind):
    bundle.hook(kind, "echo to-stdout; echo to-stderr >&2; exit 1")
    word = {"prestart": "prestart"}.get(kind, kind)
    bundle.sh("echo ran >/hooklog/ran")
    result = runtime.refused(bundle, match="hook")
    assert not (log / "ran").exists()
    if runtime.kind == "redoubt" or runtime.version >= (1, 3):
        assert f"error running {word} hook #0: exit status 1, stdout: to-stdout" in result.err and "stderr: to-stderr" in result.err


def test_failing_hook_that_does_not_read_a_large_state(runtime, bundle):
    """Writing to the hook fails with EPIPE; its signal must not end a foreground run, which has it blocked, later."""
    bundle.config["annotations"] = {"org.example.large": "x" * 200_000}
    bundle.hook("prestart", "exec <&-; sleep 0.2; exit 1")
    runtime.refused(bundle.sleep(), match="hook")


def test_poststart_waits_for_start_container(runtime, bundle, log):
    runtime.only_redoubt("promise about the order of hooks in start")
    bundle.hook("startContainer", "sleep 0.5; echo inside >>/hooklog/order").hook("poststart", f"echo outside >>{log}/order")
    c = runtime.create(bundle.sleep())
    c.start()
    assert (log / "order").read_text().split() == ["inside", "outside"]


def test_index_of_the_failing_hook(runtime, bundle):
    bundle.hook("createRuntime", "true").hook("createRuntime", "true").hook("createRuntime", "exit 3")
    runtime.refused(bundle.sleep(), match=r"hook #2: .*exit status 3")


def test_failing_poststart_kills_the_container(runtime, bundle):
    bundle.hook("poststart", "exit 1").sleep().save()
    cid = runtime.cid()
    result = runtime("run", "-d", "--bundle", bundle.path, cid)
    assert result.code == 1 and "hook" in result.err
    state = runtime("state", cid)
    assert state.code != 0 or json.loads(state.out)["status"] == "stopped"


def test_failing_poststop_does_not_stop_the_delete(runtime, bundle):
    bundle.hook("poststop", "exit 1").hook("poststop", f"touch {bundle.path}/second")
    c = runtime.create(bundle.sleep())
    runtime("delete", "--force", c.id)
    assert runtime("state", c.id).code == 1


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_timeout(runtime, bundle, kind):
    bundle.hook(kind, "exec sleep 30", timeout=1)
    begin = time.monotonic()
    runtime.refused(bundle.sleep(), match=r"hook ran past specified timeout of 1(\.0)?s")
    assert time.monotonic() - begin < 10 * host.patience()


def test_timeout_ends_the_whole_hook(runtime, bundle):
    """A hook that forks and keeps its pipes open does not hold the runtime."""
    bundle.hook("createRuntime", "sleep 31 & sleep 31", timeout=1)
    runtime.only_redoubt("a time limit for the children of a hook")
    begin = time.monotonic()
    runtime.refused(bundle.sleep())
    assert time.monotonic() - begin < 10 * host.patience()


def test_hook_that_leaves_a_child_with_its_pipes(runtime, bundle):
    runtime.only_redoubt("detached children of hooks")
    bundle.hook("createRuntime", "sleep 3 >/dev/null 2>&1 </dev/null &")
    begin = time.monotonic()
    runtime.create(bundle.sleep())
    assert time.monotonic() - begin < 2.5
    for child in host.children():
        try:
            if b"sleep\x003" in open(f"/proc/{child}/cmdline", "rb").read():
                os.kill(child, 9)
        except OSError:
            pass


def test_hook_that_prints_a_lot(runtime, bundle):
    bundle.hook("createRuntime", "head -c 20000000 /dev/zero | tr '\\0' x; exit 1")
    result = runtime.refused(bundle.sleep(), match="hook")
    if runtime.kind == "redoubt":
        assert len(result.err) < 1 << 20


def test_hook_that_does_not_read_its_stdin(runtime, bundle):
    bundle.config["annotations"] = {"org.example.big": "x" * 300000}
    bundle.hook("createRuntime", "exec <&-; exit 0")
    runtime.create(bundle.sleep())


@pytest.mark.parametrize("path, words", [("/no/such/hook", "no such file"), ("/etc/passwd", "permission denied"), ("relative", "")])
def test_bad_hook_path(runtime, bundle, path, words):
    bundle.config["hooks"] = {"createRuntime": [{"path": path}]}
    runtime.refused(bundle.sleep(), match=words)


def test_cgroup_exists_and_limits_hold_when_create_runtime_runs(runtime, bundle, log):
    bundle.hook("createRuntime", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); cat /proc/$pid/cgroup >{log}/cgroup")
    c = runtime.create(bundle.sleep())
    assert c.id in (log / "cgroup").read_text()


def test_mounts_are_there_when_create_runtime_runs(runtime, bundle, log):
    bundle.hook("createRuntime", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); grep -c hooklog /proc/$pid/mountinfo >{log}/mounts")
    runtime.create(bundle.sleep())
    assert int((log / "mounts").read_text()) >= 1


def test_poststop_runs_once_and_after_the_end(runtime, bundle, log):
    bundle.hook("poststop", f"echo x >>{log}/stop")
    c = runtime.detached(bundle.sleep())
    assert not (log / "stop").exists()
    c.delete("--force")
    wait_for((log / "stop").exists)
    runtime("delete", "--force", c.id)
    assert (log / "stop").read_text() == "x\n"


def test_null_and_empty_hooks(runtime, bundle):
    bundle.config["hooks"] = {"createRuntime": [], "poststop": None, "prestart": []}
    assert runtime.run(bundle.args("true")).code == 0
