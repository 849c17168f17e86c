"""Authoring: a service is recorded under load, its profile is made, and under that profile it does the same and nothing else."""

import json
import pathlib
import re
import subprocess

import pytest

from harness import intruder
from harness.authoring import SERVICES, RecordedSite, author, covered
from harness.policy import annotate, node  # noqa: F401
from harness.servers import make_tree

pytestmark = pytest.mark.native

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("profiles to author")


@pytest.fixture
def site(runtime, work):
    place = RecordedSite(runtime, work / "site", make_tree())
    yield place
    place.close()
    assert runtime.cleanup() == []


def assert_third_run_is_covered(runtime, name, recording):
    jsonschema = pytest.importorskip("jsonschema", reason="lacks python3-jsonschema")
    said = json.loads(recording.read_text())
    jsonschema.validate(said, json.loads((ROOT / "profiles/schema/recording.schema.json").read_text()))
    assert covered(runtime, name, recording)


@pytest.mark.parametrize("form", ["oci-seccomp", "spo-seccomp"])
def test_a_seccomp_profile_comes_back_as_it_was(runtime, work, form):
    """Docker's own filter, to a profile and back: what has no condition is the same, what has one is told."""
    docker = json.loads((ROOT / "tests/testdata/bundles/docker/config.json").read_text())["linux"]["seccomp"]
    (work / "docker.json").write_text(json.dumps(docker))
    made = runtime.ok("profile", "convert", "--output", work / "first.json", work / "docker.json")
    conditional = [rule for rule in docker["syscalls"] if rule.get("args")]
    assert made.err.count("is for some arguments only") == len(conditional) > 0
    runtime.ok("profile", "convert", "--to", form, "--output", work / "back.json", work / "first.json")
    back = json.loads((work / "back.json").read_text())
    section = back["spec"] if form == "spo-seccomp" else back
    # What profile default closes is not allowed by what extends it.
    closed = {name for name in section["syscalls"][0]["names"]} ^ {
        name for rule in docker["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}  # fmt: skip
    for name in closed:
        assert runtime("profile", "explain", "default", f"syscall:{name}").code == 1, name
    runtime.ok("profile", "convert", "--output", work / "second.json", work / "back.json")
    runtime.ok("profile", "convert", "--to", form, "--output", work / "again.json", work / "second.json")
    same = json.loads((work / "again.json").read_text())
    assert (same["spec"] if form == "spo-seccomp" else same) == section


def test_a_recording_that_cannot_be_kept_is_refused_before_anything_runs(runtime, bundle, work):
    bundle.args("echo", "ran").save()
    result = runtime.fails("profile", "record", "--output", work / "none/r.json", "--", "run", "--bundle", bundle.path, runtime.cid(),
                           match=f"--output {work}/none/r.json: directory {work}/none/: no such file or directory")  # fmt: skip
    assert "ran" not in result.out


@pytest.mark.parametrize("verb", ["simulate", "report", "generalise", "merge"])
def test_a_trace_of_100_mb_costs_no_memory(runtime, work, verb):
    """It is refused by its size: in 64 MiB of address space nothing could read it."""
    with open(work / "huge.json", "wb") as file:
        file.truncate(100 << 20)
    words = ["default"] if verb == "simulate" else []
    argv = [str(word) for word in runtime.argv("profile", verb, *words, work / "huge.json")]
    limited = subprocess.run(["prlimit", f"--as={64 << 20}", *argv], capture_output=True, text=True, timeout=10, check=False)
    assert limited.returncode == 1 and "huge.json: larger than the limit of " in limited.stderr, limited


def test_a_program_that_lists_the_root_may_not_read_all_of_it(runtime, bundle, work, node):  # noqa: F811
    """What is listed is files.list: the same run works under its profile, and no other file is opened by it."""
    (bundle.path / "rootfs/etc/shadow").write_text("root:secret\n")
    bundle.sh("busybox ls / >/dev/null; busybox cat /etc/group").save()
    recording = work / "r.json"
    runtime.ok("profile", "record", "--output", recording, "--", "run", "--bundle", bundle.path, runtime.cid())
    (node.etc / "profiles").mkdir(parents=True)
    profile = node.etc / "profiles/lister.json"
    runtime.ok("profile", "generalise", "--output", profile, recording)
    files = json.loads(profile.read_text())["files"]
    assert [path for rule in files["list"] for path in rule["paths"]] == ["/"]
    assert "/" not in [path for rule in files["read"] for path in rule["paths"]]
    findings = runtime("profile", "lint", "--format", "json", profile)
    assert "read-all" not in findings.out and "list-all" in findings.out, str(findings)
    runtime.ok("profile", "explain", "lister", "open:/home:l")
    assert runtime("profile", "explain", "lister", "open:/etc/shadow:r").code == 1
    command = lambda: ("--", "run", "--bundle", bundle.path, runtime.cid())  # noqa: E731
    assert runtime("profile", "replay", profile, *command()).code == 0

    annotate(bundle, profile="lister")
    bundle.sh("busybox ls / /home; busybox cat /etc/group; busybox cat /etc/shadow; echo end").save()
    result = runtime.run(bundle)
    assert "bin" in result.out.split() and "app" in result.out.split() and "root:x:0:" in result.out, str(result)
    assert "secret" not in result.out and "can't open '/etc/shadow': Permission denied" in result.err, str(result)

    # Without the list it is refused, and the replay proposes the list and nothing to be read.
    document = json.loads(profile.read_text())
    del document["files"]["list"]
    (work / "unlisted.json").write_text(json.dumps(document))
    bundle.sh("busybox ls / >/dev/null; busybox cat /etc/group").save()
    said = runtime("profile", "replay", "--report", work / "said.json", "--output", work / "amended.json", work / "unlisted.json", *command())
    assert said.code == 1, str(said)
    rows = {row["operation"]: row["proposal"] for row in json.loads((work / "said.json").read_text()) if row["denied"]}
    assert rows == {"open / l": "files.list: + /"}
    assert runtime("profile", "replay", work / "amended.json", *command()).code == 0


REPLAYED = """
busybox true >/tmp/x; busybox mkdir /tmp/d; busybox cat /etc/passwd >/dev/null; busybox nc -w 1 127.0.0.1 9 </dev/null
busybox chmod 600 /tmp/x; busybox chown 1:1 /tmp; exit 0"""


def test_replay_names_what_was_refused_and_amends_the_profile(runtime, bundle, work, node):  # noqa: F811
    """The profile of a recording, with something taken out: the replay finds exactly that, and what it writes lets the same run through."""
    bundle.config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})
    docker = json.loads((ROOT / "tests/testdata/bundles/docker/config.json").read_text())
    bundle.config["process"]["capabilities"] = docker["process"]["capabilities"]  # an engine's own, of which a profile may take any
    bundle.sh(REPLAYED).save()
    recording, profile, amended = work / "r.json", work / "batch.json", work / "amended.json"
    command = lambda: ("--", "run", "--bundle", bundle.path, runtime.cid())  # noqa: E731
    runtime.ok("profile", "record", "--output", recording, *command())
    runtime.ok("profile", "generalise", "--output", profile, recording)
    document = json.loads(profile.read_text())
    same = runtime("profile", "replay", "--format", "json", profile, *command())
    assert same.code == 0, str(same)

    for rule in document["syscalls"]["allow"]:
        rule["names"] = [name for name in rule["names"] if name not in ("mkdir", "mkdirat", "socket")]
    for rule in document["capabilities"]["allow"]:
        rule["names"] = [name for name in rule["names"] if name != "CAP_CHOWN"]
    for rule in document["files"]["write"]:
        rule["paths"] = [path for path in rule["paths"] if not path.startswith("/tmp")]
    profile.write_text(json.dumps(document, indent=1))
    result = runtime("profile", "replay", "--format", "json", "--output", amended, profile, *command())
    assert result.code == 1, result
    denied = {row["operation"]: row for row in json.loads(result.out[result.out.index("["):]) if row["denied"]}
    lacks = {"syscall socket", "capability CAP_CHOWN", "open /tmp w"}
    assert lacks < set(denied) <= lacks | {"syscall mkdir", "syscall mkdirat"}, result.out
    assert denied["capability CAP_CHOWN"]["proposal"] == "capabilities.allow: + CAP_CHOWN"
    assert denied["open /tmp w"]["proposal"] == "files.write: + /tmp"
    assert denied["syscall socket"]["proposal"] == "syscalls.allow: + socket" and "batch.json" in denied["syscall socket"]["rule"]
    assert json.loads(amended.read_text())["extends"] == ["default"]
    assert runtime("profile", "replay", amended, *command()).code == 0
    assert runtime("profile", "replay", amended, "--", "list").code == 1


