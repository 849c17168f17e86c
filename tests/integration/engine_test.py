"""The calls that engines really make, with the environment they make them in, and the outputs they parse.

Recorded from dockerd, containerd's shim, BuildKit, podman, conmon, buildah and CRI-O: argv, environment, descriptors, signals, directory.
"""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from harness import host
from harness.runtime import wait_for
from harness.sockets import FdReceiver, read_until


class Engine:
    """A way of calling the runtime: global flags, environment, and what the caller leaves behind in the process."""

    def __init__(self, runtime, bundle, globals_=(), root=True, env=None, cwd="/", ignore_sigpipe=False, stray_fd=False, parent_death=False, new_group=False):
        self.rt, self.bundle = runtime, bundle
        self.globals = [*(["--root", str(runtime.root)] if root else []), *globals_]
        self.env, self.cwd = env, cwd
        self.ignore_sigpipe, self.stray_fd, self.parent_death, self.new_group = ignore_sigpipe, stray_fd, parent_death, new_group
        self.stray = None

    def _prepare(self):
        if self.ignore_sigpipe:
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        if self.parent_death:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
        if self.new_group:
            os.setpgid(0, 0)
        if self.stray_fd:
            a, b = socket.socketpair()
            os.dup2(a.fileno(), 3, inheritable=True)
            b.detach()

    def __call__(self, *args, stdin=None, timeout=20):
        argv = [self.rt.path, *self.globals, *args]
        pass_fds = (3,) if self.stray_fd else ()
        return self.rt.raw(argv, env=self.env, cwd=self.cwd, preexec=self._prepare, pass_fds=pass_fds, stdin=stdin, timeout=timeout)

    def ok(self, *args, **kwargs):
        result = self(*args, **kwargs)
        assert result.code == 0, str(result)
        return result


def shim(runtime, bundle, systemd=False):
    env = {**os.environ, "NAMESPACE": "moby", "TTRPC_ADDRESS": "/run/x.sock", "GRPC_ADDRESS": "/run/y.sock", "MAX_SHIM_VERSION": "2", "GOMAXPROCS": "4"}
    flags = ["--log", f"{bundle.path}/log.json", "--log-format", "json", *(["--systemd-cgroup"] if systemd else [])]
    return Engine(runtime, bundle, flags, env=env, cwd=str(bundle.path), stray_fd=True)


def last_error(bundle):
    """What the shim shows: the last record of level error."""
    records = [json.loads(line) for line in (bundle.path / "log.json").read_text().splitlines()]
    return [record for record in records if record["level"] == "error"][-1]["msg"]


@pytest.fixture(autouse=True)
def default_root_is_clean(runtime):
    """Calls without --root use the default directory; what a test leaves there is deleted."""
    yield
    directory = f"/run/{runtime.kind}"
    for name in os.listdir(directory) if os.path.isdir(directory) else []:
        if name.startswith(runtime.prefix):
            runtime.raw([runtime.path, "delete", "--force", name])


# ---- containerd's shim (docker, ctr, CRI) -------------------------------------------------------------------------------------


def test_shim_life_cycle(runtime, bundle):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.sh("trap 'exit 0' TERM; while :; do sleep 0.05; done").save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", cid)
    pid = int((bundle.path / "init.pid").read_text())
    assert (bundle.path / "init.pid").read_text() == str(pid)
    for entry in os.listdir(f"/proc/{pid}/fd"):
        assert "socket" not in os.readlink(f"/proc/{pid}/fd/{entry}") or int(entry) > 2, "the shim's stray socket"
    engine.ok("start", cid)
    assert pid in json.loads(engine.ok("ps", "--format", "json", cid).out)
    engine.ok("pause", cid)
    engine.ok("resume", cid)
    wait_for(lambda: host.catches(pid, signal.SIGTERM))
    engine.ok("kill", cid, "15")
    assert host.exit_status(pid) == 0
    engine.ok("delete", cid)
    assert Engine(runtime, bundle, ["--log", f"{bundle.path}/log.json", "--log-format", "json"]).ok("delete", "--force", cid).all == ""
    assert not (bundle.path / "log.json").exists() or "error" not in (bundle.path / "log.json").read_text()


