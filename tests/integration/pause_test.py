"""pause and resume."""

import pathlib
import subprocess
import time

import pytest

from harness.runtime import wait_for


def ticks(path):
    return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def counter(runtime, bundle, work):
    """A running container that writes one byte every 20 ms; with the file it writes to."""
    (work / "out").mkdir(mode=0o777)
    bundle.mount("/out", work / "out", options=["bind", "rw"]).sh("while :; do printf x >>/out/ticks; sleep 0.02; done")
    c = runtime.detached(bundle)
    path = work / "out/ticks"
    wait_for(lambda: ticks(path) > 2)
    return c, path


def test_pause_stops_and_resume_continues(runtime, counter):
    c, path = counter
    assert runtime.ok("pause", c.id).all == ""
    assert c.status == "paused"
    before = ticks(path)
    time.sleep(0.2)
    assert ticks(path) == before
    assert runtime.ok("resume", c.id).all == ""
    assert c.status == "running"
    wait_for(lambda: ticks(path) > before + 2)


def test_pause_twice(runtime, sleeper):
    runtime.ok("pause", sleeper.id)
    runtime.fails("pause", sleeper.id, match="container not running")


def test_resume_running(runtime, sleeper):
    runtime.fails("resume", sleeper.id, match="container not paused")


def test_pause_stopped(runtime, sleeper):
    sleeper.stop()
    runtime.fails("pause", sleeper.id, match="container not running")


def test_pause_created(runtime, bundle):
    c = runtime.create(bundle.sleep())
    runtime.ok("pause", c.id)
    assert c.status == "paused"
    runtime.ok("resume", c.id)
    assert c.status == "created"
    c.start()
    assert c.status == "running"


def test_exec_in_paused_is_refused(runtime, sleeper):
    runtime.ok("pause", sleeper.id)
    runtime.fails("exec", sleeper.id, "true", code=255, match="cannot exec in a paused container")
    runtime.ok("resume", sleeper.id)
    assert sleeper.sh("echo ok") == "ok\n"


def test_exec_ignore_paused_waits_for_resume(runtime, sleeper, work):
    runtime.requires("1.1")
    runtime.ok("pause", sleeper.id)
    child = subprocess.Popen(
        runtime.argv("exec", "--ignore-paused", sleeper.id, "sh", "-c", "echo ran"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(0.3)
    assert child.poll() is None
    runtime.ok("resume", sleeper.id)
    assert child.communicate(timeout=15)[0] == b"ran\n"


def test_delete_force_of_paused(runtime, sleeper):
    runtime.ok("pause", sleeper.id)
    sleeper.delete("--force")


def test_sigkill_of_paused_ends_it(runtime, sleeper):
    runtime.requires("1.1")
    runtime.ok("pause", sleeper.id)
    sleeper.kill("KILL")
    sleeper.wait("stopped")


def test_state_of_paused_in_list(runtime, sleeper):
    runtime.ok("pause", sleeper.id)
    assert "paused" in runtime.ok("list").out.splitlines()[1]


def test_freezer_is_the_v2_one(runtime, sleeper):
    runtime.only_redoubt("rule for hybrid hosts")
    runtime.ok("pause", sleeper.id)
    assert pathlib.Path(sleeper.cgroup(), "cgroup.freeze").read_text() == "1\n"


def test_frozen_cgroup_refuses_a_new_container(runtime, sleeper, make_bundle):
    runtime.only_redoubt("v2 tree on every host")
    cgroup = sleeper.cgroup()
    sleeper.stop()
    sleeper.delete()
    cgroup.mkdir()
    (cgroup / "cgroup.freeze").write_text("1")
    try:
        other = make_bundle().sleep()
        other.linux["cgroupsPath"] = "/" + str(cgroup.relative_to(__import__("harness").host.cgroup2_mount()))
        runtime.refused(other, match="container's cgroup unexpectedly frozen", verb="create")
    finally:
        cgroup.rmdir() if cgroup.exists() else None
