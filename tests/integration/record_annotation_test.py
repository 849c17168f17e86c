"""The annotation io.redoubt.record: an engine's container is recorded where the node keeps recordings, and nowhere else."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import stat
import subprocess

import pytest

from harness import host, leaks
from harness.policy import annotate, node, rule  # noqa: F401
from harness.runtime import wait_for

pytestmark = pytest.mark.native

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = 8


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("recordings")
    yield
    assert runtime.cleanup() == []
    assert leaks.processes(runtime.prefix) == [], "a recorder is left"


@pytest.fixture
def kept(node, work):  # noqa: F811
    """The node's directory for recordings."""
    folder = work / "recordings"
    folder.mkdir(mode=0o700)
    node(node={"recordings": rule(str(folder))})
    return folder


@pytest.fixture
def web(bundle):
    bundle.mount("/tmp", type="tmpfs")
    return annotate(bundle.sh("cat /etc/passwd >/dev/null; touch /tmp/ready; busybox sleep 1000"), record="web")


def recorder_of(runtime, container):
    return json.loads((pathlib.Path(runtime.root) / container.id / "state.json").read_text())["recorder_pid"]


def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def recordings(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".place-"))


def started(runtime, bundle):
    container = runtime.create(bundle)
    container.start()
    wait_for(lambda: container.exec("test", "-e", "/tmp/ready").code == 0, what="the start")
    return container


def ended(container):
    container.stop()
    return container.delete()


def test_what_an_engine_creates_is_recorded_as_a_whole(runtime, web, kept):
    """create comes back although its pipes are read to the end, and the engine's lock is free: the recorder has neither."""
    container = runtime.create(web)
    pid = recorder_of(runtime, container)
    assert runtime.state(container.id)["recording"] == "running"
    assert os.getsid(pid) == pid and os.readlink(f"/proc/{pid}/cwd") == "/"
    assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)} == {"/dev/null"}
    assert container.cgroup().name not in pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    container.start()
    wait_for(lambda: container.exec("test", "-e", "/tmp/ready").code == 0, what="the start")
    ended(container)
    assert recordings(kept) == ["web.1.json"] and not host.alive(pid)
    path = kept / "web.1.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = json.loads(path.read_text())
    assert said["complete"] is True and said["runs"][0]["command"][:2] == ["sh", "-c"] and said["runs"][0]["sessions"] >= 1
    assert {row["path"]: row["phase"] for row in said["files"]}["/etc/passwd"] == "start"
    jsonschema = pytest.importorskip("jsonschema", reason="lacks python3-jsonschema")
    jsonschema.validate(said, json.loads((ROOT / "profiles/schema/recording.schema.json").read_text()))


def test_it_is_written_when_the_workload_ends_without_delete(runtime, bundle, kept):
    container = runtime.detached(annotate(bundle.sh("cat /etc/group"), record="batch"))
    container.wait("stopped")
    wait_for(lambda: recordings(kept) == ["batch.1.json"], what="the recording")
    wait_for(lambda: runtime.state(container.id)["recording"] == f"written to {kept}/batch.1.json", what="the outcome")
    assert container.delete().err == ""


def test_run_in_the_foreground_has_it_when_it_comes_back(runtime, bundle, kept):
    runtime.run(annotate(bundle.sh("cat /etc/group >/dev/null"), record="batch"))
    assert "/etc/group" in {row["path"] for row in json.loads((kept / "batch.1.json").read_text())["files"]}


def test_explain_says_it_and_without_the_annotation_nothing_is_there(runtime, bundle, kept):
    annotate(bundle.sleep(), record="web").save()
    rows = json.loads(runtime.ok("policy", "explain", "--format", "json", "--bundle", bundle.path).out)["decisions"]
    row = next(row for row in rows if row["control"] == "node.recordings")
    assert row["value"] == f"recorded as web in {kept}" and "config.json" in row["source"] and row["backend"] == "tracepoints"
    bundle.config["annotations"] = {}
    container = runtime.create(bundle)
    assert "recorder_pid" not in json.loads((pathlib.Path(runtime.root) / container.id / "state.json").read_text())
    assert "recording" not in runtime.state(container.id)
    container.delete("--force")
    assert recordings(kept) == []