def test_shim_exec(runtime, bundle, work):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.sleep().save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", cid)
    engine.ok("start", cid)
    process = {"args": ["sh", "-c", "exit 23"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "terminal": False}
    (work / "runc-process1").write_text(json.dumps(process))
    engine.ok("exec", "--process", f"{work}/runc-process1", "--detach", "--pid-file", f"{bundle.path}/e.pid", cid)
    assert os.WEXITSTATUS(host.exit_status(int((bundle.path / "e.pid").read_text()))) == 23


def test_shim_terminal(runtime, bundle, work):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.process["terminal"] = True
    bundle.sh("tty; echo end; sleep 20").save()
    with FdReceiver(work / "pty.sock") as console:
        engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", "--console-socket", console.path, cid)
        _, [fd] = console.receive()
        engine.ok("start", cid)
        assert b"/dev/pts/0" in read_until(fd, b"end")


@pytest.mark.parametrize("args, words", [(["nosuch"], "executable file not found"), (["/no/such"], "no such file or directory"), (["/etc/passwd"], "permission denied")])
def test_shim_error_is_in_the_log(runtime, bundle, args, words):
    engine = shim(runtime, bundle)
    bundle.args(*args).save()
    result = engine("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", runtime.cid())
    assert result.code == 1
    assert words in last_error(bundle)
    assert args[0] in last_error(bundle), "docker looks for the command in the message"


def test_shim_kill_of_the_dead(runtime, bundle):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.args("true").save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", cid)
    engine.ok("start", cid)
    wait_for(lambda: runtime.state(cid)["status"] == "stopped")
    result = engine("kill", cid, "9")
    assert result.code == 1
    assert re.search("process already finished|container not running|no such process", last_error(bundle))
    engine.ok("kill", "--all", cid, "9")
    engine.ok("delete", cid)
    result = engine("delete", cid)
    assert result.code == 1 and "does not exist" in last_error(bundle)


def test_cri_stop_sequence(runtime, bundle):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.sh("trap '' TERM; while :; do sleep 0.1; done").save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", cid)
    engine.ok("start", cid)
    engine.ok("kill", cid, "15")
    engine.ok("kill", "--all", cid, "9")
    wait_for(lambda: runtime.state(cid)["status"] == "stopped")
    engine.ok("delete", cid)
    engine.ok("delete", "--force", cid)


@pytest.mark.vm
def test_shim_update(runtime, bundle):
    engine, cid = shim(runtime, bundle), runtime.cid()
    bundle.sleep().save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/init.pid", cid)
    engine.ok("start", cid)
    engine.ok("update", "--resources=-", cid, stdin=json.dumps({"pids": {"limit": 66}}))
    [line] = engine.ok("events", "--stats", cid).out.splitlines()
    assert json.loads(line)["data"]["pids"]["limit"] == 66


def test_runtime_survives_the_parent_death_signal_setting(runtime, bundle):
    """PDEATHSIG of the call must not end the container when the caller's thread is gone."""
    engine = Engine(runtime, bundle, parent_death=True)
    cid = runtime.cid()
    bundle.sleep().save()
    engine.ok("create", "--bundle", str(bundle.path), cid)
    engine.ok("start", cid)
    time.sleep(0.2)
    assert runtime.state(cid)["status"] == "running"
    out = runtime.raw([runtime.path, "--root", runtime.root, "exec", cid, "grep", "-c", ".", "/proc/1/status"])
    assert out.code == 0


# ---- dockerd and CRI-O at start ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argv", [["features"], ["--version"]])
def test_probes_without_anything(runtime, argv):
    """No environment, no standard input, directory /."""
    result = runtime.raw([runtime.path, *argv], env={}, cwd="/")
    assert result.code == 0 and result.err == "" and result.out


def test_docker_version_parse(runtime):
    text = runtime.raw([runtime.path, "--version"]).out
    match = re.search(r"^(.+) version (.+)$", text, re.M)
    assert match and re.match(r"\d+\.\d+", match[2])


def test_crio_features_combined(runtime):
    done = subprocess.run([runtime.path, "features"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10, stdin=subprocess.DEVNULL)
    document = json.loads(done.stdout)
    assert document["ociVersionMin"] and document["ociVersionMax"]
    if runtime.kind == "redoubt":
        assert document["linux"]["mountExtensions"]["idmap"]["enabled"] is True
        assert "user" in document["linux"]["namespaces"] and "rro" in document["mountOptions"]


# ---- podman and conmon --------------------------------------------------------------------------------------------------------


def conmon(runtime, bundle):
    env = {**os.environ, "_OCI_SYNCPIPE": "3", "_OCI_STARTPIPE": "4", "XDG_RUNTIME_DIR": ""}
    return Engine(runtime, bundle, root=False, env=env, cwd="/tmp", ignore_sigpipe=True, new_group=True)


def podman(runtime, bundle, path=False):
    return Engine(runtime, bundle, root=False, env={"XDG_RUNTIME_DIR": "", **({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} if path else {})})


def test_podman_life_cycle_without_global_flags(runtime, bundle):
    """Every call after create has no flags at all; kill, pause and delete not even PATH."""
    cid = runtime.cid()
    bundle.sh("trap 'exit 0' TERM; while :; do sleep 0.05; done").save()
    conmon(runtime, bundle).ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/pidfile", cid)
    pid = int((bundle.path / "pidfile").read_text())
    podman(runtime, bundle, path=True).ok("start", cid)
    bare = podman(runtime, bundle)
    bare.ok("pause", cid)
    bare.ok("resume", cid)
    assert json.loads(bare.ok("state", cid).out)["status"] == "running"
    wait_for(lambda: host.catches(pid, signal.SIGTERM))
    bare.ok("kill", cid, "15")
    assert host.exit_status(pid) == 0
    bare.ok("delete", "--force", cid)
    assert bare("state", cid).code == 1


def test_podman_default_root_with_empty_xdg(runtime, bundle):
    """XDG_RUNTIME_DIR="" is as good as unset."""
    cid = runtime.cid()
    bundle.sleep().save()
    conmon(runtime, bundle).ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/p", cid)
    assert os.path.isdir(f"/run/{runtime.kind}/{cid}")
    podman(runtime, bundle).ok("delete", "--force", cid)


def test_conmon_sigpipe_is_reset_for_the_process(runtime, bundle):
    cid = runtime.cid()
    (bundle.path / "out").mkdir(mode=0o777)
    bundle.mount("/out", bundle.path / "out", options=["bind", "rw"]).sh("grep SigIgn /proc/self/status >/out/ignored").save()
    conmon(runtime, bundle).ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/p", cid)
    podman(runtime, bundle, path=True).ok("start", cid)
    wait_for(lambda: (bundle.path / "out/ignored").exists() and (bundle.path / "out/ignored").read_text())
    if runtime.kind == "redoubt":
        assert int((bundle.path / "out/ignored").read_text().split()[1], 16) >> (signal.SIGPIPE - 1) & 1 == 0
    podman(runtime, bundle).ok("delete", "--force", cid)


def test_conmon_exec(runtime, bundle, work):
    cid = runtime.cid()
    bundle.sleep().save()
    conmon(runtime, bundle).ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/p", cid)
    podman(runtime, bundle, path=True).ok("start", cid)
    process = {"args": ["sh", "-c", "exit 31"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}
    (work / "process").write_text(json.dumps(process))
    conmon(runtime, bundle).ok("exec", "--pid-file", f"{bundle.path}/e", "--process", f"{work}/process", "--detach", cid)
    assert os.WEXITSTATUS(host.exit_status(int((bundle.path / "e").read_text()))) == 31
    podman(runtime, bundle).ok("delete", "--force", cid)


def test_conmon_failure_is_on_stderr(runtime, bundle):
    bundle.args("nosuch").save()
    result = conmon(runtime, bundle)("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/p", runtime.cid())
    assert result.code == 1 and 'executable file not found in $PATH' in result.err
    assert len(result.err.splitlines()) == 1


def test_podman_log_is_one_object(runtime, bundle, work):
    """A second line would make podman fall back to raw text."""
    bundle.args("nosuch").save()
    log = work / "oci-log"
    runtime("create", "--bundle", bundle.path, runtime.cid(), global_args=["--log-format=json", "--log", log])
    assert set(json.loads(log.read_text())) == {"level", "msg", "time"}


def test_podman_checkpoint_probe(runtime):
    assert runtime.raw([runtime.path, "checkpoint", "--help"]).code == 0


def test_podman_lsm_probe(runtime):
    result = runtime.raw([runtime.path, "restore", "--lsm-mount-context"])
    assert "flag needs an argument" in result.all


@pytest.mark.vm
def test_podman_update_from_a_file(runtime, bundle, work):
    cid = runtime.cid()
    bundle.sleep().save()
    conmon(runtime, bundle).ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/p", cid)
    (work / "res").write_text(json.dumps({"pids": {"limit": 40}}))
    podman(runtime, bundle, path=True).ok("update", f"--resources={work}/res", cid)
    podman(runtime, bundle).ok("delete", "--force", cid)


# ---- buildah, BuildKit, CRI-O -------------------------------------------------------------------------------------------------


def test_buildah_polls_state(runtime, bundle):
    cid = runtime.cid()
    bundle.sh("sleep 0.3; exit 4").save()
    engine = Engine(runtime, bundle, root=False, env=dict(os.environ))
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/pid", cid)
    engine.ok("start", cid)
    seen = []
    while not seen or seen[-1] != "stopped":
        seen.append(json.loads(engine.ok("state", cid).out)["status"])
        time.sleep(0.02)
    assert set(seen) <= {"running", "stopped"}
    engine.ok("delete", cid)


def test_buildkit_run_keep(runtime, bundle, work):
    """Foreground, no --root, own process group, SIGPIPE ignored, cgroupsPath with colons taken literally."""
    cid = runtime.cid()
    bundle.linux["cgroupsPath"] = f"system.slice:docker:{cid}"
    bundle.sh("echo built; exit 3").save()
    engine = Engine(runtime, bundle, ["--log", f"{work}/runc-log.json", "--log-format", "json"], root=False, env=dict(os.environ), ignore_sigpipe=True, new_group=True)
    result = engine("run", "--bundle", str(bundle.path), "--keep", cid)
    assert (result.code, result.out) == (3, "built\n"), str(result)
    assert json.loads(engine.ok("state", cid).out)["status"] == "stopped"
    engine.ok("delete", cid)


def test_crio_exec_in_the_foreground(runtime, bundle, work):
    engine = Engine(runtime, bundle, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CRI_O_EXTERNAL": "1", "XDG_RUNTIME_DIR": "/run/user/0"})
    cid = runtime.cid()
    bundle.sleep().save()
    engine.ok("create", "--bundle", str(bundle.path), "--pid-file", f"{bundle.path}/pid", cid)
    engine.ok("start", cid)
    process = {"args": ["sh", "-c", "cat; exit 8"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}
    (work / "process").write_text(json.dumps(process))
    result = engine("exec", "--process", f"{work}/process", cid, stdin="typed")
    assert (result.code, result.out) == (8, "typed")
    engine.ok("kill", cid, "KILL")
    wait_for(lambda: runtime.state(cid)["status"] == "stopped")
    engine.ok("kill", "-a", cid, "9")
    engine.ok("delete", "--force", cid)


def test_conmon_rs_repeats_its_flags(runtime, bundle):
    engine = Engine(runtime, bundle, [f"--root={runtime.root}"])
    cid = runtime.cid()
    bundle.sleep().save()
    engine.ok("create", "--bundle", str(bundle.path), f"--pid-file={bundle.path}/pid", cid)
    engine.ok("start", cid)
    engine.ok("exec", "-d", f"--pid-file={bundle.path}/e", cid, "sleep", "50")
    assert host.alive(int((bundle.path / "e").read_text()))


def test_restore_with_single_dashes_is_parsed(runtime, work):
    """go-runc writes -no-subreaper."""
    result = runtime("restore", "--image-path", work, "--work-path", work, "--detach", "-no-subreaper", "--bundle", work, runtime.cid())
    assert result.code == 1 and "flag provided but not defined" not in result.all


@pytest.mark.parametrize("what", ["stdin", "stdout", "stderr"])
def test_closed_pipe_of_the_engine(runtime, bundle, what):
    """The reader went away: the container starts all the same."""
    bundle.sleep().save()
    cid = runtime.cid()
    read, write = os.pipe()
    fds = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    fds[what] = read if what == "stdin" else write
    os.close(write if what == "stdin" else read)
    child = subprocess.Popen(runtime.argv("run", "-d", "--bundle", bundle.path, cid), **fds)
    os.close(read if what == "stdin" else write)
    assert child.wait(20) == 0
    assert runtime.state(cid)["status"] == "running"
