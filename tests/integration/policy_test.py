"""The policy engine: what the default profile stops, what lifts it, who may tighten, what explain says.

Each act of tests/victims/forbidden.c is tried under the policy and under a policy with mode "off": what the kernel answers there is
never the refusal of a filter, so a refusal under the policy is the policy's.
"""

import json
import os
import pathlib
import shlex
import subprocess

import pytest

from harness import victims
from harness.policy import HEAD, annotate, names, node, rule  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Act, and the capability that asks for it.
SURFACE = {
    "bpf": "CAP_BPF", "perf_event_open": "CAP_PERFMON", "io_uring_setup": None, "userfaultfd": "CAP_SYS_PTRACE", "keyctl": "CAP_SYS_ADMIN",
    "add_key": "CAP_SYS_ADMIN", "request_key": "CAP_SYS_ADMIN", "init_module": "CAP_SYS_MODULE", "finit_module": "CAP_SYS_MODULE",
    "delete_module": "CAP_SYS_MODULE", "kexec_load": "CAP_SYS_BOOT", "mount": "CAP_SYS_ADMIN", "umount2": "CAP_SYS_ADMIN",
    "open_tree": "CAP_SYS_ADMIN", "move_mount": "CAP_SYS_ADMIN", "fsopen": "CAP_SYS_ADMIN", "mount_setattr": "CAP_SYS_ADMIN",
    "pivot_root": "CAP_SYS_ADMIN", "setns": "CAP_SYS_ADMIN", "open_by_handle_at": "CAP_DAC_READ_SEARCH", "clock_settime": "CAP_SYS_TIME",
    "syslog": "CAP_SYSLOG", "swapon": "CAP_SYS_ADMIN", "acct": "CAP_SYS_PACCT", "quotactl": "CAP_SYS_ADMIN", "fanotify_init": "CAP_SYS_ADMIN",
    "iopl": "CAP_SYS_RAWIO", "ioperm": "CAP_SYS_RAWIO", "clone3": "CAP_SYS_ADMIN", "unshare_user": "CAP_SYS_ADMIN",
    "unshare_user_high": "CAP_SYS_ADMIN", "tiocsti": "CAP_SYS_ADMIN", "tiocsti_high": "CAP_SYS_ADMIN", "tioclinux": "CAP_SYS_ADMIN",
}  # fmt: skip
ENOSYS = {"io_uring_setup", "userfaultfd", "clone3"}


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("policies")


@pytest.fixture
def bundle(bundle):
    bundle.add("bin/forbidden", victim="forbidden")
    return bundle.writable()


def act(runtime, bundle, *acts):
    result = runtime.run(bundle.args("forbidden", *acts))
    assert result.code == 0, str(result)
    return dict(line.split() for line in result.out.splitlines())


def grant(bundle, *capabilities):
    for kind in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][kind] += capabilities


def explain(runtime, bundle):
    bundle.save()
    return json.loads(runtime.ok("policy", "explain", "--bundle", str(bundle.path), "--format", "json").out)


# ---- the default profile ------------------------------------------------------------------------------------------------------


def test_the_default_profile_stops_every_act(runtime, bundle, node):
    answers = act(runtime, bundle, *SURFACE)
    assert answers == {name: "ENOSYS" if name in ENOSYS else "EPERM" for name in SURFACE}


def test_it_is_the_policy_that_stops_them(runtime, bundle, node):
    """With every capability but no policy the kernel answers something else: the refusals above were not the kernel's."""
    node.off()
    grant(bundle, *sorted({capability for capability in SURFACE.values() if capability}))
    answers = act(runtime, bundle, *SURFACE)
    refused = {name for name, answer in answers.items() if answer in ("EPERM", "ENOSYS")}
    host = subprocess.run([victims.binary("forbidden"), *SURFACE], capture_output=True, text=True, timeout=20).stdout
    refused_by_the_host = {line.split()[0] for line in host.splitlines() if line.endswith((" EPERM", " ENOSYS"))}
    assert refused <= refused_by_the_host, answers
    assert len(refused) < len(SURFACE) / 2, "the host refuses so much that nothing is shown"


