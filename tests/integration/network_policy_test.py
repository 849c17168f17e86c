"""network.connect and network.bind: the programs of the container's cgroup, and Landlock's TCP ports under them.

The victim netact prints what the kernel answered to each act. On a loopback without listeners an act that passes ends in ECONNREFUSED or
"ok"; EPERM is the cgroup's program and EACCES is Landlock, which never says EPERM to a socket.
"""

import json
import pathlib
import subprocess

import pytest

from harness import bpf, host, victims
from harness.policy import annotate, names, node, rule  # noqa: F401
from harness.rootless import rootless, rootless_bundle  # noqa: F401
from harness.runtime import wait_for

PASSED = {"ok", "ECONNREFUSED"}
PROGRAM = {"EPERM"}
REFUSED = {"EPERM", "EACCES"}


def to(address, *ports, protocol="any"):
    return {"address": address, "protocol": protocol, "reason": "test", **({"ports": list(map(str, ports))} if ports else {})}


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("policies")


@pytest.fixture
def bundle(bundle):
    bundle.add("bin/netact", victim="netact")
    bundle.add("bin/forbidden", victim="forbidden")
    return bundle


@pytest.fixture
def restrict(node, bundle):
    """restrict(connect=[...], bind=[...]): the bundle with a profile of these lists, on top of the default one or with `alone`."""

    def make(alone=None, **network):
        if alone is not None:
            node(node={"allowedProfiles": names("net")})
        node.profile("net", **({"extends": ["default"]} if alone is None else alone), network=network)
        return annotate(bundle, profile="net")

    return make


def answers(text):
    return dict(line.split() for line in text.splitlines())


def act(runtime, bundle, *acts):
    result = runtime.run(bundle.args("netact", *acts))
    assert result.code == 0, str(result)
    return answers(result.out)


def refused(said, *acts):
    return {name: said[name] for name in acts if said[name] not in PASSED}


def layers(runtime, bundle):
    bundle.save()
    document = json.loads(runtime.ok("policy", "explain", "--bundle", str(bundle.path), "--format", "json").out)
    return ({row["control"]: row for row in document["decisions"]}, {row["layer"]: row for row in document["layers"]})


# ---- connect ------------------------------------------------------------------------------------------------------------------


