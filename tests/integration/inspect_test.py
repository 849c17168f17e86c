"""list, ps, events, spec, features, version, help: the outputs engines and people read."""

import json
import os
import re
import stat
import subprocess
import time

import pytest

from harness import host
from harness.runtime import wait_for

# ---- list ---------------------------------------------------------------------------------------------------------------------


def test_list_empty_json_is_null(runtime):
    runtime.root.mkdir()
    assert runtime.ok("list", "--format", "json").out.strip() == "null"


def test_list_table(runtime, sleeper):
    lines = runtime.ok("list").out.splitlines()
    assert lines[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    cells = lines[1].split()
    assert cells[:4] == [sleeper.id, str(sleeper.pid), "running", str(sleeper.bundle.path)]
    assert cells[-1] == "root"
    assert lines[0].index("STATUS") == lines[1].index("running"), "columns are aligned"


def test_list_header_cells_are_padded(runtime):
    runtime.root.mkdir()
    assert runtime.ok("list").out == "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n"


def test_list_json(runtime, sleeper):
    result = runtime.ok("list", "-f", "json")
    assert result.err == ""
    [entry] = json.loads(result.out)
    assert entry == {**sleeper.state(), "owner": "root"}


def test_list_quiet(runtime, bundle, make_bundle):
    ids = {runtime.create(make_bundle().sleep()).id for _ in range(3)}
    assert set(runtime.ok("list", "-q").out.split()) == ids
    assert set(runtime.ok("list", "--quiet").out.split()) == ids


def test_list_bad_format(runtime, sleeper):
    runtime.fails("list", "--format", "yaml", match="invalid format")


def test_list_missing_root(runtime):
    result = runtime("list")
    assert result.code in (0, 1)
    if runtime.kind == "redoubt":
        assert result.code == 1 and "no such file or directory" in result.err


def test_list_goes_on_after_a_broken_container(runtime, sleeper):
    broken = runtime.root / runtime.cid()
    broken.mkdir()
    (broken / "state.json").write_text("{broken")
    result = runtime("list", "-q")
    assert sleeper.id in result.out.split()
    assert broken.name in result.err
    runtime.only_redoubt("forced delete of a broken state")
    runtime.ok("delete", "--force", broken.name)


def test_list_owner_is_a_number_without_a_name(runtime, sleeper):
    os.chown(runtime.root / sleeper.id, 54321, -1)
    [entry] = json.loads(runtime.ok("list", "-f", "json").out)
    assert entry["owner"] == "#54321"


# ---- ps -----------------------------------------------------------------------------------------------------------------------


def test_ps_json_gives_host_pids(runtime, sleeper):
    runtime.ok("exec", "-d", sleeper.id, "sleep", "500")
    result = runtime.ok("ps", "--format", "json", sleeper.id)
    assert result.err == "" and result.out.endswith("\n")
    pids = json.loads(result.out)
    assert sleeper.pid in pids and len(pids) == 2
    assert all(host.alive(pid) for pid in pids)


def test_ps_table(runtime, sleeper):
    lines = runtime.ok("ps", sleeper.id).out.splitlines()
    assert lines[0].split()[:3] == ["UID", "PID", "PPID"]
    assert len(lines) == 2 and str(sleeper.pid) in lines[1].split()


def test_ps_arguments_are_for_the_hosts_ps(runtime, sleeper):
    lines = runtime.ok("ps", sleeper.id, "-e", "-o", "pid,comm").out.splitlines()
    assert lines[0].split() == ["PID", "COMMAND"]
    assert lines[1].split()[0] == str(sleeper.pid)


def test_ps_without_a_pid_column(runtime, sleeper):
    runtime.fails("ps", sleeper.id, "-e", "-o", "comm", match="couldn't find PID field in ps output")


def test_ps_sees_sub_cgroups(runtime, sleeper):
    inner = sleeper.cgroup() / "inner"
    inner.mkdir()
    child = subprocess.Popen(["sleep", "100"])
    (inner / "cgroup.procs").write_text(str(child.pid))
    try:
        if runtime.kind == "runc" and host.is_hybrid():
            pytest.skip("peer: runc reads the v1 tree here")
        assert child.pid in json.loads(runtime.ok("ps", "-f", "json", sleeper.id).out)
    finally:
        child.kill()
        child.wait()
        wait_for(lambda: not (inner / "cgroup.procs").read_text())
        inner.rmdir()


# ---- events -------------------------------------------------------------------------------------------------------------------


def test_events_stats(runtime, sleeper):
    result = runtime.ok("events", "--stats", sleeper.id)
    [line] = result.out.splitlines()
    event = json.loads(line)
    assert event["type"] == "stats" and event["id"] == sleeper.id
    assert {"cpu", "memory", "pids", "blkio"} <= set(event["data"])


def test_events_stream_ends_with_the_container(runtime, sleeper, work):
    if runtime.kind == "runc" and not host.is_hybrid() and not host.controllers():
        pytest.skip("peer: runc needs the memory controller")
    out = open(work / "events", "w+")
    child = subprocess.Popen(runtime.argv("events", "--interval", "100ms", sleeper.id), stdin=subprocess.DEVNULL, stdout=out)
    wait_for(lambda: len(open(work / "events").read().splitlines()) >= 3, what="three events")
    sleeper.delete("--force")
    try:
        assert child.wait(15) == 0
    finally:
        child.kill() if child.poll() is None else None
    for line in open(work / "events"):
        assert json.loads(line)["type"] == "stats"
    out.close()


def test_events_of_stopped(runtime, sleeper):
    sleeper.stop()
    runtime.fails("events", "--stats", sleeper.id, match=f"container with id {sleeper.id} is not running")


@pytest.mark.parametrize("interval", ["0", "0s", "-1s"])
def test_events_bad_interval(runtime, sleeper, interval):
    runtime.fails("events", f"--interval={interval}", sleeper.id, match="duration interval must be greater than 0")


@pytest.mark.vm
def test_events_oom(runtime, bundle, work):
    bundle.linux["resources"] = {"memory": {"limit": 16 << 20, "swap": 16 << 20}}
    bundle.sh("sleep 1; dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 2")
    c = runtime.detached(bundle)
    out = open(work / "events", "w")
    child = subprocess.Popen(runtime.argv("events", "--interval", "60s", c.id), stdin=subprocess.DEVNULL, stdout=out)
    try:
        wait_for(lambda: '"oom"' in open(work / "events").read(), what="an oom event")
    finally:
        child.kill()
        child.wait()
        out.close()


@pytest.mark.vm
def test_events_numbers(runtime, bundle):
    bundle.linux["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 99}}
    c = runtime.detached(bundle.sleep())
    data = json.loads(runtime.ok("events", "--stats", c.id).out)["data"]
    assert data["memory"]["usage"]["limit"] == 64 << 20
    assert data["memory"]["usage"]["usage"] > 0
    assert data["pids"] == {"current": 1, "limit": 99}
    assert data["cpu"]["usage"]["total"] > 0


# ---- spec ---------------------------------------------------------------------------------------------------------------------


def test_spec_document(runtime, base_config):
    process = base_config["process"]
    assert process["args"] == ["sh"] and process["cwd"] == "/"
    assert process["user"] == {"uid": 0, "gid": 0}
    assert process["env"] == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
    assert process["noNewPrivileges"] is True
    names = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    assert all(process["capabilities"][kind] == names for kind in ("bounding", "effective", "permitted"))
    assert process["rlimits"] == [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]
    assert base_config["root"] == {"path": "rootfs", "readonly": True}
    destinations = [mount["destination"] for mount in base_config["mounts"]]
    assert destinations == ["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"]
    linux = base_config["linux"]
    assert [n["type"] for n in linux["namespaces"]][:5] == ["pid", "network", "ipc", "uts", "mount"]
    assert linux["resources"] == {"devices": [{"allow": False, "access": "rwm"}]}
    assert {"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/scsi"} <= set(linux["maskedPaths"])
    assert linux["readonlyPaths"] == ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def test_spec_inheritable_and_ambient_are_empty(runtime, base_config):
    runtime.requires("1.2")
    assert set(base_config["process"]["capabilities"]) == {"bounding", "effective", "permitted"}


def test_spec_file(runtime, work):
    runtime.ok("spec", cwd=work, preexec=lambda: os.umask(0o022))
    file = work / "config.json"
    assert stat.S_IMODE(file.stat().st_mode) & 0o133 == 0
    assert file.read_text().startswith('{\n\t"ociVersion"'), "tab indent"
    runtime.fails("spec", cwd=work, match=r"File config.json exists. Remove it first")


def test_spec_bundle(runtime, work):
    runtime.ok("spec", "--bundle", work)
    assert (work / "config.json").exists()


def test_spec_default_runs(runtime, bundle, base_config):
    bundle.config["process"]["args"] = ["true"]
    assert runtime.run(bundle).code == 0


def test_spec_rootless(runtime, work):
    runtime.ok("spec", "--rootless", cwd=work)
    document = json.loads((work / "config.json").read_text())
    types = [n["type"] for n in document["linux"]["namespaces"]]
    assert "user" in types and "network" not in types
    assert "resources" not in document["linux"] or not document["linux"]["resources"]
    assert document["linux"]["uidMappings"] == [{"containerID": 0, "hostID": os.geteuid(), "size": 1}]
    assert document["linux"]["gidMappings"] == [{"containerID": 0, "hostID": os.getegid(), "size": 1}]
    for mount in document["mounts"]:
        assert not [o for o in mount.get("options", []) if o.startswith(("uid=", "gid="))]


# ---- features, version, help --------------------------------------------------------------------------------------------------


def test_features(runtime):
    result = runtime.ok("features")
    assert result.err == "", "CRI-O reads stdout and stderr as one stream"
    document = json.loads(result.out)
    assert document["ociVersionMin"] == "1.0.0"
    assert {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"} == set(document["hooks"])
    linux = document["linux"]
    assert set(linux["namespaces"]) >= {"cgroup", "ipc", "mount", "network", "pid", "user", "uts"}
    assert {"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"} <= set(linux["capabilities"])
    assert linux["cgroup"]["v2"] is True
    assert linux["seccomp"]["enabled"] is True
    assert {"SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY", "SCMP_ACT_KILL_PROCESS"} <= set(linux["seccomp"]["actions"])
    assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"} <= set(linux["seccomp"]["archs"])
    assert document["mountOptions"] == sorted(document["mountOptions"])
    assert {"bind", "rro", "tmpcopyup", "noatime", "rprivate"} <= set(document["mountOptions"])


def test_features_of_current_runc(runtime):
    runtime.requires("1.3")
    linux = json.loads(runtime.ok("features").out)["linux"]
    assert linux["mountExtensions"]["idmap"]["enabled"] is True
    assert "time" in linux["namespaces"]


def test_features_only_claims_what_is_there(runtime):
    """cgroup v1 is not a limit mechanism of ours."""
    runtime.only_redoubt("this rule")
    linux = json.loads(runtime.ok("features").out)["linux"]
    assert linux["cgroup"]["v1"] is False
    assert linux["apparmor"]["enabled"] in (True, False)


def test_version(runtime):
    for flag in ("--version", "-v"):
        result = runtime.raw([runtime.path, flag])
        lines = result.out.splitlines()
        assert result.code == 0 and result.err == ""
        assert re.fullmatch(rf"{runtime.kind} version \d+\.\d+\.\d+\S*", lines[0])
        assert any(re.fullmatch(r"spec: \d+\.\d+\.\d+\S*", line) for line in lines)


def test_version_as_runc(runtime, work):
    """Called as runc it says so in the first line, for go-runc."""
    runtime.only_redoubt("second name")
    link = work / "runc"
    link.symlink_to(runtime.path)
    first = runtime.raw([link, "--version"]).out.splitlines()[0]
    assert first.startswith("runc version ")


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["help"], ["h"], []], ids=lambda a: " ".join(a) or "none")
def test_help(runtime, argv):
    result = runtime.raw([runtime.path, *argv])
    assert result.code == 0
    assert result.out.startswith(f"NAME:\n   {runtime.kind} - ")
    for verb in VERBS:
        assert re.search(rf"^\s+{verb}\b", result.out, re.M), verb


VERBS = "create delete events exec features kill list pause ps resume run spec start state update".split()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_verb_help(runtime, verb, flag):
    result = runtime.raw([runtime.path, verb, flag])
    assert result.code == 0
    assert re.match(rf"   {runtime.kind} {verb}\b", result.out.splitlines()[1])


def test_unknown_command(runtime):
    result = runtime.raw([runtime.path, "foo"])
    assert result.code == 3
    assert "No help topic for 'foo'" in result.all


def test_unknown_flag(runtime):
    for argv in (["--badflag", "list"], ["list", "--badflag"]):
        result = runtime.raw([runtime.path, *argv])
        assert result.code == 1
        assert re.search("flag provided but not defined: -badflag", result.err)


@pytest.mark.parametrize(
    "argv, words",
    [(["state"], r'\\?"state\\?" requires exactly 1 argument'), (["state", "a", "b"], r'\\?"state\\?" requires exactly 1 argument'),
     (["exec"], r'\\?"exec\\?" requires a minimum of 1 argument'), (["kill"], r'\\?"kill\\?" requires a minimum of 1 argument'),
     (["list", "x"], r'\\?"list\\?" requires exactly 0 argument')],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_argument_count(runtime, argv, words):
    result = runtime(*argv)
    assert result.code != 0
    assert re.search(words, result.err), str(result)
    assert "Incorrect Usage." in result.out


@pytest.mark.parametrize("form", ["json", "text"])
def test_log_file(runtime, work, form):
    log = work / "log"
    result = runtime("state", "absent", global_args=["--log", log, "--log-format", form])
    assert result.code == 1
    assert "container does not exist" in result.err
    [line] = log.read_text().splitlines()
    if form == "json":
        record = json.loads(line)
        assert record["level"] == "error" and "container does not exist" in record["msg"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", record["time"])
        assert list(record) == ["level", "msg", "time"]
    else:
        assert re.fullmatch(r'time="\S+" level=error msg="container does not exist"', line)


def test_log_stays_empty_without_an_error(runtime, bundle, work):
    """podman parses the whole file as one JSON object."""
    log = work / "log"
    runtime.run(bundle.args("true"), global_args=["--log", log, "--log-format", "json"])
    assert not log.exists() or log.read_text() == ""


def test_log_is_appended_with_one_error_a_call(runtime, work):
    log = work / "log"
    for _ in range(3):
        runtime("state", "absent", global_args=["--log", log, "--log-format", "json"])
    assert len(log.read_text().splitlines()) == 3


def test_log_of_a_failed_create_is_the_whole_story(runtime, bundle, work):
    log = work / "log"
    bundle.args("nosuch").save()
    result = runtime("create", "--bundle", bundle.path, runtime.cid(), global_args=["--log", log, "--log-format", "json"])
    assert result.code == 1
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["level"] == "error"
    assert 'exec: "nosuch": executable file not found in $PATH' in last["msg"]
    assert last["msg"] in result.err


def test_bad_log_format(runtime):
    runtime.fails("list", global_args=["--log-format", "xml"], match="invalid log-format|unknown log-format")


def test_root_slash_is_refused(runtime):
    runtime.requires("1.2")
    result = runtime.raw([runtime.path, "--root", "/", "list"])
    assert result.code == 1 and "Option --root argument should not be set to /" in result.err


def test_debug(runtime, bundle, work):
    log = work / "log"
    runtime.run(bundle.args("true"), global_args=["--debug", "--log", log, "--log-format", "json"])
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(record["level"] == "debug" for record in records)


def test_list_is_stable_while_containers_come_and_go(runtime, bundle):
    """list in a loop next to create and delete: never an error, never a half container."""
    runtime.only_redoubt("promise that list never fails")
    bundle.sleep().save()
    script = f"for i in $(seq 12); do {' '.join(runtime.argv('run', '-d', '--bundle', bundle.path, runtime.prefix + '-loop'))} </dev/null >/dev/null 2>&1; " + (
        f"{' '.join(runtime.argv('delete', '-f', runtime.prefix + '-loop'))}; done"
    )
    runtime.root.mkdir(exist_ok=True)
    churn = subprocess.Popen(["sh", "-c", script])
    while churn.poll() is None:
        result = runtime("list", "-f", "json")
        if runtime.kind == "redoubt":
            assert (result.code, result.err) == (0, "")
        json.loads(result.out)
        time.sleep(0.005)