def test_the_floor_holds_under_a_filter_of_config_json(runtime, bundle, node):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}))
    answers = act(runtime, bundle, "getppid", *SURFACE)
    assert answers.pop("getppid") == "EPERM"
    assert set(answers.values()) == {"EPERM", "ENOSYS"}


def test_exotic_socket_families_are_closed(runtime, bundle, node):
    closed = [f"socket={family}" for family in (3, 15, 21, 29, 30, 31, 33, 38, 40, 44, 38 + (1 << 40))]
    answers = act(runtime, bundle, *closed, "socket=1", "socket=2", "socket=10")
    assert {answers[name] for name in closed} == {"EAFNOSUPPORT"}
    assert answers["socket=1"] == answers["socket=2"] == "ok"


def test_a_capability_lifts_what_it_is_for_and_no_more(runtime, bundle, node):
    grant(bundle, "CAP_SYS_TIME")
    answers = act(runtime, bundle, *SURFACE)
    lifted = {name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")}
    assert lifted == {"clock_settime"}


def test_a_rule_of_the_node_is_not_lifted(runtime, bundle, node):
    node(kernel={"clock": rule("deny")})
    grant(bundle, "CAP_SYS_TIME")
    assert act(runtime, bundle, "clock_settime") == {"clock_settime": "EPERM"}


def test_exec_is_under_the_same_policy(runtime, bundle, node):
    container = runtime.detached(bundle.sleep())
    out = container.exec("forbidden", "bpf", "mount", "socket=38").out
    assert out.split("\n")[:3] == ["bpf EPERM", "mount EPERM", "socket=38 EAFNOSUPPORT"]


def test_masks_are_there_without_any_in_config_json(runtime, bundle, node):
    bundle.linux["maskedPaths"] = []
    bundle.linux["readonlyPaths"] = []
    bundle.sh("cat /proc/kcore | wc -c; echo x > /proc/sys/kernel/core_pattern")
    result = runtime.run(bundle)
    assert result.out.split()[0] == "0"
    assert "core_pattern: Read-only file system" in result.err, str(result)


# ---- who may say what ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key, value, words", [
    ("porfile", "default", "unknown key"),
    ("mode", "off", "mode: annotation io.redoubt.mode asks for off, profiles/default.json:6 allows preferred"),
    ("profile", "builder", "kernel.keyrings: profiles/builder.json:"),
    ("profile", "nothing", "there is none of that name"),
    ("isolation", "vm", "demands a virtual machine"),
    ("policy", '{"kernel":{"bpf":{"value":"deny"}}}', "every rule needs a"),
    ("policy", '{"kernal":{}}', "unknown key"),
    ("policy", '{"sysctls":[{"name":"net.ipv4.ip_forward","value":"1","reason":"r"}]}', "sysctls: not for an annotation"),
    ("policy", '{"selinux":{"type":{"value":"spc_t","reason":"r"}}}', "selinux.type: not for an annotation"),
    ("policy", '{"apparmor":{"profile":{"value":"unconfined","reason":"r"}}}', "apparmor.profile: not for an annotation"),
    ("policy", " " * 16385, "io.redoubt.policy"),
])  # fmt: skip
def test_annotations_that_are_refused(runtime, bundle, node, key, value, words):
    annotate(bundle, **{key: value})
    runtime.refused(bundle, match=words)


def test_kernel_parameters_of_the_policy_are_not_set_on_the_host(runtime, bundle, node):
    path = pathlib.Path("/proc/sys/net/ipv4/ip_default_ttl")
    before = path.read_text()
    node(sysctls=[{"name": "net.ipv4.ip_default_ttl", "value": "77", "reason": "r"}])
    assert runtime.output(bundle.args("cat", str(path))) == "77\n"
    bundle.linux["namespaces"] = [ns for ns in bundle.linux["namespaces"] if ns["type"] != "network"]
    try:
        assert runtime.output(bundle.args("cat", str(path))) == before
        (decision,) = [row for row in explain(runtime, bundle)["decisions"] if row["control"] == "sysctls"]
        assert "shares the host's namespace: net.ipv4.ip_default_ttl" in decision["degradation"]
        node(sysctls=[{"name": "net.ipv4.ip_default_ttl", "value": "77", "reason": "r"}], mode=rule("required"))
        runtime.refused(bundle.args("true"), match="sysctls .* cannot be enforced")
        assert path.read_text() == before
    finally:
        path.write_text(before)