def test_connect_by_address_port_and_protocol(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.0/30", 80, "8000-8010", protocol="tcp"), to("127.1.0.0/16", 53, protocol="udp"), to("::1", 443)])
    said = act(runtime, bundle,
               "connect-tcp,127.0.0.1,80", "connect-tcp,127.0.0.3,8000", "connect-tcp,127.0.0.2,8010", "connect-tcp,::1,443",
               "connect-udp,127.1.2.3,53", "sendto-udp,127.1.2.3,53", "connected-udp,127.1.2.3,53", "dissolve-udp,127.1.2.3,53",
               "connect-udp,::1,443", "sendto-udp,::1,443", "connected-udp,::1,443",
               # another address
               "connect-tcp,127.0.0.4,80", "connect-tcp,127.1.2.3,53", "connect-udp,127.2.0.0,53", "sendto-udp,127.0.255.255,53",
               # another port
               "connect-tcp,127.0.0.1,81", "connect-tcp,127.0.0.1,7999", "connect-tcp,127.0.0.1,8011", "connect-udp,127.1.2.3,54",
               "sendto-udp,127.1.2.3,52", "connect-tcp,::1,444", "sendto-udp,::1,442", "connect-udp,::1,1",
               # another protocol
               "connect-udp,127.0.0.1,80", "sendto-udp,127.0.0.1,8000")  # fmt: skip
    good = [name for name in list(said)[:11]]
    assert refused(said, *good) == {}
    assert {said[name] for name in list(said)[11:]} <= REFUSED, said
    # Port 80 is Landlock's to allow; the address is not.
    assert said["connect-tcp,127.0.0.4,80"] == "EPERM"
    assert {said[name] for name in said if "udp" in name and name not in good} == PROGRAM


def test_ipv4_in_ipv6_is_judged_as_ipv4(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.1", 80), to("::/0", 81)])
    good = ["connect-tcp,::ffff:127.0.0.1,80", "connect-udp,::ffff:127.0.0.1,80", "sendto-udp,::ffff:127.0.0.1,80",
            "connected-udp,::ffff:127.0.0.1,80", "connect-udp46,127.0.0.1,80", "sendto-udp46,127.0.0.1,80", "unspec-udp,127.0.0.1,80",
            "connect-tcp,::1,81", "sendto-udp,::1,81"]  # fmt: skip
    bad = ["connect-tcp,::ffff:127.0.0.1,81", "connect-udp,::ffff:127.0.0.1,81", "sendto-udp,::ffff:127.0.0.1,81",
           "connect-tcp,::ffff:127.0.0.2,80", "sendto-udp,::ffff:127.0.0.2,80", "connect-udp46,127.0.0.2,80", "sendto-udp46,127.0.0.2,80",
           "connect-udp46,127.0.0.1,81", "unspec-udp,127.0.0.1,81", "unspec-udp,127.0.0.2,80", "connect-tcp,::1,80", "sendto-udp,::1,80"]  # fmt: skip
    said = act(runtime, bundle, *good, *bad)
    assert refused(said, *good) == {}
    assert {said[name] for name in bad} == PROGRAM, said


def test_the_unspecified_address_is_no_way_round(runtime, restrict):
    """0.0.0.0 and :: reach this host under its other names; from a socket that is bound to IPv4, :: is IPv4."""
    acts = ["connect-tcp,0.0.0.0,80", "connect-tcp,::,80", "sendto-udp,0.0.0.0,80", "sendto-udp,::,80", "via-mapped-tcp,80", "via-mapped-udp,80",
            "connect-tcp,::ffff:0.0.0.0,80"]  # fmt: skip
    said = act(runtime, restrict(connect=[to("127.0.0.0/9", 80), to("0.0.0.0/5", 80), to("::/1", 80)]), *acts)
    assert set(said.values()) == PROGRAM, said
    said = act(runtime, restrict(connect=[to("::/0", 80)]), *acts)
    assert set(said.values()) == PROGRAM, said
    said = act(runtime, restrict(connect=[to("any", 80)]), *acts)
    assert refused(said, *acts) == {}


def test_nothing_may_be_reached(runtime, restrict):
    acts = ["connect-tcp,127.0.0.1,80", "connect-udp,127.0.0.1,80", "sendto-udp,127.0.0.1,80", "connect-tcp,::1,80", "sendto-udp,::1,80"]
    said = act(runtime, restrict(connect=[to("none")]), *acts, "bind-tcp,127.0.0.1,80", "bind-udp,::1,80")
    assert {said[name] for name in acts} <= REFUSED, said
    assert refused(said, "bind-tcp,127.0.0.1,80", "bind-udp,::1,80") == {}


def test_all_ports_and_protocols_of_an_address(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.1"), to("::1")])
    good = ["connect-tcp,127.0.0.1,1", "connect-tcp,127.0.0.1,65535", "sendto-udp,127.0.0.1,1", "connect-tcp,::1,65535", "sendto-udp,::1,9"]
    said = act(runtime, bundle, *good, "connect-tcp,127.0.0.2,1", "sendto-udp,127.0.0.2,1", "connect-tcp,::2,1")
    assert refused(said, *good) == {}
    assert {said[name] for name in said if name not in good} == PROGRAM, said


def test_fast_open_and_io_uring_are_held_too(runtime, restrict):
    """MSG_FASTOPEN connects without connect(2), io_uring without a system call that a filter sees."""
    bundle = restrict(alone={}, connect=[to("127.0.0.1", 80)])
    said = act(runtime, bundle, "fastopen,127.0.0.1,80", "fastopen,127.0.0.2,80", "uring-tcp,127.0.0.1,80", "uring-tcp,127.0.0.2,80")
    assert refused(said, "fastopen,127.0.0.1,80", "uring-tcp,127.0.0.1,80") == {}
    assert said["fastopen,127.0.0.2,80"] == said["uring-tcp,127.0.0.2,80"] == "EPERM", said


SOCKETS = {"raw": "socket,2,3,1", "raw with TCP": "socket,2,3,6", "raw IPv6": "socket,10,3,58", "ping": "socket,2,2,1", "ping IPv6": "socket,10,2,58",
           "SCTP": "socket,2,1,132", "UDP-Lite": "socket,2,2,136", "MPTCP": "socket,2,1,262", "MPTCP IPv6": "socket,10,1,262"}  # fmt: skip


@pytest.mark.parametrize("field", ["connect", "bind"])
def test_only_tcp_and_udp_sockets_can_be_made(runtime, restrict, field):
    bundle = restrict(**{field: [to("any")]}).add_capabilities("CAP_NET_RAW")
    bundle.linux["sysctl"] = {"net.ipv4.ping_group_range": "0 0"}
    ordinary = ["socket,2,1,0", "socket,2,1,6", "socket,2,2,0", "socket,2,2,17", "socket,10,1,0", "socket,10,2,0", "socket,1,1,0", "socket,16,3,0"]
    said = act(runtime, bundle, *ordinary, *SOCKETS.values())
    assert refused(said, *ordinary) == {}
    # What this kernel does not have at all it does not ask about.
    assert {said[name] for name in SOCKETS.values()} <= {"EPERM", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}, said
    assert {said[SOCKETS[name]] for name in ("raw", "raw with TCP", "raw IPv6", "ping", "ping IPv6", "UDP-Lite")} == PROGRAM, said
    bundle.config["annotations"] = {}
    said = act(runtime, bundle, *SOCKETS.values())
    assert refused(said, SOCKETS["raw"], SOCKETS["raw with TCP"], SOCKETS["ping"]) == {}


# ---- bind ---------------------------------------------------------------------------------------------------------------------


def test_bind_by_address_port_and_protocol(runtime, restrict):
    bundle = restrict(bind=[to("127.0.0.0/8", "8080-8082", protocol="tcp"), to("::1", 53, protocol="udp"), to("any", "9000-9001")])
    bundle.add_capabilities("CAP_NET_BIND_SERVICE")
    good = ["bind-tcp,127.0.0.1,8080", "bind-tcp,127.9.9.9,8082", "bind-tcp,::ffff:127.0.0.1,8081", "bind-udp,::1,53", "bind-tcp,0.0.0.0,9000",
            "bind-tcp,::,9001", "bind-udp,::,9000", "bind-udp,127.0.0.1,0", "bind-udp,0.0.0.0,0", "bind-udp,::,0", "connect-tcp,127.0.0.1,1",
            "sendto-udp,127.0.0.1,1"]  # fmt: skip
    bad = ["bind-tcp,127.0.0.1,8083", "bind-tcp,127.0.0.1,8079", "bind-udp,127.0.0.1,8080", "bind-tcp,0.0.0.0,8080", "bind-tcp,::,8080",
           "bind-tcp,::ffff:127.0.0.1,8083", "bind-tcp,::ffff:0.0.0.0,8080", "bind-udp,::1,54", "bind-udp,127.0.0.1,53", "bind-udp,::,53",
           "bind-tcp,::1,53", "bind-tcp,127.0.0.1,0", "bind-tcp,::,0"]  # fmt: skip
    said = act(runtime, bundle, *good, *bad)
    assert refused(said, *good) == {}
    assert {said[name] for name in bad} <= REFUSED, said
    assert said["bind-tcp,0.0.0.0,8080"] == said["bind-udp,127.0.0.1,8080"] == "EPERM", said


def test_a_port_of_the_kernels_choice_where_all_ports_are(runtime, restrict):
    said = act(runtime, restrict(bind=[to("127.0.0.1", protocol="tcp")]), "bind-tcp,127.0.0.1,0", "bind-tcp,127.0.0.2,0", "bind-tcp,127.0.0.1,65535")
    assert said == {"bind-tcp,127.0.0.1,0": "ok", "bind-tcp,127.0.0.2,0": "EPERM", "bind-tcp,127.0.0.1,65535": "ok"}


# ---- who is held --------------------------------------------------------------------------------------------------------------


def test_data_flows_where_it_may(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.2", 7000, protocol="tcp")], bind=[to("any", 7000, protocol="tcp")])
    bundle.sh("echo hello | busybox nc -l -p 7000 & until grep -q :1B58 /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done; "
              "busybox nc -w 5 127.0.0.2 7000 < /dev/null; busybox nc -l -p 7001 < /dev/null")  # fmt: skip
    result = runtime.run(bundle)
    assert result.out == "hello\n", str(result)
    assert "bind" in result.err and ("not permitted" in result.err or "Permission denied" in result.err), str(result)


def test_exec_and_child_cgroups_are_held(runtime, restrict):
    container = runtime.detached(restrict(connect=[to("127.0.0.1", 80)], bind=[to("127.0.0.1", 80)]).sleep())
    acts = ("connect-tcp,127.0.0.1,80", "sendto-udp,127.0.0.2,80", "bind-udp,127.0.0.2,80")
    wanted = {"connect-tcp,127.0.0.1,80": "ECONNREFUSED", "sendto-udp,127.0.0.2,80": "EPERM", "bind-udp,127.0.0.2,80": "EPERM"}
    assert answers(container.exec("netact", *acts).out) == wanted
    (container.cgroup() / "inner").mkdir()
    inner = container.exec("netact", *acts, flags=("--cgroup", "inner"))
    assert answers(inner.out) == wanted, str(inner)
    assert answers(container.exec("netact", *acts, flags=("--cap", "CAP_NET_ADMIN", "--cap", "CAP_NET_BIND_SERVICE")).out) == wanted


def test_a_created_container_and_update(runtime, restrict):
    container = runtime.create(restrict(connect=[to("127.0.0.1", 80)]).sleep())
    cgroup = container.cgroup()
    wanted = {kind: 1 if kind not in (bpf.BIND4, bpf.BIND6) else 0 for kind in bpf.NETWORK}
    assert {kind: len(bpf.attached(cgroup, kind)) for kind in bpf.NETWORK} == wanted
    runtime.ok("start", container.id)
    runtime("update", "--cpu-share", "512", container.id)
    assert {kind: len(bpf.attached(cgroup, kind)) for kind in bpf.NETWORK} == wanted
    assert answers(container.exec("netact", "sendto-udp,127.0.0.2,80").out) == {"sendto-udp,127.0.0.2,80": "EPERM"}


def test_the_host_and_its_cgroups_are_not_touched(runtime, restrict):
    own = next(line[4:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    mount = pathlib.Path(host.cgroup2_mount())
    above = {mount, *(mount / part for part in (pathlib.PurePath(own), *pathlib.PurePath(own).parents))}
    before = {(directory, kind): bpf.attached(directory, kind) for directory in above for kind in bpf.NETWORK}
    container = runtime.detached(restrict(connect=[to("none")], bind=[to("none")]).sleep())
    assert answers(container.exec("netact", "sendto-udp,127.0.0.1,9").out) == {"sendto-udp,127.0.0.1,9": "EPERM"}
    acts = ["connect-tcp,127.0.0.1,9", "sendto-udp,127.0.0.1,9", "sendto-udp,::1,9", "bind-udp,127.0.0.1,0", "socket,2,3,1"]
    done = subprocess.run([victims.binary("netact"), *acts], capture_output=True, text=True, timeout=20, check=True)
    assert refused(answers(done.stdout), *acts) == {}
    assert container.cgroup().parent in above
    assert {key: bpf.attached(*key) for key in before} == before


def test_nothing_is_left_after_delete(runtime, restrict):
    container = runtime.detached(restrict(connect=[to("127.0.0.1")], bind=[to("127.0.0.1")]).sleep())
    cgroup = container.cgroup()
    ids = [program for kind in bpf.NETWORK for program in bpf.attached(cgroup, kind)]
    assert len(ids) == 7 and all(map(bpf.exists, ids))
    container.delete("--force")
    assert not cgroup.exists()
    # The kernel frees what was attached from a work queue.
    wait_for(lambda: not any(map(bpf.exists, ids)), what="the programs to go")


def test_the_container_cannot_detach(runtime, restrict, node):
    """With bpf(2) and the two capabilities that attaching takes: the handle of somebody else's program needs CAP_SYS_ADMIN."""
    bundle = restrict(alone={}, connect=[to("127.0.0.1", 80)], bind=[to("127.0.0.1", 80)])
    bundle.namespace("cgroup").add_capabilities("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON")
    acts = [f"detach,/sys/fs/cgroup,{kind}" for kind in bpf.NETWORK]
    said = act(runtime, bundle, *acts, "sendto-udp,127.0.0.2,80")
    assert {said[name] for name in acts} == {"EPERM"}, said
    assert said["sendto-udp,127.0.0.2,80"] == "EPERM"
    # What `explain` says of CAP_SYS_ADMIN is true, and the refusals above are not the victim's failure.
    said = act(runtime, bundle.add_capabilities("CAP_SYS_ADMIN"), f"detach,/sys/fs/cgroup,{bpf.SENDMSG4}", "sendto-udp,127.0.0.2,80")
    assert list(said.values()) == ["ok", "ok"], said


def test_a_user_namespace_of_its_own(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.1", 80)]).userns()
    said = act(runtime, bundle, "connect-tcp,127.0.0.1,80", "sendto-udp,127.0.0.2,80")
    assert said == {"connect-tcp,127.0.0.1,80": "ECONNREFUSED", "sendto-udp,127.0.0.2,80": "EPERM"}


def test_two_containers_have_lists_of_their_own(runtime, restrict, make_bundle, node):
    first = runtime.detached(restrict(connect=[to("127.0.0.1", 80)]).sleep())
    other = make_bundle()
    other.add("bin/netact", victim="netact")
    node.profile("other", extends=["default"], network={"connect": [to("127.0.0.2", 80)]})
    second = runtime.detached(annotate(other, profile="other").sleep())
    acts = ("sendto-udp,127.0.0.1,80", "sendto-udp,127.0.0.2,80")
    assert list(answers(first.exec("netact", *acts).out).values()) == ["ok", "EPERM"]
    assert list(answers(second.exec("netact", *acts).out).values()) == ["EPERM", "ok"]


# ---- what is said of it -------------------------------------------------------------------------------------------------------


def test_required_is_satisfied(runtime, restrict):
    bundle = annotate(restrict(connect=[to("127.0.0.1", 80)], bind=[to("none")]), mode="required")
    said = act(runtime, bundle, "connect-tcp,127.0.0.1,80", "sendto-udp,127.0.0.2,80", "bind-udp,127.0.0.1,1080")
    assert list(said.values()) == ["ECONNREFUSED", "EPERM", "EPERM"]
    controls, levels = layers(runtime, bundle)
    assert controls["network.connect"]["backend"].startswith("cgroup-bpf") and not controls["network.connect"].get("degradation")
    assert levels["cgroup-bpf"]["level"] == "active"
    container = runtime.detached(bundle.sleep())
    state = json.loads(next(pathlib.Path(runtime.root).glob(f"{container.id}/state.json")).read_text())
    assert state["policy"]["cgroup-bpf"] == "active" and state["policy"]["mode"] == "required"


@pytest.mark.parametrize("capability, words", [
    ("CAP_NET_RAW", "raw packet sockets pass"), ("CAP_NET_ADMIN", "addresses can be translated"), ("CAP_SYS_ADMIN", "can be detached"),
])  # fmt: skip
def test_a_way_round_is_said_and_refused_by_required(runtime, restrict, capability, words):
    bundle = restrict(connect=[to("127.0.0.1", 80)]).add_capabilities(capability)
    controls, levels = layers(runtime, bundle)
    assert words in controls["network.connect"]["degradation"] and levels["cgroup-bpf"]["level"] == "active"
    runtime.refused(annotate(bundle, mode="required"), match=words)


def test_packet_sockets_closed_by_family_are_no_way_round(runtime, restrict):
    bundle = restrict(connect=[to("127.0.0.1", 80)], families=names("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"))
    annotate(bundle, mode="required").add_capabilities("CAP_NET_RAW")
    said = act(runtime, bundle, "socket,17,3,0", "socket,2,3,1", "connect-tcp,127.0.0.1,80")
    assert list(said.values()) == ["EAFNOSUPPORT", "EPERM", "ECONNREFUSED"]


def test_required_without_programs_is_refused(rootless, rootless_bundle):
    """An ordinary user cannot load any."""
    rootless.only_redoubt("policies")
    policy = {"network": {"connect": [to("127.0.0.1", 80)]}}
    annotate(rootless_bundle, mode="required", policy=json.dumps(policy)).args("true")
    rootless.refused(rootless_bundle, match=r"network.connect .*cannot be enforced: (addresses and UDP are not covered|needs cgroup BPF)")


def test_preferred_without_programs_says_so(rootless, rootless_bundle):
    rootless.only_redoubt("policies")
    annotate(rootless_bundle, policy=json.dumps({"network": {"connect": [to("127.0.0.1", 80)]}})).args("true")
    controls, levels = layers(rootless, rootless_bundle)
    assert "no cgroup BPF programs" in controls["network.connect"]["degradation"] and levels["cgroup-bpf"]["level"] == "degraded"
    assert rootless.run(rootless_bundle).code == 0


def test_audit_denies_nothing(runtime, restrict):
    bundle = restrict(alone={"mode": rule("audit")}, connect=[to("none")], bind=[to("none")])
    controls, levels = layers(runtime, bundle)
    assert levels["cgroup-bpf"]["level"] == "audit"
    assert controls["network.connect"]["degradation"] == "no audit mode: nothing is denied"
    said = act(runtime, bundle, "connect-tcp,127.0.0.1,80", "sendto-udp,127.0.0.1,80", "bind-udp,127.0.0.1,80")
    assert refused(said, *said) == {}


def test_landlock_is_under_it(runtime, restrict):
    known = json.loads(runtime.ok("features").out)["annotations"]["io.redoubt.policy.layers"]
    if not any(f"landlock-{abi}" in known.split() for abi in range(4, 20)):
        pytest.skip("lacks Landlock with TCP ports")
    bundle = restrict(connect=[to("127.0.0.1", 80)])
    said = act(runtime, bundle, "connect-tcp,127.0.0.1,81", "connect-tcp,127.0.0.2,80")
    assert said == {"connect-tcp,127.0.0.1,81": "EACCES", "connect-tcp,127.0.0.2,80": "EPERM"}
    assert layers(runtime, bundle)[0]["network.connect"]["backend"] == "cgroup-bpf, landlock (TCP ports)"


def test_too_many_endpoints(runtime, restrict):
    def blocks(count):
        return [to(f"2001:db8::{n:x}", 2 * n + 1, protocol="tcp") for n in range(count - 1)] + [to("127.0.0.1", "80-90", protocol="udp")]

    said = act(runtime, restrict(connect=blocks(1024)), "sendto-udp,127.0.0.1,85", "sendto-udp,127.0.0.1,91", "connect-tcp,::1,1")
    assert list(said.values()) == ["ok", "EPERM", "EPERM"]
    runtime.refused(restrict(connect=blocks(1025)), match=r"network.connect \(.*\): 1025 endpoints are more than the limit of 1024")


def test_features_and_doctor(runtime, node):
    assert "cgroup-bpf" in json.loads(runtime.ok("features").out)["annotations"]["io.redoubt.policy.layers"].split()
    checks = {row["check"]: row for row in json.loads(runtime("doctor", "--format", "json").out)}
    assert checks["cgroup network filter"]["good"]
