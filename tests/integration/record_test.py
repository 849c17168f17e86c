"""profile record: of a container that is there already, and with a command that says when the start is over."""

import json
import signal
import subprocess
import time

import pytest

from harness.policy import node  # noqa: F401
from harness.runtime import Container, wait_for

pytestmark = pytest.mark.native

# Does one thing at its start and another one each time that it is told to.
SERVICE = """
cat /etc/passwd >/dev/null
touch /tmp/ready
while ! [ -e /tmp/go ]; do busybox sleep 0.1; done
mkdir /tmp/work; cat /etc/group >/dev/null; touch /tmp/done
busybox sleep 1000"""


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("recordings")


@pytest.fixture
def service(bundle):
    bundle.mount("/tmp", type="tmpfs").sh(SERVICE).save()
    return bundle


@pytest.fixture
def recorders(runtime):
    """Starts `profile record`; it is ended with the test."""
    started = []

    def start(*args):
        argv = [str(word) for word in runtime.argv("profile", "record", *args)]
        started.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def attach(recorders, path, container, *args):
    """A recorder that has everything in place."""
    recorder = recorders("--output", path, "--container", container.id, *args)
    assert recorder.stderr.readline().startswith(f"recording {container.id} "), recorder.communicate()
    return recorder


def finish(recorder, path):
    said = recorder.communicate(timeout=30)[1]
    assert recorder.returncode == 0, said
    return json.loads(path.read_text()), said


def phases(document, section, key="path"):
    return {row[key]: row["phase"] for row in document[section]}


def wait_for_file(container, path):
    wait_for(lambda: container.exec("test", "-e", path).code == 0, what=path)


def work_once(container):
    container.exec("touch", "/tmp/go")
    wait_for_file(container, "/tmp/done")


@pytest.mark.parametrize("ending", ["signal", "time", "end"])
def test_a_running_container_is_recorded_and_goes_on(runtime, service, recorders, work, ending):
    container = runtime.detached(service)
    wait_for_file(container, "/tmp/ready")
    pid = container.pid
    recorder = attach(recorders, work / "r.json", container, *(["--for", "2s"] if ending == "time" else []))
    work_once(container)
    if ending == "signal":
        recorder.send_signal(signal.SIGINT)
    elif ending == "end":
        container.kill()
    said, text = finish(recorder, work / "r.json")
    assert "not complete: the start was not seen" in text
    assert said["complete"] is False and said["lost"] == [] and said["runs"][0]["startSeen"] is False
    assert said["runs"][0]["command"][:2] == ["sh", "-c"] and said["runs"][0]["sessions"] >= 2
    files = phases(said, "files")
    assert "/etc/group" in files and "/tmp/work" in files and "/etc/passwd" not in files
    assert {row["phase"] for section in ("syscalls", "files", "programs") for row in said[section]} == {"steady"}
    if ending != "end":
        assert container.status == "running" and container.pid == pid
        container.kill()
    container.wait("stopped")
    container.delete()


def test_of_a_created_container_everything_is_seen(runtime, service, recorders, work):
    container = runtime.create(service)
    recorder = attach(recorders, work / "r.json", container)
    container.start()
    work_once(container)
    container.kill()
    said, _ = finish(recorder, work / "r.json")
    assert said["complete"] is True and "startSeen" not in said["runs"][0]
    assert phases(said, "files")["/etc/passwd"] == "start"
    container.delete()


def test_generalise_wants_a_start_and_merge_brings_it(runtime, service, recorders, work, node):  # noqa: F811
    """What was only seen running makes no profile; with a run that was seen from the start it does, and that one holds."""
    first, second, both, profile = (work / f"{name}.json" for name in ("first", "second", "both", "service"))
    container = runtime.create(service)
    recorder = attach(recorders, first, container)
    container.start()
    wait_for_file(container, "/tmp/ready")
    recorder.send_signal(signal.SIGTERM)
    finish(recorder, first)
    recorder = attach(recorders, second, container)
    work_once(container)
    container.kill()
    finish(recorder, second)
    container.delete()
    runtime.fails("profile", "generalise", second, match="second.json: no run has seen the start")
    runtime.ok("profile", "merge", "--output", both, first, second)
    assert json.loads(both.read_text())["complete"] is True
    runtime.ok("profile", "generalise", "--output", profile, both)
    findings = json.loads(runtime.ok("profile", "lint", "--format", "json", profile).out)
    assert [row for row in findings if row["severity"] != "info"] == []
    assert runtime("profile", "simulate", profile, second).code == 0


def test_ready_cmd_parts_the_phases_and_leaves_no_trace(runtime, service, work):
    """The command has a shell and a file of its own: neither is of the service."""
    service.add("probe.sh", text="#!/bin/sh\nbusybox cat /etc/hosts-of-the-probe; test -e /tmp/ready\n")
    service.add("etc/hosts-of-the-probe", text="x").save()
    cid, path = runtime.cid(), work / "r.json"
    argv = runtime.argv("profile", "record", "--output", path, "--ready-cmd", '["/probe.sh"]', "--", "run", "--detach", "--bundle", service.path, cid)
    with subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL) as recorder:
        container = Container(runtime, cid, service)
        wait_for(lambda: runtime("state", cid).code == 0 and container.status == "running", what="the container")
        time.sleep(1.5)  # at least one probe behind the start; how many is all the same
        work_once(container)
        container.kill()
        assert recorder.wait(30) == 0
    said = json.loads(path.read_text())
    files = phases(said, "files")
    assert said["complete"] is True
    assert files["/etc/passwd"] == "start" and files["/etc/group"] == "steady"
    assert "/etc/hosts-of-the-probe" not in files and "/probe.sh" not in files
    container.delete()


def test_a_command_that_never_succeeds_is_told(runtime, bundle, work):
    bundle.args("sleep", "1").save()
    result = runtime("profile", "record", "--output", work / "r.json", "--ready-cmd", "exit 1", "--", "run", "--bundle", bundle.path, runtime.cid())
    assert result.code == 0 and "--ready-cmd never ended with 0" in result.err, str(result)
    assert json.loads((work / "r.json").read_text())["complete"] is False


def test_what_cannot_be_recorded_is_refused(runtime, bundle, work):
    record = ("profile", "record", "--output", work / "r.json")
    runtime.fails(*record, "--container", "none-of-that-name", match="does not exist")
    runtime.fails(*record, match="either --container ID or a command")
    runtime.fails(*record, "--container", "x", "--", "run", "y", match="either --container ID or a command")
    runtime.fails(*record, "--for", "1s", "--", "run", "y", match="--for is for --container")
    runtime.fails(*record, "--container", "x", "--for", "0s", match="--for must be greater than 0")
    for text in ("[]", "[1]", "[", '[""]'):
        runtime.fails(*record, "--ready-cmd", text, "--", "run", "y", match="--ready-cmd")
    container = runtime.detached(bundle.sleep())
    runtime.fails(*record, "--container", container.id, "--ready-cmd", "true", match="runs already")
    container.kill()
    container.wait("stopped")
    runtime.fails(*record, "--container", container.id, match="is stopped; it must be created, running or paused")
    container.delete()