def test_an_annotation_tightens(runtime, bundle, node):
    annotate(bundle, policy='{"kernel":{"ptrace":{"value":"deny","reason":"no debugging"}}}')
    assert act(runtime, bundle, "ptrace", "process_vm_readv") == {"ptrace": "EPERM", "process_vm_readv": "EPERM"}


def test_a_container_keeps_the_policy_that_it_was_made_with(runtime, bundle, node):
    node(syscalls={"deny": names("getppid")})
    container = runtime.detached(bundle.sleep())
    node.off()
    (node.etc / "config.json").unlink()
    assert container.exec("forbidden", "getppid").out == "getppid EPERM\n"


def test_privileged_is_the_nodes_decision(runtime, bundle, node):
    every = runtime.ok("features").out
    grant(bundle, *json.loads(every)["linux"]["capabilities"])
    node(kernel={"bpf": rule("deny")})
    assert act(runtime, bundle, "bpf", "keyctl")["bpf"] not in ("EPERM", "ENOSYS")
    node(kernel={"bpf": rule("deny")}, node={"privileged": rule("floor")})
    answers = act(runtime, bundle, "bpf", "keyctl")
    assert answers["bpf"] == "EPERM" and answers["keyctl"] not in ("EPERM", "ENOSYS")
    node(node={"privileged": rule("deny")})
    runtime.refused(bundle, match="node.privileged: deny")


def test_files_that_others_may_write_are_refused(runtime, bundle, node):
    node()
    (node.etc / "config.json").chmod(0o666)
    runtime.refused(bundle, match="only root or the caller may write to")


def test_a_policy_root_that_others_may_write_is_refused(runtime, bundle, node, tmp_path):
    tmp_path.chmod(0o777)
    runtime.refused(bundle, match="REDOUBT_POLICY_ROOT")


# ---- layers -------------------------------------------------------------------------------------------------------------------


def test_a_kernel_without_landlock_says_so_everywhere(runtime, bundle, node, tmp_path, monkeypatch):
    without = tmp_path / "redoubt"
    without.write_text(f'#!/bin/sh\nexec {victims.binary("without_calls")} 444 446 {runtime.path} "$@"\n')
    without.chmod(0o755)
    monkeypatch.setattr(runtime, "path", str(without))
    rules = {"files": {"write": names("/tmp", "/dev", key="paths")}, "landlock": {"scopes": names("signals")}}
    node(**rules)
    assert "landlock" not in runtime.ok("features").out
    (check,) = [row for row in json.loads(runtime("doctor", "--format", "json").out) if row["check"] == "landlock"]
    assert not check["good"] and "none" in check["finding"] and "lsm=" in check["remedy"]
    said = explain(runtime, bundle)
    lacks = {row["control"]: row["degradation"] for row in said["decisions"] if row["backend"] == ""}
    assert lacks["files.write"] == "this kernel has no Landlock" and "Landlock" in lacks["landlock.scopes"]
    assert {"layer": "landlock", "level": "degraded", "reason": "this kernel has no Landlock"} in said["layers"]
    container = runtime.detached(bundle.sleep())
    assert json.loads((runtime.root / container.id / "state.json").read_text())["policy"]["landlock"] == "degraded"
    runtime.ok("delete", "--force", container.id)
    node(**rules, mode=rule("required"))
    runtime.refused(bundle.args("true"), match="files.write .* cannot be enforced: this kernel has no Landlock")


