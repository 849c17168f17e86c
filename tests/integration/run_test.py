"""run: foreground and detached, exit codes, stdio, pid file, signals."""

import os
import re
import signal
import stat
import subprocess
import time

import pytest

from harness import host
from harness.runtime import wait_for


@pytest.mark.parametrize("code", [0, 1, 42, 127, 255])
def test_exit_code(runtime, bundle, code):
    assert runtime.run(bundle.sh(f"exit {code}")).code == code


@pytest.mark.parametrize("name", ["KILL", "TERM", "ABRT", "SEGV"])
def test_exit_code_of_a_signal(runtime, bundle, name):
    """PID 1 is immune to its own signals, so the payload runs one level down in the host's pid namespace."""
    bundle.without_namespace("pid").sh(f"kill -{name} $$")
    assert runtime.run(bundle).code == 128 + getattr(signal, "SIG" + name)


def test_stdout_stderr_stdin(runtime, bundle):
    result = runtime.run(bundle.sh("cat; echo to-stderr >&2"), stdin="from stdin\n")
    assert result.code == 0
    assert result.out == "from stdin\n"
    assert result.err == "to-stderr\n"


def test_large_output_is_complete(runtime, bundle):
    out = runtime.output(bundle.sh("dd if=/dev/zero bs=65536 count=160 2>/dev/null | tr '\\0' x"))
    assert len(out) == 160 * 65536


def test_output_written_just_before_exit_is_not_lost(runtime, bundle):
    bundle.sh("printf 'last words'")
    for _ in range(5):
        assert runtime.output(bundle) == "last words"


def test_container_is_gone_after_foreground_run(runtime, bundle):
    cid = runtime.cid()
    assert runtime.run(bundle.args("true"), cid=cid).code == 0
    runtime.fails("state", cid, match="container does not exist")


def test_keep(runtime, bundle):
    runtime.requires("1.1")
    cid = runtime.cid()
    assert runtime.run(bundle.sh("exit 3"), "--keep", cid=cid).code == 3
    assert runtime.state(cid)["status"] == "stopped"
    runtime.ok("delete", cid)


def test_detach(runtime, bundle):
    c = runtime.detached(bundle.sleep())
    assert c.status == "running"


def test_detached_container_inherits_stdio(runtime, bundle, work):
    log = work / "log"
    bundle.sh("echo out; echo err >&2; sleep 100")
    bundle.save()
    cid = runtime.cid()
    with open(log, "w") as file:
        subprocess.run(
            runtime.argv("run", "--detach", "--bundle", bundle.path, cid), stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=20, check=True
        )
    wait_for(lambda: log.read_text() == "out\nerr\n", what="output")


def test_run_prints_nothing_itself(runtime, bundle):
    result = runtime.run(bundle.args("true"))
    assert result.all == ""


def test_pid_file(runtime, bundle, work):
    file = work / "pid"
    c = runtime.detached(bundle.sleep(), "--pid-file", file)
    assert re.fullmatch(r"\d+", file.read_text()), "decimal digits, no newline"
    assert int(file.read_text()) == c.pid
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0


def test_pid_file_is_relative_to_the_callers_directory(runtime, bundle, work):
    c = runtime.detached(bundle.sleep(), "--pid-file", "the.pid", cwd=work)
    assert int((work / "the.pid").read_text()) == c.pid


def test_pid_file_replaces_an_old_one(runtime, bundle, work):
    file = work / "pid"
    file.write_text("old and longer than a pid")
    c = runtime.detached(bundle.sleep(), "--pid-file", file)
    assert file.read_text() == str(c.pid)
    assert os.listdir(work).count("pid") == 1 and not [n for n in os.listdir(work) if n.startswith(".pid")]


def test_bundle_defaults_to_cwd(runtime, bundle):
    bundle.sh("echo here").save()
    result = runtime("run", runtime.cid(), cwd=bundle.path)
    assert (result.code, result.out) == (0, "here\n")


def test_bundle_relative(runtime, bundle):
    bundle.sh("echo here").save()
    result = runtime("run", "-b", bundle.path.name, runtime.cid(), cwd=bundle.path.parent)
    assert (result.code, result.out) == (0, "here\n")


def test_flags_after_the_id(runtime, bundle):
    bundle.sh("echo here").save()
    result = runtime("run", runtime.cid(), "--bundle", bundle.path)
    if runtime.kind == "runc" and runtime.version < (1, 5):
        pytest.skip("peer: old runc stops at the id")
    assert (result.code, result.out) == (0, "here\n")


