"""exec: one more process in a container; every flag, exit codes, process.json."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from harness import host
from harness.runtime import wait_for

CAPS = {"AUDIT_WRITE": 29, "KILL": 5, "NET_BIND_SERVICE": 10, "SYS_NICE": 23}


def status_of(container, *flags):
    """/proc/self/status of an exec'd process, as a dictionary."""
    text = container.sh("cat /proc/self/status", flags=flags)
    return {key: value.strip() for key, value in (line.split(":", 1) for line in text.splitlines())}


def process_json(sleeper, **changes):
    document = {"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, **changes}
    path = sleeper.bundle.path / "process.json"
    path.write_text(json.dumps(document))
    return path


def test_output_and_code(sleeper):
    result = sleeper.exec("sh", "-c", "echo out; echo err >&2; exit 9")
    assert (result.code, result.out, result.err) == (9, "out\n", "err\n")


def test_stdin(sleeper):
    assert sleeper.exec("cat", stdin="hello").out == "hello"


def test_signal_exit_code(sleeper):
    assert sleeper.exec("sh", "-c", "kill -TERM $$").code == 128 + signal.SIGTERM


def test_in_created_container(runtime, bundle):
    c = runtime.create(bundle.sleep())
    assert c.sh("echo works") == "works\n"


def test_stopped(runtime, sleeper):
    sleeper.stop()
    runtime.fails("exec", sleeper.id, "true", code=255, match="cannot exec in a stopped container|cannot exec a container that has stopped")


def test_no_args(runtime, sleeper):
    result = runtime("exec", sleeper.id)
    assert result.code == (255 if runtime.kind == "redoubt" or runtime.version >= (1, 2) else result.code) and result.code != 0
    assert re.search("(exec|process) args cannot be empty", result.err) or "requires a minimum" in result.err


def test_flags_after_the_id_belong_to_the_command(sleeper):
    assert sleeper.exec("sh", "-c", 'echo "[$0 $1]"', "-e", "-t").out == "[-e -t]\n"


def test_cwd(sleeper):
    assert sleeper.sh("pwd", flags=("--cwd", "/etc")) == "/etc\n"


def test_cwd_defaults_to_the_containers(runtime, bundle):
    bundle.process["cwd"] = "/tmp"
    assert runtime.detached(bundle.sleep()).sh("pwd") == "/tmp\n"


def test_env(sleeper):
    out = sleeper.sh("env", flags=("--env", "A=1", "--env", "B=x y"))
    assert {"A=1", "B=x y"} <= set(out.splitlines())


def test_env_overrides(runtime, bundle):
    runtime.requires("1.3")
    bundle.env("A=config")
    c = runtime.detached(bundle.sleep())
    assert c.sh("echo $A", flags=("-e", "A=flag")) == "flag\n"


def test_env_of_config_is_the_base(runtime, bundle):
    bundle.env("FROM_CONFIG=yes")
    assert runtime.detached(bundle.sleep()).sh("echo $FROM_CONFIG") == "yes\n"


@pytest.mark.parametrize("user, expected", [("1000", "1000:0"), ("1000:1000", "1000:1000"), ("0:5", "0:5"), ("4242:1", "4242:1")])
def test_user(sleeper, user, expected):
    assert sleeper.sh("echo $(id -u):$(id -g)", flags=("--user", user)) == expected + "\n"


def test_additional_gids(sleeper):
    assert sleeper.sh("id -G", flags=("-u", "1000:1000", "-g", "7", "-g", "8")).split() == ["1000", "7", "8"]


def test_no_new_privs(runtime, bundle):
    bundle.process["noNewPrivileges"] = False
    c = runtime.detached(bundle.sleep())
    assert status_of(c)["NoNewPrivs"] == "0"
    assert status_of(c, "--no-new-privs")["NoNewPrivs"] == "1"


def test_no_new_privs_can_be_taken_back(sleeper):
    assert status_of(sleeper)["NoNewPrivs"] == "1"
    assert status_of(sleeper, "--no-new-privs=false")["NoNewPrivs"] == "0"


def test_cap_adds_to_the_configured_set(sleeper):
    before, after = status_of(sleeper), status_of(sleeper, "--cap", "CAP_SYS_NICE")
    bit = 1 << CAPS["SYS_NICE"]
    for key in ("CapBnd", "CapEff", "CapPrm"):
        assert int(after[key], 16) == int(before[key], 16) | bit, key
    assert int(after["CapInh"], 16) == 0


def test_tty_gives_a_terminal(runtime, sleeper, work):
    from harness.sockets import FdReceiver, read_until

    with FdReceiver(work / "tty.sock") as console:
        runtime.ok("exec", "--detach", "--tty", "--console-socket", console.path, sleeper.id, "sh", "-c", "test -t 0 && echo is-a-tty; tty")
        _, fds = console.receive()
        data = read_until(fds[0], b"/dev/pts/")
    assert b"is-a-tty" in data


def test_process_json(sleeper):
    path = process_json(sleeper, args=["sh", "-c", "id -u; id -g; id -G; pwd; echo $V"], cwd="/etc", env=["PATH=/bin", "V=7"],
                        user={"uid": 1000, "gid": 1001, "additionalGids": [5]})  # fmt: skip
    result = sleeper.rt("exec", "--process", path, sleeper.id)
    assert result.out.splitlines() == ["1000", "1001", "1001 5", "/etc", "7"]


def test_process_json_without_capabilities_never_has_more_than_the_container(sleeper):
    path = process_json(sleeper, args=["grep", "Cap", "/proc/self/status"])
    limit = int(status_of(sleeper)["CapBnd"], 16)
    for line in sleeper.rt.ok("exec", "-p", path, sleeper.id).out.splitlines():
        assert int(line.split()[1], 16) & ~limit == 0, line


def test_process_json_without_capabilities_has_the_containers(sleeper):
    path = process_json(sleeper, args=["grep", "Cap", "/proc/self/status"])
    assert sleeper.rt.ok("exec", "-p", path, sleeper.id).out == sleeper.rt.ok("exec", sleeper.id, "grep", "Cap", "/proc/self/status").out


def test_process_json_capabilities(sleeper):
    capabilities = {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted")}
    path = process_json(sleeper, args=["grep", "Cap", "/proc/self/status"], capabilities=capabilities)
    values = {line.split()[0]: int(line.split()[1], 16) for line in sleeper.rt.ok("exec", "-p", path, sleeper.id).out.splitlines()}
    kill = 1 << CAPS["KILL"]
    assert values == {"CapInh:": 0, "CapPrm:": kill, "CapEff:": kill, "CapBnd:": kill, "CapAmb:": 0}


def test_process_json_rlimits_and_nnp(sleeper):
    path = process_json(
        sleeper,
        args=["sh", "-c", "ulimit -n; grep NoNewPrivs /proc/self/status"],
        rlimits=[{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 88}],
        noNewPrivileges=True,
    )
    out = sleeper.rt.ok("exec", "--process", path, sleeper.id).out.split()
    assert out[0] == "77"
    assert out[1:3] == ["NoNewPrivs:", "1"]


@pytest.mark.parametrize(
    "text, words",
    [("", "EOF|empty|unexpected"), ("{", "EOF|unexpected|end"), ("[]", "cannot unmarshal|object|array"), ('{"cwd":"/"}', "args|property"),
     ('{"args":["true"],"cwd":"relative"}', "[Cc]wd|absolute")],
    ids=["empty", "cut", "array", "no-args", "relative-cwd"],
)  # fmt: skip
def test_bad_process_json(sleeper, text, words):
    path = sleeper.bundle.path / "bad.json"
    path.write_text(text)
    result = sleeper.rt("exec", "--process", path, sleeper.id)
    assert result.code in (1, 255) and re.search(words, result.err), str(result)


def test_missing_process_json(sleeper):
    result = sleeper.rt("exec", "--process", "/no/such.json", sleeper.id)
    assert result.code in (1, 255) and "no such file or directory" in result.err


def test_detach_and_pid_file(runtime, sleeper, work):
    file = work / "exec.pid"
    runtime.ok("exec", "--detach", "--pid-file", file, sleeper.id, "sleep", "500")
    pid = int(file.read_text())
    assert re.fullmatch(r"\d+", file.read_text())
    assert host.alive(pid)
    # The call ends when the process is confined; execve is its next act, as with runc.
    wait_for(lambda: open(f"/proc/{pid}/cmdline").read() == "sleep\x00500\x00", what="execve of the detached process")


def test_detached_process_is_our_child(runtime, sleeper, work):
    """conmon and the shim wait for it."""
    file = work / "exec.pid"
    runtime.ok("exec", "-d", "--pid-file", file, sleeper.id, "sh", "-c", "exit 17")
    assert os.WEXITSTATUS(host.exit_status(int(file.read_text()))) == 17


def test_foreground_pid_file(runtime, sleeper, work):
    runtime.ok("exec", "--pid-file", "rel.pid", sleeper.id, "true", cwd=work)
    assert (work / "rel.pid").read_text().isdigit()


@pytest.mark.parametrize("detach", [False, True], ids=["foreground", "detached"])
@pytest.mark.parametrize(
    "command, words", [("nosuch", r'\\?"nosuch\\?": executable file not found in \$PATH'), ("/nosuch", "no such file or directory"),
                       ("/etc/passwd", "permission denied")]
)  # fmt: skip
def test_command_that_cannot_be_executed(runtime, sleeper, command, words, detach):
    runtime.fails("exec", *(["-d"] if detach else []), sleeper.id, command, code=255, match=words)


def test_exec_failed_prefix(runtime, sleeper):
    runtime.fails("exec", sleeper.id, "nosuch", code=255, match="exec failed: unable to start container process: ")


def test_joins_every_namespace_and_the_cgroup(runtime, sleeper, work):
    file = work / "pid"
    runtime.ok("exec", "-d", "--pid-file", file, sleeper.id, "sleep", "100")
    pid, init = int(file.read_text()), sleeper.pid
    for name in os.listdir(f"/proc/{init}/ns"):
        assert os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(f"/proc/{init}/ns/{name}"), name
    assert open(f"/proc/{pid}/cgroup").read() == open(f"/proc/{init}/cgroup").read()
    assert os.readlink(f"/proc/{pid}/root") == os.readlink(f"/proc/{init}/root")


def test_same_confinement_as_init(runtime, bundle):
    """Seccomp, no_new_privs, capabilities and limits of the configuration hold for exec, too."""
    bundle.seccomp(("SCMP_ACT_ERRNO", ["mkdir", "mkdirat"], {"errnoRet": 1}))
    bundle.writable()
    c = runtime.detached(bundle.sleep())
    status = status_of(c)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
    assert c.exec("mkdir", "/tmp/x").code != 0
    assert c.sh("ulimit -n") == "1024\n"


def test_no_extra_descriptors(sleeper):
    assert sleeper.sh("ls /proc/self/fd").split() in (["0", "1", "2"], ["0", "1", "2", "3"])


def test_preserve_fds(runtime, sleeper, work):
    path = work / "kept"
    path.write_text("kept open")
    argv = runtime.argv("exec", "--preserve-fds", "1", sleeper.id, "sh", "-c", "cat <&3")
    assert runtime.with_fds({3: path}, argv).out == "kept open"


@pytest.mark.parametrize("flag", ["--process-label", "--apparmor"])
def test_label_without_its_lsm(runtime, sleeper, flag):
    """Never run unconfined when a label was asked for."""
    if {"--process-label": "selinux", "--apparmor": "apparmor"}[flag] in host.lsms():
        pytest.skip("peer: this machine has the LSM")
    if runtime.kind == "runc" and runtime.version < (1, 2):
        pytest.skip("peer: old runc ignores it")
    assert sleeper.exec("true", flags=(flag, "some_u:some_r:some_t:s0")).code == 255


def test_cgroup_sub_path(runtime, sleeper):
    runtime.requires("1.2")
    inner = sleeper.cgroup() / "inner"
    inner.mkdir()
    assert sleeper.sh("cat /proc/self/cgroup", flags=("--cgroup", "inner")).splitlines()[-1].endswith("/inner")


@pytest.mark.parametrize("path", ["../x", "../../", "inner/../../x"])
def test_cgroup_outside(runtime, sleeper, path):
    runtime.requires("1.2")
    runtime.fails("exec", "--cgroup", path, sleeper.id, "true", code=255, match="bad sub cgroup path")


def test_cgroup_missing(runtime, sleeper):
    if runtime.kind == "runc" and host.is_hybrid():
        pytest.skip("peer: runc on v1 takes a controller list")
    result = runtime("exec", "--cgroup", "no-such-cgroup", sleeper.id, "true")
    assert result.code == 255, str(result)


def test_foreground_forwards_signals(runtime, sleeper):
    child = subprocess.Popen(
        runtime.argv("exec", sleeper.id, "sh", "-c", "trap 'exit 21' TERM; echo ready; while :; do sleep 0.05; done"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 21
    child.stdout.close()


def test_many_at_once(runtime, sleeper):
    calls = [
        subprocess.Popen(runtime.argv("exec", sleeper.id, "sh", "-c", f"exit {n}"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for n in range(20)
    ]
    assert [call.wait(30) for call in calls] == list(range(20))


def test_killed_exec_leaves_nothing_of_the_runtime(runtime, sleeper):
    child = subprocess.Popen(runtime.argv("exec", sleeper.id, "sleep", "3"), stdin=subprocess.DEVNULL)
    time.sleep(0.3)
    child.kill()
    child.wait()
    assert sleeper.status == "running"
    assert sleeper.sh("echo alive") == "alive\n"


def test_exec_sees_container_after_start_of_created(runtime, bundle):
    c = runtime.create(bundle.sh("touch /tmp/started; sleep 100").writable())
    c.start()
    wait_for(lambda: c.exec("ls", "/tmp/started").code == 0)


def test_umask_of_the_container(runtime, bundle):
    runtime.requires("1.2")
    bundle.process["user"]["umask"] = 0o77
    assert runtime.detached(bundle.sleep()).sh("umask") == "0077\n"