@pytest.mark.parametrize("layers", [{"bpf-lsm": "active"}, {"bpf-lsm": "audit"}, {"bpf-lsm": "off", "reports": "active"}], ids=str)
def test_unload_counts_who_is_judged_and_who_is_only_reported(runtime, bundle, layers):
    container = runtime.detached(bundle.sleep())
    record = runtime.root / container.id / "state.json"
    document = json.loads(record.read_text())
    document["policy"].update(layers)
    record.write_text(json.dumps(document))
    runtime.fails("bpf", "unload", match=f"containers rely on the programs: {container.id}")


def test_landlock_holds_writes_and_execution(runtime, bundle, node):
    node.profile("boxed", extends=["default"], process={"noNewPrivileges": rule(True)},
                 files={"write": names("/tmp", "/dev", key="paths"), "execute": names("/bin", key="paths")})
    annotate(bundle, profile="boxed")
    bundle.sh("echo a > /tmp/a && echo wrote; echo b > /root/b; cp /bin/busybox /tmp/echo; /tmp/echo ran")
    result = runtime.run(bundle)
    assert result.out == "wrote\n", str(result)
    assert "can't create /root/b: Permission denied" in result.err
    assert "/tmp/echo: Permission denied" in result.err


def test_landlock_holds_without_no_new_privileges_too(runtime, bundle, node):
    node.profile("boxed", extends=["default"], files={"write": names("/tmp", "/dev", key="paths")})
    bundle.process["noNewPrivileges"] = False
    annotate(bundle, profile="boxed").sh("echo b > /root/b; grep NoNewPrivs /proc/self/status")
    result = runtime.run(bundle)
    assert "Permission denied" in result.err and result.out.split()[-1] == "0", str(result)


def test_landlock_holds_ports(runtime, bundle, node):
    node.profile("mute", extends=["default"], network={"connect": [{"address": "127.0.0.1", "ports": ["81"], "protocol": "tcp", "reason": "t"}]})
    annotate(bundle, profile="mute").sh("nc -w1 127.0.0.1 80 </dev/null; busybox nc -w1 127.0.0.1 80; busybox nc -w1 127.0.0.1 81")
    result = runtime.run(bundle)
    assert "Permission denied" in result.err and "Connection refused" in result.err, str(result)


def test_required_refuses_what_cannot_be_enforced(runtime, bundle, node):
    """A packet socket is past whatever holds connections: network_policy_test.py has the other reasons."""
    grant(bundle, "CAP_NET_RAW")
    annotate(bundle, mode="required", policy='{"network":{"connect":[{"address":"10.0.0.0/8","reason":"only inside"}]}}')
    runtime.refused(bundle, match="network.connect .annotation io.redoubt.policy. cannot be enforced")


def test_restricted(runtime, bundle, node):
    bundle.process["capabilities"] = {kind: ["CAP_NET_BIND_SERVICE"] for kind in ("bounding", "effective", "permitted")}
    annotate(bundle, profile="restricted")
    runtime.refused(bundle, match="process.user.uid: config.json asks for 0")
    bundle.user(1000).sh("grep -E 'NoNewPrivs|CapBnd|Seccomp_filters' /proc/self/status; echo x > /bin/x; forbidden ptrace")
    result = runtime.run(bundle)
    assert result.out.split() == ["CapBnd:", "0000000000000400", "NoNewPrivs:", "1", "Seccomp_filters:", "1", "ptrace", "EPERM"], str(result)
    assert "Read-only file system" in result.err


# ---- the verbs ----------------------------------------------------------------------------------------------------------------


def test_explain_names_the_rule_of_every_control(runtime, bundle, node):
    document = explain(runtime, bundle)
    assert document["profile"] == "default" and document["mode"] == "preferred"
    controls = {row["control"]: row for row in document["decisions"]}
    assert controls["kernel.bpf"]["source"].startswith("profiles/default.json:")
    assert {row["layer"]: row["level"] for row in document["layers"]}["seccomp"] == "active"
    container = runtime.detached(bundle.sleep())
    stored = json.loads(runtime.ok("policy", "explain", container.id, "--format", "json").out)
    assert stored["decisions"] == document["decisions"]


