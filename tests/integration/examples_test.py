"""Every example of the manual pages, of --help and of README.md is executed as it stands, in the situation that it is for."""

import json
import os
import pathlib
import pty
import re
import shlex
import subprocess
import threading

import pytest

from harness.paths import REPO
from harness.runtime import wait_for

# What is no command of ours, and who runs it instead.
ELSEWHERE = {
    "sudo ./quickstart": "a person",
    "sudo ./tests/run": "the tests' own caller",
    "sudo cmake --install build/release": "tests/integration/install_test.py",
    "podman --runtime redoubt run --annotation io.redoubt.profile=restricted ...": "tests/vm/systemd.d/20-podman",
    "docker run --runtime redoubt --annotation io.redoubt.profile=restricted ...": "tests/vm/systemd.d/40-docker",
    "dockerd --add-runtime redoubt=/usr/local/bin/redoubt --default-runtime redoubt": "tests/vm/systemd.d/40-docker",
    "redoubt events --audit --journald": "tests/vm/systemd.d/15-journal",
    "ctr run --runc-binary /usr/local/bin/redoubt --annotation io.redoubt.profile=restricted ...": "tests/vm/systemd.d/50-containerd",
}
# Need BPF LSM; tests/vm/fast.d/55-bpf-lsm has them all.
BPF = ("redoubt bpf load", "redoubt bpf status", "redoubt bpf unload", "redoubt events --audit", "redoubt events --audit web1")


def fenced(text):
    """The lines of the blocks between ``` lines, without comments."""
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield re.sub(r"\s+# .*", "", line)


def of_pages():
    for page in sorted((REPO / "man").glob("*.scd")):
        text = page.read_text()
        if "# EXAMPLES" in text:
            for line in fenced(text.split("# EXAMPLES")[1]):
                yield page.name, line
    for line in fenced((REPO / "README.md").read_text()):
        yield "README.md", line