@pytest.mark.parametrize("form", [["--bundle=@"], ["-bundle", "@"], ["-bundle=@"], ["-b=@"], ["-b", "@"]], ids=" ".join)
def test_go_flag_forms(runtime, bundle, form):
    bundle.sh("echo here").save()
    flags = [word.replace("@", str(bundle.path)) for word in form]
    result = runtime("run", *flags, runtime.cid())
    assert (result.code, result.out) == (0, "here\n")


@pytest.mark.parametrize("value, kept", [("true", True), ("false", False)])
def test_bool_flag_with_value(runtime, bundle, value, kept):
    bundle.args("true").save()
    cid = runtime.cid()
    runtime.ok("run", f"--keep={value}", "--bundle", bundle.path, cid)
    assert (runtime("state", cid).code == 0) == kept


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM", "USR1", "USR2", "QUIT", "WINCH"])
def test_signals_are_forwarded(runtime, bundle, name):
    if name == "WINCH":
        pytest.skip("peer: SIGWINCH is not forwarded without a terminal") if runtime.kind != "redoubt" else None
    ready = bundle.path / "ready"
    ready.mkdir(mode=0o777)
    bundle.mount("/ready", ready, options=["bind", "rw"])
    bundle.sh(f"trap 'exit 33' {name}; touch /ready/go; i=0; while [ $i -lt 40 ]; do sleep 0.05; i=$((i+1)); done; exit 44")
    bundle.save()
    child = subprocess.Popen(
        runtime.argv("run", "--bundle", bundle.path, runtime.cid()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for((ready / "go").exists)
    child.send_signal(getattr(signal, "SIG" + name))
    assert child.wait(20) == (44 if name == "WINCH" else 33)


def test_killed_runtime_leaves_a_deletable_container(runtime, bundle):
    bundle.sleep().save()
    cid = runtime.cid()
    child = subprocess.Popen(
        runtime.argv("run", "--bundle", bundle.path, cid), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: runtime("state", cid).code == 0 and runtime.state(cid)["status"] == "running")
    child.kill()
    child.wait()
    runtime.ok("delete", "--force", cid)


def test_foreground_run_reaps_orphans(runtime, bundle):
    """Without a pid namespace the runtime is the subreaper of the container's orphans."""
    bundle.without_namespace("pid").sh("(sleep 0.1 &) ; sleep 0.4")
    assert runtime.run(bundle).code == 0


def test_environment(runtime, bundle):
    bundle.process["env"] = ["PATH=/bin", "A=1", "EMPTY=", "B=two words", "X=a=b"]
    out = runtime.output(bundle.args("env"))
    assert {"A=1", "EMPTY=", "B=two words", "X=a=b", "PATH=/bin"} <= set(out.splitlines())


def test_environment_of_the_caller_does_not_leak(runtime, bundle):
    result = runtime.run(bundle.args("env"), env={**os.environ, "SECRET_OF_THE_HOST": "1"})
    assert "SECRET_OF_THE_HOST" not in result.out


def test_last_duplicate_variable_wins(runtime, bundle):
    runtime.requires("1.3")
    bundle.env("DUP=first", "DUP=second")
    lines = runtime.output(bundle.args("env")).splitlines()
    assert [line for line in lines if line.startswith("DUP=")] == ["DUP=second"]


@pytest.mark.parametrize("uid, home", [(0, "/root"), (1000, "/home/app"), (4242, "/")])
def test_home_is_filled_from_passwd(runtime, bundle, uid, home):
    bundle.user(uid).sh("echo $HOME")
    (bundle.rootfs / "root").chmod(0o755)
    assert runtime.output(bundle) == home + "\n"


def test_home_that_is_set_is_kept(runtime, bundle):
    bundle.env("HOME=/elsewhere").sh("echo $HOME")
    assert runtime.output(bundle) == "/elsewhere\n"


def test_home_that_is_empty_is_filled(runtime, bundle):
    runtime.requires("1.3")
    bundle.env("HOME=").sh("echo $HOME")
    assert runtime.output(bundle) == "/root\n"


def test_home_of_a_passwd_without_end(runtime, bundle):
    """A sparse file of 64 GiB costs the image a few blocks; reading it all held up the start for as long as that takes."""
    with open(bundle.rootfs / "etc/passwd", "a") as passwd:
        passwd.truncate(64 << 30)
    bundle.user(1000).sh("echo $HOME")
    assert runtime.output(bundle, timeout=5) == "/home/app\n"
    assert runtime.output(bundle.user(4242), timeout=5) == "/\n"


def test_cwd(runtime, bundle):
    bundle.process["cwd"] = "/etc"
    assert runtime.output(bundle.args("pwd")) == "/etc\n"


def test_missing_cwd_is_created(runtime, bundle):
    bundle.writable().process["cwd"] = "/made/for/me"
    assert runtime.output(bundle.sh("pwd; stat -c %a .")) == "/made/for/me\n755\n"


def test_cwd_only_the_user_may_enter(runtime, bundle):
    directory = bundle.rootfs / "home/app"
    os.chown(directory, 1000, 1000)
    directory.chmod(0o700)
    bundle.user(1000).process["cwd"] = "/home/app"
    assert runtime.output(bundle.args("pwd")) == "/home/app\n"


def test_command_is_looked_up_in_the_containers_path(runtime, bundle):
    bundle.add("opt/tool", text="#!/bin/sh\necho tool from opt\n")
    bundle.process["env"] = ["PATH=/nowhere:/opt:/bin"]
    assert runtime.output(bundle.args("tool")) == "tool from opt\n"


@pytest.mark.parametrize(
    "args, words",
    [
        (["nosuch"], r'exec: \\?"nosuch\\?": executable file not found in \$PATH'),
        (["/nosuch"], r"no such file or directory"),
        (["/etc/passwd"], r"permission denied"),
        (["/etc"], r"permission denied|is a directory"),
    ],
    ids=["not-in-path", "absolute", "not-executable", "directory"],
)
def test_command_that_cannot_be_executed(runtime, bundle, args, words):
    """Docker and podman turn exactly these words into exit codes 126 and 127."""
    result = runtime.refused(bundle.args(*args), match=words)
    assert result.code == 1


def test_missing_interpreter(runtime, bundle):
    bundle.add("bin/script", text="#!/no/such/interpreter\n")
    result = runtime.run(bundle.args("/bin/script"))
    assert result.code in (1, 255)
    assert "no such file or directory" in result.err


def test_hostname_and_domainname(runtime, bundle):
    bundle.config["hostname"] = "inner"
    assert runtime.output(bundle.sh("hostname")) == "inner\n"
    runtime.requires("1.2")
    bundle.config["domainname"] = "example.org"
    assert runtime.output(bundle.sh("cat /proc/sys/kernel/domainname")) == "example.org\n"


def test_closed_stdio(runtime, bundle):
    """Closed descriptors 0 to 2 at the start are not reused for something else."""
    bundle.sh("for i in 0 1 2; do readlink /proc/self/fd/$i >>/tmp/fds || echo closed >>/tmp/fds; done").writable().save()
    cid = runtime.cid()

    def close():
        for fd in (0, 1, 2):
            os.close(fd)

    child = subprocess.Popen(runtime.argv("run", "--bundle", bundle.path, cid), preexec_fn=close)
    child.wait(20)
    path = bundle.rootfs / "tmp/fds"
    if path.exists():
        for line in path.read_text().splitlines():
            assert str(runtime.root) not in line and "state" not in line and "cgroup" not in line


def test_detached_run_of_a_short_process(runtime, bundle):
    c = runtime.detached(bundle.args("true"))
    c.wait("stopped")
    c.delete()


def test_pid_1_and_session(runtime, bundle):
    out = runtime.output(bundle.sh("echo $$; cut -d' ' -f1,4,5,6 /proc/1/stat"))
    assert out.splitlines()[0] == "1"
    pid, parent, group, session = out.splitlines()[1].split()
    assert (pid, parent, group, session) == ("1", "0", "1", "1")


def test_no_extra_descriptors(runtime, bundle):
    out = runtime.output(bundle.sh("ls /proc/self/fd"))
    assert out.split() in (["0", "1", "2", "3"], ["0", "1", "2"])  # 3 is the directory that ls reads


def test_signal_dispositions_and_mask_are_reset(runtime, bundle):
    def ignore():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])

    status = runtime.run(bundle.args("cat", "/proc/self/status"), preexec=ignore).out  # not by a shell: ash ignores SIGQUIT
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert int(fields["SigBlk"], 16) == 0
    if runtime.kind == "redoubt":  # Go leaves an ignored SIGHUP or SIGINT alone, and the rest to luck
        assert int(fields["SigIgn"], 16) == 0


def test_hidden_time_of_many_runs(runtime, bundle):
    """Twenty runs in a row: no state builds up."""
    bundle.args("true")
    for _ in range(20):
        assert runtime.run(bundle).code == 0
    assert not host.children() or set(host.children()) <= set(runtime.baseline_children)