def test_explain_text_has_no_colour_in_a_pipe(runtime, bundle, node):
    bundle.save()
    out = runtime.ok("policy", "explain", "--bundle", str(bundle.path)).out
    assert "\x1b" not in out and "kernel.ioUring" in out and "LAYER" in out


def test_the_state_has_the_level_of_each_layer(runtime, bundle, node):
    container = runtime.detached(bundle.sleep())
    state = json.loads(next(pathlib.Path(runtime.root).glob(f"{container.id}/state.json")).read_text())
    assert state["policy"]["profile"] == "default" and state["policy"]["seccomp"] == "active"


def test_simulate_and_lint_and_diff(runtime, node, tmp_path):
    trace = tmp_path / "trace.jsonl"
    trace.write_text('{"syscall":"read"}\n{"syscall":"bpf"}\n{"socket":"AF_ALG"}\n{"open":"/proc/kcore","access":"r"}\n')
    result = runtime("profile", "simulate", "default", str(trace), "--format", "json")
    assert [row["verdict"] for row in json.loads(result.out)] == ["allow", "deny", "deny", "deny"] and result.code == 1
    assert runtime("profile", "diff", "default", "restricted").code == 0
    assert runtime("profile", "diff", "default", "builder").code == 1
    path = node.profile("bad", syscalls={"allow": names("read")})
    assert "no program starts without execve" in runtime("profile", "lint", str(path)).out


def test_a_profile_that_extends_what_is_not_there_says_so(runtime, node):
    path = node.profile("orphan", extends=["nothing"])
    for word in str(path), "orphan":
        runtime.fails("profile", "show", word, match='orphan.*: /extends: profile .*nothing.*: there is none of that name')