def test_two_of_one_name_and_what_lies_there_are_not_written_over(runtime, web, kept, work):
    """A file, a link out of the directory and a link to nothing have the first numbers: they stay as they are."""
    outside = work / "outside"
    outside.write_text("kept")
    (kept / "web.1.json").write_text("kept")
    (kept / "web.2.json").symlink_to(outside)
    (kept / "web.3.json").symlink_to(work / "nothing")
    both = [started(runtime, web) for _ in range(2)]
    for container in both:
        ended(container)
    assert recordings(kept) == [f"web.{number}.json" for number in range(1, 6)]
    assert outside.read_text() == (kept / "web.1.json").read_text() == "kept" and not (work / "nothing").exists()
    assert [json.loads((kept / f"web.{number}.json").read_text())["complete"] for number in (4, 5)] == [True, True]


@pytest.mark.parametrize("name", ["../web", "a/b", "..", ".web", "-web", "", "we b", "web\n", "w" * 64, "w\u00e4b"])
def test_a_name_is_a_plain_one(runtime, bundle, kept, work, name):
    runtime.refused(annotate(bundle, record=name), match="is not a recording's name")
    assert recordings(kept) == [] and recordings(work / "recordings") == []


def test_a_node_that_says_nothing_keeps_nothing(runtime, bundle, node):  # noqa: F811
    runtime.refused(annotate(bundle, record="web"), match="this node keeps no recordings; node.recordings")
    node()
    runtime.refused(bundle, match="this node keeps no recordings")


@pytest.mark.parametrize("case", ["missing", "link", "writable", "file"])
def test_the_directory_is_the_nodes_own(runtime, bundle, node, work, case):  # noqa: F811
    folder, real = work / "recordings", work / "real"
    real.mkdir(mode=0o700)
    if case == "link":
        folder.symlink_to(real)
    elif case == "writable":
        folder.mkdir()
        folder.chmod(0o777)
    elif case == "file":
        folder.write_text("")
    node(node={"recordings": rule(str(folder))})
    runtime.refused(annotate(bundle, record="web"), match="annotation io.redoubt.record: .*recordings")
    assert list(real.iterdir()) == []


def test_a_recorder_that_is_killed_takes_its_programs_along_and_nothing_else(runtime, web, kept):
    container = started(runtime, web)
    pid, before = recorder_of(runtime, container), container.pid
    programs = children_of(pid)
    assert [pathlib.Path(f"/proc/{child}/cmdline").read_text() for child in programs] == ["redoubt-dl\0"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(host.alive(child) for child in [pid, *programs]), what="their end")
    assert container.exec("true").code == 0 and container.pid == before
    assert runtime.state(container.id)["recording"].startswith("failed: the recorder has ended")
    container.stop()
    result = container.delete()
    assert "the recorder has ended without writing it" in result.err, str(result)
    assert recordings(kept) == []


def test_a_full_disk_costs_the_recording_and_no_more(runtime, web, kept):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", kept], check=True, timeout=20)
    try:
        container = started(runtime, web)
        with open(kept / ".place-filler", "wb") as filler, contextlib.suppress(OSError):
            filler.write(b"x" * (1 << 20))
        result = ended(container)
        assert "no space left on device" in result.err, str(result)
        assert recordings(kept) == []
    finally:
        subprocess.run(["umount", kept], check=True, timeout=20)


def test_only_so_many_are_recorded_at_a_time(runtime, web, kept):
    """One place is a link, one is held by somebody: both are taken, and neither is followed."""
    files = [open(kept / f".place-{number}", "w") for number in range(1, PLACES)]  # noqa: SIM115
    for file in files:
        fcntl.flock(file, fcntl.LOCK_EX)
    (kept / f".place-{PLACES}").symlink_to(kept / "nothing")
    runtime.refused(web, match=f"{PLACES} containers are recorded already")
    assert not (kept / "nothing").exists()
    files.pop().close()
    ended(started(runtime, web))
    assert recordings(kept) == ["web.1.json"]


def test_what_never_ran_leaves_no_file(runtime, bundle, kept):
    container = runtime.create(annotate(bundle.sleep(), record="web"))
    result = container.delete("--force")
    assert result.err == "" and recordings(kept) == []
    runtime.refused(bundle.args("/no/such/program"), match="no such file")
    assert recordings(kept) == []


def test_a_host_that_cannot_record_refuses(runtime, bundle, kept):
    """Without libbpf."""
    annotate(bundle.sleep(), record="web").save()
    hide = "for lib in $(ldconfig -p | sed -n 's/.*libbpf.so.* => //p'); do mount --bind /dev/null $lib; done; exec \"$@\""
    argv = ["unshare", "-m", "bash", "-c", hide, "-", *runtime.argv("run", "--bundle", bundle.path, runtime.cid())]
    result = runtime.raw(argv)
    assert result.code == 1 and "annotation io.redoubt.record: this host cannot record" in result.err, str(result)
    assert recordings(kept) == []