def of_help():
    for source in sorted((REPO / "runc-compat/cli").glob("*.cc")):
        match = re.search(r'\.examples\s*=\s*((?:\s*"(?:[^"\\]|\\.)*")+)', source.read_text())
        if match:
            text = "".join(json.loads(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', match[1]))
            for line in text.splitlines():
                yield source.name, line


COMMANDS = sorted({(line, page) for page, line in [*of_pages(), *of_help()] if re.match(r"(redoubt|mkdir|tar|sudo|podman|docker|dockerd|ctr) ", line)})


def parameters():
    seen = set()
    for line, page in COMMANDS:
        if line not in seen and line not in ELSEWHERE and line not in BPF:
            seen.add(line)
            marks = pytest.mark.vm if " update " in line else ()  # limits: only on cgroup v2 alone
            yield pytest.param(line, id=f"{page}: {line}", marks=marks)


class Scene:
    """A folder with all that the examples name, and the container web1 in the state that a verb wants."""

    def __init__(self, runtime, bundle, work):
        self.rt, self.bundle, self.work = runtime, bundle, work
        self.cid = runtime.cid()
        bundle.args("sleep", "1000")
        bundle.save()
        for name in ("web1", "DIR"):
            (work / name).symlink_to(bundle.path)
        (work / "process.json").write_text(json.dumps({"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}))
        (work / "limits.json").write_text(json.dumps({"pids": {"limit": 50}}))
        (work / "trace.jsonl").write_text('{"syscall": "read"}\n')
        (work / "web.json").write_text(profile_example())
        head = {"apiVersion": "redoubt.io/v1"}
        for name in ("first", "second", "third"):
            (work / f"{name}.json").write_text(json.dumps({**head, "kind": "Recording", "complete": True, "runs": [{}]}))
        (work / "web1.json").write_text(json.dumps({**head, "kind": "Profile", "name": "web1"}))
        (work / "other").mkdir()
        empty = work / "empty"
        empty.mkdir()
        subprocess.run(["tar", "-C", empty, "-cf", work / "image.tar", "."], check=True, timeout=20)

    def arrange(self, verb, words):
        if {"sign", "verify"} & set(words):
            self.rt.ok("profile", "keygen", self.work / "fleet")
            self.rt.ok("profile", "sign", "--key", self.work / "fleet.key", self.work / "web1.json")
        if verb in ("create", "run", "profile") and "--container" not in words:
            return
        if verb == "start":
            self.rt.ok("create", "--bundle", self.bundle.path, self.cid)
        elif verb == "list" or self.cid in words:
            self.rt.ok("run", "--detach", "--bundle", self.bundle.path, self.cid)
        if verb == "resume":
            self.rt.ok("pause", self.cid)
        if verb == "delete" and "--force" not in words:
            self.rt.ok("kill", self.cid, "KILL")
            wait_for(lambda: self.rt.state(self.cid)["status"] == "stopped", what="end of the container")

    def words(self, line):
        places = {"/containers/": f"{self.work}/", "/run/": f"{self.work}/"}
        text = line.split("<")[0]
        for old, new in places.items():
            text = text.replace(old, new)
        return [self.cid if word in ("web1", "ID") and index > 1 and previous not in ("--bundle", "-b") else word
                for index, (previous, word) in enumerate(zip([""] + shlex.split(text), shlex.split(text)))]


def profile_example():
    text = (REPO / "man/redoubt-profile.5.scd").read_text().split("# EXAMPLES")[1]
    return "\n".join(fenced(text))


@pytest.fixture
def scene(runtime, bundle, work):
    runtime.only_redoubt("examples of its own")
    return Scene(runtime, bundle, work)


def verb_of(words):
    """Behind the global options that examples use."""
    return words[3] if words[1] == "--root" else words[1]


def stop_soon(scene):
    """What runs or follows a container until it ends: end it."""
    def end():
        wait_for(lambda: scene.rt("state", scene.cid).code == 0 and scene.rt.state(scene.cid)["status"] == "running", what="start of the container")
        scene.rt("kill", scene.cid, "KILL")
    thread = threading.Thread(target=end)
    thread.start()
    return thread


def with_terminal(argv, cwd):
    """The exit code of a shell that is left at once."""
    master, slave = pty.openpty()
    child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, start_new_session=True)
    os.close(slave)
    os.write(master, b"exit\n")
    try:
        return child.wait(timeout=30)
    finally:
        os.close(master)


@pytest.mark.parametrize("line", parameters())
def test_example(scene, line):
    words = scene.words(line)
    if words[0] != "redoubt":
        if words[0] == "mkdir":
            (scene.work / "web1").unlink()
        else:
            (scene.work / "web1").unlink()
            (scene.work / "web1/rootfs").mkdir(parents=True)
        subprocess.run(words, cwd=scene.work, check=True, timeout=20)
        return
    verb = verb_of(words)
    if verb == "spec":
        scene.bundle.path.joinpath("config.json").unlink()
    scene.arrange(verb, words)
    argv = [scene.rt.path, *words[1:]] if words[1] == "--root" else scene.rt.argv(*words[1:])
    if "-t" in words:
        assert with_terminal(argv, scene.work) == 0
        return
    runs = verb in ("events", "run") or ({"record", "replay"} & set(words) and "--container" not in words)
    ends_with = runs and not {"--stats", "--detach"} & set(words)
    thread = stop_soon(scene) if ends_with else None
    source = (scene.work / line.split("<")[1].strip()).read_text() if "<" in line else None
    here = verb in ("create", "run") and not {"--bundle", "-b"} & set(words)
    result = scene.rt.raw(argv, cwd=scene.bundle.path if here else scene.work, stdin=source)
    if thread:
        thread.join()
    wanted = 137 if verb in ("run", "profile") and thread else 0
    assert result.code == wanted, str(result)


def test_the_profile_of_its_page(runtime, work):
    runtime.only_redoubt("policy")
    (work / "api.json").write_text(profile_example())
    result = runtime("profile", "show", work / "api.json")
    assert result.code == 0 and "10.0.0.0/8" in result.out, str(result)


def test_the_node_policy_of_its_page(runtime, work):
    runtime.only_redoubt("policy")
    folder = work / "etc/redoubt"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("\n".join(fenced((REPO / "man/redoubt-node.5.scd").read_text().split("# EXAMPLES")[1])))
    result = runtime("policy", "show", env={**os.environ, "REDOUBT_POLICY_ROOT": str(work)})
    assert result.code == 0 and re.search(r"kernel.kexec +deny|kernel.kexec .*config.json", result.out), str(result)


def test_others_are_run_elsewhere():
    lines = {line for line, _ in COMMANDS}
    assert set(ELSEWHERE) <= lines and set(BPF) <= lines
    vm = (REPO / "tests/vm/fast.d/55-bpf-lsm").read_text()
    for line in BPF:
        assert line.replace("redoubt", "$RUNTIME").replace(" web1", "") in vm, line
    for who in ELSEWHERE.values():
        assert not who.startswith("tests/") or pathlib.Path(REPO / who).exists(), who