def test_tables_fit_the_terminal(runtime, bundle, node):
    bundle.save()
    for words in ("policy", "explain", "--bundle", bundle.path), ("doctor",), ("profile", "explain", "web-server", "bind:0.0.0.0:443", "exec:/bin/x"):
        command = shlex.join(str(word) for word in runtime.argv(*words))
        shown = subprocess.run(["script", "-qec", f"stty cols 80; NO_COLOR=1 {command}", "/dev/null"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, check=True).stdout  # fmt: skip
        assert max(len(line.rstrip("\r")) for line in shown.split("\n")) <= 80, shown


def test_doctor(runtime, node):
    checks = {row["check"]: row for row in json.loads(runtime.ok("doctor", "--format", "json").out)}
    assert checks["profile record"]["good"], checks["profile record"]
    assert checks["seccomp"]["good"]
    if not checks["bpf lsm"]["good"]:
        assert [row["check"] for row in checks.values() if checks["bpf lsm"]["finding"] in row["finding"]] == ["bpf lsm"]
    node(bogus=1)
    broken = runtime("doctor", "--format", "json")
    assert broken.code == 1 and "unknown key" in broken.out


def test_doctor_says_that_nothing_can_be_recorded(runtime):
    argv = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", *runtime.argv("doctor", "--format", "json")]
    checks = {row["check"]: row for row in json.loads(runtime.raw(argv).out)}
    assert not checks["profile record"]["good"] and "cannot be recorded" in checks["profile record"]["finding"]
    assert "CAP_BPF" in checks["profile record"]["remedy"]


# ---- schema and reader --------------------------------------------------------------------------------------------------------

BAD = [
    {"kind": "Profile", "name": "x"},
    {**HEAD, "kind": "Profile"},
    {**HEAD, "kind": "Profile", "name": "x", "bogus": 1},
    {**HEAD, "kind": "Profile", "name": "X"},
    {**HEAD, "kind": "Profile", "name": "x", "mode": {"value": "audit"}},
    {**HEAD, "kind": "Profile", "name": "x", "mode": {"value": "loud", "reason": "r"}},
    {**HEAD, "kind": "Profile", "name": "x", "mode": {"value": "audit", "reason": " "}},
    {**HEAD, "kind": "Profile", "name": "x", "mode": {"value": "audit", "reason": "r", "more": 1}},
    {**HEAD, "kind": "Profile", "name": "x", "capabilities": {"deny": names("CHOWN")}},
    {**HEAD, "kind": "Profile", "name": "x", "capabilities": {"deny": []}},
    {**HEAD, "kind": "Profile", "name": "x", "capabilities": {"drop": names("CAP_CHOWN")}},
    {**HEAD, "kind": "Profile", "name": "x", "syscalls": {"deny": names("Open")}},
    {**HEAD, "kind": "Profile", "name": "x", "files": {"masked": names("/a/../b", key="paths")}},
    {**HEAD, "kind": "Profile", "name": "x", "files": {"masked": names("/a", key="names")}},
    {**HEAD, "kind": "Profile", "name": "x", "limits": {"pids": rule(0)}},
    {**HEAD, "kind": "Profile", "name": "x", "limits": {"rlimits": [{"name": "NOFILE", "value": 1, "reason": "r"}]}},
    {**HEAD, "kind": "Profile", "name": "x", "network": {"bind": [{"address": "any", "protocol": "icmp", "reason": "r"}]}},
    {**HEAD, "kind": "Profile", "name": "x", "node": {"privileged": rule("deny")}},
    {**HEAD, "kind": "Profile", "name": "x", "sysctls": [{"name": "kernel.core_pattern", "value": "x", "reason": "r"}]},
    {**HEAD, "kind": "Profile", "name": "x", "selinux": {"type": rule("a b")}},
]
GOOD = [
    {**HEAD, "kind": "Profile", "name": "x"},
    {**HEAD, "kind": "Profile", "name": "x", "x-owner": ["me"], "mode": {"value": "audit", "reason": "r", "x-n": 1}},
    {**HEAD, "kind": "Profile", "name": "x", "syscalls": {"allow": names("@container", "bpf")}},
    {**HEAD, "kind": "Profile", "name": "x", "files": {"write": names("/", "/a/b", key="paths")}},
    {**HEAD, "kind": "Profile", "name": "x", "network": {"bind": [{"address": "::/0", "ports": ["80", "1-2"], "protocol": "tcp", "reason": "r"}]}},
    {**HEAD, "kind": "Profile", "name": "x", "limits": {"pids": rule(10), "rlimits": [{"name": "RLIMIT_CORE", "value": 0, "reason": "r"}]}},
    {**HEAD, "kind": "Profile", "name": "x", "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0", "reason": "r"}]},
]


def test_schema_and_reader_agree(runtime, node, tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="lacks python3-jsonschema")
    validator = jsonschema.Draft7Validator(json.loads((ROOT / "profiles/schema/policy.schema.json").read_text()))
    documents = [(True, json.loads(path.read_text())) for path in sorted((ROOT / "profiles").glob("*.json"))]
    documents += [(True, document) for document in GOOD] + [(False, document) for document in BAD]
    for good, document in documents:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document))
        read = runtime("profile", "show", str(path))
        assert (read.code == 0) == good, f"{document}: {read}"
        assert validator.is_valid(document) == good, document


def test_examples_of_the_manual_are_valid(runtime, node, tmp_path):
    for page in ("redoubt-profile.5.scd", "redoubt-node.5.scd"):
        text = (ROOT / "man" / page).read_text().split("```\n")[1]
        document = json.loads(text)
        if document["kind"] == "NodePolicy":
            node(**{key: value for key, value in document.items() if key not in ("apiVersion", "kind")})
            runtime.ok("policy", "show")
        else:
            path = tmp_path / "example.json"
            path.write_text(text)
            assert runtime("profile", "lint", str(path)).code == 0


def test_policy_costs_no_file_in_the_bundle(runtime, bundle, node):
    before = sorted(os.listdir(bundle.path))
    runtime.run(bundle.args("true"))
    assert sorted(set(os.listdir(bundle.path)) - {"config.json"}) == sorted(set(before) - {"config.json"})
