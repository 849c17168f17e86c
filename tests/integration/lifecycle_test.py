"""create, start, state, kill, delete: words, exit codes and what is on disk in each state."""

import json
import os
import re
import signal
import stat
import time

import pytest

from harness import host, leaks
from harness.runtime import wait_for


def test_create_start_stop_delete(runtime, bundle):
    c = runtime.create(bundle.sleep())
    assert c.status == "created"
    c.start()
    assert c.status == "running"
    c.stop()
    assert c.state()["pid"] == 0
    assert c.delete().all == ""
    runtime.fails("state", c.id, match="container does not exist")


def test_state_document(runtime, bundle):
    bundle.config["annotations"] = {"org.example.key": "a value"}
    c = runtime.create(bundle.sleep())
    result = runtime.ok("state", c.id)
    assert result.err == "", "go-runc reads stdout and stderr as one stream"
    document = json.loads(result.out)
    assert document["id"] == c.id
    assert document["status"] == "created"
    assert document["bundle"] == str(bundle.path)
    assert document["rootfs"] == str(bundle.rootfs)
    assert document["annotations"] == {"org.example.key": "a value"}
    assert document["owner"] == ""
    assert re.fullmatch(r"\d+\.\d+\.\d+(-dev)?", document["ociVersion"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", document["created"])
    assert host.alive(document["pid"])
    assert list(document)[:7] == ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created"]
    assert result.out.startswith('{\n  "ociVersion"'), "two-space indent"


def test_state_without_annotations_has_no_key(runtime, sleeper):
    assert "annotations" not in sleeper.state()


def test_created_process_waits_for_start(runtime, bundle, work):
    flag = work / "flag"
    flag.mkdir(mode=0o777)
    bundle.mount("/flag", flag, options=["bind", "rw"])
    c = runtime.create(bundle.sh("touch /flag/ran; sleep 100"))
    time.sleep(0.2)
    assert not (flag / "ran").exists()
    c.start()
    wait_for((flag / "ran").exists)


def test_state_directory_modes(runtime, bundle):
    c = runtime.create(bundle.sleep())
    directory = runtime.root / c.id
    assert stat.S_IMODE(directory.stat().st_mode) == 0o711
    fifo = directory / "exec.fifo"
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert stat.S_IMODE(fifo.stat().st_mode) in (0o622, 0o600, 0o620)
    c.start()
    assert not fifo.exists(), "exec.fifo marks the created state"
    assert stat.S_IMODE((directory / "state.json").stat().st_mode) & 0o022 == 0


def test_nobody_else_can_start(runtime, bundle, work):
    """In a --root that others may pass through, whatever the caller's umask: 0622 as with runc lets every user write the byte."""
    runtime.only_redoubt("mode of exec.fifo")
    bundle.args("touch", "/tmp/started").writable().save()
    runtime.root.mkdir(mode=0o755, exist_ok=True)
    cid = runtime.cid()
    runtime.raw(runtime.argv("create", "--bundle", bundle.path, cid), preexec=lambda: os.umask(0))
    for directory in [*runtime.root.parents, runtime.root]:
        if not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o011)
    done = host.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", f"echo 0 >{runtime.root}/{cid}/exec.fifo")
    assert done.returncode != 0 and runtime.state(cid)["status"] == "created", done
    runtime.ok("delete", cid)
    assert not (bundle.rootfs / "tmp/started").exists()


def test_start_twice(runtime, sleeper):
    runtime.fails("start", sleeper.id, match="cannot start an already running container")


def test_start_stopped(runtime, sleeper):
    sleeper.stop()
    runtime.fails("start", sleeper.id, match="cannot start a container that has stopped")


@pytest.mark.parametrize("verb", ["start", "state", "kill", "pause", "resume", "delete", "ps", "events"])
def test_unknown_container(runtime, verb):
    runtime.fails(verb, runtime.cid(), match="container does not exist")


def test_exec_of_unknown_container(runtime):
    runtime.fails("exec", runtime.cid(), "true", code=255, match="exec failed: container does not exist|container does not exist")


def test_create_existing_id(runtime, sleeper, make_bundle):
    other = make_bundle().sleep()
    other.save()
    runtime.fails("create", "--bundle", other.path, sleeper.id, match="container with given ID already exists|container with id exists")
    assert sleeper.status == "running"


@pytest.mark.parametrize(
    "cid", [".", "..", "a/b", "a b", "a\nb", "a:b", "ä", "a*b"], ids=["dot", "dotdot", "slash", "blank", "newline", "colon", "utf8", "star"]
)
def test_bad_id(runtime, bundle, cid):
    bundle.save()
    result = runtime("create", "--bundle", bundle.path, cid)
    assert result.code == 1
    assert "invalid" in result.err and "id" in result.err.lower()


def test_empty_id(runtime, bundle):
    bundle.save()
    runtime.fails("create", "--bundle", bundle.path, "", match="container id cannot be empty|invalid container ID|invalid id")


@pytest.mark.parametrize("cid", ["a", "A-1_2+3.4", "x" * 200])
def test_good_id(runtime, bundle, cid):
    bundle.save()
    c = runtime.create(bundle.sleep(), cid=runtime.prefix + cid)
    assert c.status == "created"
    c.delete("--force")


# ---- kill ---------------------------------------------------------------------------------------------------------------------


def trap(bundle, name):
    return bundle.sh(f"trap 'exit 42' {name}; while :; do sleep 0.05; done")


@pytest.mark.parametrize(
    "word, name", [("15", "TERM"), ("TERM", "TERM"), ("SIGTERM", "TERM"), ("sigusr1", "USR1"), ("usr1", "USR1"), ("Hup", "HUP"), ("12", "USR2")]
)
def test_kill_signal_words(runtime, bundle, word, name):
    c = runtime.detached(trap(bundle, name))
    wait_for(lambda: host.catches(c.pid, getattr(signal, "SIG" + name)), what="the trap")
    runtime.ok("kill", c.id, word)
    c.wait("stopped")


def test_kill_default_is_sigterm(runtime, bundle):
    c = runtime.detached(trap(bundle, "TERM"))
    wait_for(lambda: host.catches(c.pid, signal.SIGTERM), what="the trap")
    runtime.ok("kill", c.id)
    c.wait("stopped")


@pytest.mark.parametrize("word", ["SIGFOO", "TERMINATE", "9x", "-9"])
def test_kill_unknown_signal(runtime, sleeper, word):
    result = runtime("kill", sleeper.id, "--", word) if word.startswith("-") else runtime("kill", sleeper.id, word)
    assert result.code == 1, str(result)
    assert sleeper.status == "running"


def test_kill_signal_name_in_error(runtime, sleeper):
    runtime.fails("kill", sleeper.id, "SIGFOO", match=r'unknown signal \\?"SIGFOO')


def test_kill_stopped(runtime, sleeper):
    sleeper.stop()
    runtime.fails("kill", sleeper.id, "TERM", match="container not running")


def test_kill_all_of_stopped_succeeds(runtime, sleeper):
    sleeper.stop()
    runtime.ok("kill", "--all", sleeper.id, "9")
    runtime.ok("kill", "-a", sleeper.id, "KILL")


def test_kill_created(runtime, bundle):
    c = runtime.create(bundle.sleep())
    c.kill("KILL")
    c.wait("stopped")


def test_kill_realtime_signal(runtime, sleeper):
    runtime.ok("kill", sleeper.id, "37")


def test_kill_reaches_every_process_without_pid_namespace(runtime, bundle):
    runtime.requires("1.2")
    bundle.without_namespace("pid").sh("sleep 1000 & sleep 1000 & exec sleep 1000")
    c = runtime.detached(bundle)
    wait_for(lambda: len(leaks.processes(c.id)) >= 3, what="three processes")
    c.kill("KILL")
    wait_for(lambda: (host.reap(), not leaks.processes(c.id))[1], what="all processes to end")


@pytest.mark.parametrize("pids", ["host's", "pod's"])
def test_kill_after_init_without_own_pid_namespace(runtime, make_bundle, pids):
    """The first process has ended; the others are still found through the cgroup. A pod's containers join the pid namespace of its sandbox."""
    runtime.requires("1.2")
    bundle = make_bundle().sh("sleep 1000 & sleep 1000 & sleep 0.2")
    if pids == "pod's":
        bundle.namespace("pid", f"/proc/{runtime.detached(make_bundle().sleep()).pid}/ns/pid")
    else:
        bundle.without_namespace("pid")
    c = runtime.detached(bundle)
    c.wait("stopped")
    assert leaks.processes(c.id)
    runtime("kill", "--all", c.id, "KILL")
    wait_for(lambda: (host.reap(), not leaks.processes(c.id))[1], what="all processes to end")


# ---- delete -------------------------------------------------------------------------------------------------------------------


def test_delete_running_is_refused(runtime, sleeper):
    runtime.fails("delete", sleeper.id, match=f"cannot delete container {sleeper.id} that is not stopped: running")
    assert sleeper.status == "running"


def test_delete_created(runtime, bundle):
    c = runtime.create(bundle.sleep())
    c.delete()


def test_delete_force_running(runtime, sleeper):
    assert sleeper.delete("--force").all == ""
    assert not (runtime.root / sleeper.id).exists()


def test_delete_force_unknown(runtime):
    result = runtime.ok("delete", "--force", runtime.cid())
    assert result.all == ""


def test_delete_twice(runtime, bundle):
    c = runtime.create(bundle.sleep())
    c.delete("-f")
    runtime.fails("delete", c.id, match="container does not exist")


def test_delete_removes_leftover_directory(runtime, sleeper):
    left = runtime.root / runtime.cid()
    left.mkdir()
    runtime.fails("delete", left.name, match="container does not exist")
    assert not left.exists()


def test_delete_leaves_files_that_are_no_containers(runtime, sleeper):
    runtime.only_redoubt("care for --root /var and id lib")
    other = runtime.root / runtime.cid()
    other.mkdir()
    (other / "precious").write_text("x")
    runtime.fails("delete", other.name, match="container does not exist: .* holds files of something else; run: delete --force")
    assert (other / "precious").read_text() == "x"
    (other / "precious").unlink()
    runtime.fails("delete", other.name, match="container does not exist")
    assert not other.exists()


def test_delete_force_leaves_what_belongs_to_another_user(runtime, bundle, work):
    """In a root like /tmp: neither a directory nor a file nor a link of somebody else, and no advice to remove it."""
    runtime.only_redoubt("check of owners")
    root = work / "sticky"
    root.mkdir()
    root.chmod(0o1777)
    (root / "directory").mkdir()
    (root / "directory/precious").write_text("x")
    (root / "file").write_text("x")
    (root / "link").symlink_to(work)
    for name in ("directory", "file", "link"):
        os.lchown(root / name, 12345, 12345)
        result = runtime.raw([runtime.path, "--root", root, "delete", "--force", name])
        assert result.code == 1 and "owned by uid 12345, refusing" in result.err and "run:" not in result.err, str(result)
    assert (root / "directory/precious").exists() and (root / "file").exists() and (root / "link").is_symlink()
    listed = runtime.raw([runtime.path, "--root", root, "list"])
    assert listed.code == 0 and "owned by uid 12345" in listed.err and "--force" not in listed.err, str(listed)


def test_delete_force_removes_leftover_directory(runtime, sleeper):
    left = runtime.root / runtime.cid()
    left.mkdir()
    (left / "junk").write_text("x")
    runtime.ok("delete", "--force", left.name)
    assert not left.exists()


def test_delete_without_pid_namespace_kills_the_rest(runtime, bundle):
    runtime.requires("1.2")
    bundle.without_namespace("pid").sh("sleep 1000 & sleep 1000 & sleep 0.2")
    c = runtime.detached(bundle)
    c.wait("stopped")
    c.delete("--force")
    wait_for(lambda: (host.reap(), not leaks.processes(c.id))[1], what="all processes to end")


def test_recreate_same_id(runtime, bundle):
    cid = runtime.cid()
    for _ in range(3):
        c = runtime.create(bundle.sleep(), cid=cid)
        c.start()
        c.delete("--force")


def test_zombie_init_is_stopped(runtime, bundle):
    """The engine has not reaped init yet: the container is stopped, not running."""
    c = runtime.detached(bundle.args("true"))
    c.wait("stopped")
    assert c.state()["pid"] == 0


def test_init_is_reparentable(runtime, bundle):
    """An engine's shim is a subreaper and waits for the pid of the pid file as its own child."""
    bundle.sh("exit 7")
    pid_file = bundle.path / "pid"
    c = runtime.create(bundle, "--pid-file", pid_file)
    pid = int(pid_file.read_text())
    c.start()
    assert os.WEXITSTATUS(host.exit_status(pid)) == 7


def test_exit_signal_is_visible_to_the_reaper(runtime, bundle):
    c = runtime.create(bundle.sleep())
    pid = c.pid
    c.start()
    c.kill("KILL")
    assert os.WTERMSIG(host.exit_status(pid)) == signal.SIGKILL
    c.delete()


def test_created_init_holds_only_known_descriptors(runtime, bundle):
    """What a created init may hold (contract section 9)."""
    c = runtime.create(bundle.sleep())
    allowed = re.compile(
        r"^(/dev/pts/\d+|/dev/null|anon_inode:.*|/|/proc|/proc/\d+/.*|socket:.*|pipe:.*|.*/exec\.fifo.*|/memfd:.*|.*/\d+/attr.*|/tmp/#\d+ \(deleted\)"
        r"|.*runc.*|.*redoubt.*)$"
    )
    for entry in os.listdir(f"/proc/{c.pid}/fd"):
        target = os.readlink(f"/proc/{c.pid}/fd/{entry}")
        if int(entry) > 2:
            assert allowed.match(target), f"fd {entry} -> {target}"
            assert str(bundle.path) not in target, f"fd {entry} -> {target}"


def test_init_executable_is_not_the_host_binary(runtime, bundle):
    runtime.requires("1.2")
    c = runtime.create(bundle.sleep())
    exe = os.stat(f"/proc/{c.pid}/exe")
    mine = os.stat(runtime.path)
    assert (exe.st_dev, exe.st_ino) != (mine.st_dev, mine.st_ino)