def test_the_report_of_a_replay_is_not_the_containers_to_write(runtime, bundle, work, node):  # noqa: F811
    """On stdout a container can imitate one that says that nothing was refused; the file has what was."""
    base = {"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "base", "extends": ["default"]}
    (work / "base.json").write_text(json.dumps(base))
    bundle.sh("echo '[]'; busybox mount -t tmpfs none /tmp; exit 0").save()
    replay = ("profile", "replay", "--format", "json")
    command = (work / "base.json", "--", "run", "--bundle", bundle.path, runtime.cid())
    result = runtime(*replay, "--report", work / "said.json", *command)
    assert result.code == 1 and result.out == "[]\n", str(result)
    assert "syscall mount" in {row["operation"] for row in json.loads((work / "said.json").read_text())}
    refused = runtime.fails(*replay, "--report", work / "none/said.json", *command, match="--report .*none/said.json: directory .*: no such file or directory")
    assert "[]" not in refused.out, "the container has run"


def test_replay_tells_an_intruder_from_what_is_missing(runtime, bundle, work, node):  # noqa: F811
    """What the parent refuses is named with its rule, and not proposed."""
    (work / "base.json").write_text(json.dumps({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "base", "extends": ["default"]}))
    bundle.sh("busybox unshare -U true; busybox mount -t tmpfs none /tmp; exit 0").save()
    result = runtime("profile", "replay", "--format", "json", work / "base.json", "--", "run", "--bundle", bundle.path, runtime.cid())
    rows = {row["operation"]: row for row in json.loads(result.out[result.out.index("["):])}
    assert result.code == 1 and rows["syscall mount"]["proposal"] == "" and "default.json" in rows["syscall mount"]["rule"], result.out


def test_replay_keeps_the_names_of_an_attacker_off_the_terminal(runtime, bundle, work, node):  # noqa: F811
    """What a workload asks for is text of its own choice; where some of it is left out, the replay is no success."""
    (work / "base.json").write_text(json.dumps({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "base", "extends": ["default"]}))
    bundle.sh("busybox touch \"/$(busybox printf '\\033[2J')\" 2>/dev/null; exit 0").save()
    command = ("--", "run", "--bundle", bundle.path, runtime.cid())
    result = runtime("profile", "replay", work / "base.json", *command)
    assert result.code == 1 and "1 names with control characters are left out" in result.err and "\x1b" not in result.out + result.err, str(result)
    runtime.fails("profile", "replay", "--output", work / "none/x", work / "base.json", *command, match="none/: no such file or directory")


def test_lint_as_sarif_points_to_the_line(runtime, work):
    (work / "x.json").write_text(json.dumps({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "x", "description": "d", "extends": ["default"],
                                             "files": {"write": [{"paths": ["/run/docker.sock", "/dev"], "reason": "r"}]}}, indent=1))  # fmt: skip
    run = json.loads(runtime.fails("profile", "lint", "--format", "sarif", work / "x.json").out)["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert len(rules) >= 40
    found = {row["ruleId"]: row for row in run["results"]}
    assert set(found) <= rules and found["write-runtime-socket"]["level"] == "error"
    place = found["write-runtime-socket"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == str(work / "x.json")
    assert '"paths"' in (work / "x.json").read_text().splitlines()[place["region"]["startLine"]]


# ---- services, and an intruder in each --------------------------------------------------------------------------------------------


def check_nginx(recording):
    used = {row["name"] for row in recording["capabilities"]}
    assert used >= {"CAP_SETGID", "CAP_SETUID"} and "CAP_SYS_ADMIN" not in used


def check_redis(recording):
    assert recording["runs"][0]["sessions"] >= 2, "what exec runs is recorded as well"
    assert "tcp 0.0.0.0 6379" in {row["endpoint"] for row in recording["bind"]}
    assert {row["path"] for row in recording["programs"]} >= {"/usr/bin/redis-cli", "/usr/bin/redis-benchmark"}


# The last one: by the filter, of a family of sockets that the service has not used.
REFUSALS = {"EPERM", "EACCES", "EAFNOSUPPORT"}
CHECKS = {"nginx": check_nginx, "redis": check_redis}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_under_its_recorded_profile_and_an_intruder_does_not(runtime, site, work, node, name):
    """Two runs are recorded; under their profile a third one does the same on the first try. What an intruder tries in the process is refused,
    explained to a line of the profile, and leaves the service as it was. tests/bench/authoring has figures."""
    intruder.set_up(site.rootfs)
    label = name.split(".")[0].lower()
    service = SERVICES[name](site, load=0.1)
    recordings = [work / f"{label}-{number}.json" for number in (1, 2, 3)]
    for path in recordings[:2]:
        service.round(path)
    CHECKS.get(name, lambda _: None)(json.loads(recordings[0].read_text()))
    profile = author(runtime, node, label, recordings[:2])
    said = {}
    service.round(recordings[2], profile=label, meanwhile=lambda pid: said.update(intruder.outcomes(pid)))
    assert set(said) == {act.__name__ for act in intruder.ACTS} and set(said.values()) <= REFUSALS, said
    for act, (operation, _) in intruder.ACTS.items():
        rows = json.loads(runtime.fails("profile", "explain", "--format", "json", label, operation).out)
        assert rows[-1]["result"] and rows[-1]["verdict"] == "deny", f"{act.__name__}: {rows}"
        assert re.fullmatch(re.escape(str(profile)) + r":\d+", rows[-1]["rule"]), rows[-1]
    assert_third_run_is_covered(runtime, label, recordings[2])


def test_an_intruder_meets_nobody_without_a_profile(runtime, bundle):
    """The acts of the test above can be done, or fail for a reason of their own; under profile default, which is there for every container."""
    intruder.set_up(bundle.rootfs)
    container = runtime.detached(bundle.sleep().writable())
    said = intruder.outcomes(container.pid)
    assert {act.__name__ for act, (_, free) in intruder.ACTS.items() if said[act.__name__] not in free} == set(), said


# ---- the tutorial -------------------------------------------------------------------------------------------------------------


def test_the_tutorial_works_as_it_stands(runtime, work):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/tutorial-authoring.md").read_text(), re.DOTALL)
    redoubt = f"redoubt() {{ {runtime.path} --root {runtime.root} \"$@\"; }}\n"
    script = redoubt + "".join(blocks).replace("web1", runtime.cid())
    done = runtime.raw(["bash", "-euo", "pipefail", "-c", script], cwd=work, timeout=60)
    assert done.code == 0, str(done)
    assert done.out.count("hello\n") == 2, str(done)
    assert runtime.cleanup() == []
