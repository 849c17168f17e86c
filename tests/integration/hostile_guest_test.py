"""isolation: vm with a guest that lies: what stands for the VMM speaks to the monitor as a taken-over guest would (harness/fake_guest.py). No
machine boots here, so cases are cheap: each must gain nothing, and end as told."""

import errno
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

from harness import fake_guest, host, leaks
from harness.isolation import guests, in_machine  # noqa: F401
from harness.paths import REPO
from harness.policy import node, rule  # noqa: F401
from harness.runtime import Container, wait_for

pytestmark = [pytest.mark.native]
WATCHDOG = 3
MEMORY = 1 << 20


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("isolation: vm")


@pytest.fixture
def bundle(bundle):
    return in_machine(bundle.writable().args("true"))


@pytest.fixture
def started(runtime, bundle, guests):  # noqa: F811
    """started(case): a running container. Its stdin is open, and nobody writes."""
    stdin, writer = os.pipe()

    def start(case, stdout=None, watchdog=WATCHDOG):
        guests.write(case, watchdog=rule(watchdog))
        bundle.save()
        container = Container(runtime, runtime.cid(), bundle)
        argv = runtime.argv("create", "--bundle", bundle.path, container.id)
        subprocess.run(argv, check=True, stdin=stdin, stdout=stdout or subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20 * host.patience())
        container.start()
        return container

    yield start
    os.close(stdin), os.close(writer)


def reason_of(container):
    container.wait("stopped", timeout=20)
    return container.state()["reason"]


BEFORE_CREATE = {
    "wrong_nonce": "the guest's hello is not the one expected",
    "wrong_version": "the guest's hello is not the one expected",
    "second_hello": "the guest's hello is not the one expected",
    "noise": "frame: length 4294967295, at most 65536",
    "long_frame": "frame: length 4294967295, at most 65536",
    "endless_message": "message of more than 65536 bytes",
    "no_json": "message:",
    "deep_json": "message:",
    "many_values": "message:",
    "silent": f"the guest did not come up within {WATCHDOG} s .vm.watchdog of the node's policy.",
    "deaf": f"the guest did not answer within {WATCHDOG} s",
    "reply_to_nothing": "the guest answered what nobody asked",
    "reply_twice": "the guest answered what nobody asked",
    "id_of_another_type": "id: ",
    "unknown_event": "event: unknown",
    "stream_of_nobody": "stream 5 was never opened",
    "exit_before_create": "the guest ended a process that it had not made",
}


@pytest.mark.parametrize("case", BEFORE_CREATE)
def test_a_lie_before_there_is_a_container(runtime, bundle, guests, case):  # noqa: F811
    guests.write(case, watchdog=rule(WATCHDOG))
    runtime.refused(bundle, verb="create", match=BEFORE_CREATE[case], timeout=20)


def test_words_of_the_guest_are_escaped_and_cut(runtime, bundle, guests):  # noqa: F811
    guests.write("error_with_escapes")
    result = runtime.refused(bundle, verb="create")
    assert "\x1b" not in result.err and len(result.err) < 2000, result.err


RUNNING = {
    "data_on_stdin": "more data than its window allows",
    "beyond_the_window": "more data than its window allows",
    "credit_for_nothing": "credit for more than was sent",
    "data_after_the_end": "used after its end",
    "a_million_streams": "was never opened",
    "code_out_of_range": "exit event: code 256",
    "hangs_later": f"the guest did not answer within {WATCHDOG} s .vm.watchdog of the node's policy.",
}


@pytest.mark.parametrize("case", RUNNING)
def test_a_lie_of_a_running_container_ends_it_with_its_reason(started, case):
    output, unread = os.pipe()
    container = started(case, stdout=unread)
    os.close(unread)
    assert re.search(RUNNING[case], reason_of(container)), container.state()
    os.close(output)
    container.delete()


def test_ends_of_others_are_nobodys_and_the_first_counts(runtime, bundle, guests):  # noqa: F811
    guests.write("exit_of_others")
    assert runtime.run(bundle).code == 3


# ---- what it may do, without end ---------------------------------------------------------------------------------------------


def test_much_output_arrives(runtime, bundle, guests):  # noqa: F811
    guests.write("much_output")
    result = runtime.run(bundle)
    assert result.code == 6 and len(result.out) == 32 << 20 and not result.out.strip("x"), str(result)[-200:]


def test_an_endless_console_starves_nobody(started):
    container = started("endless_console")
    assert container.exec("true").code == 5
    pid = container.pid
    container.kill("TERM")
    container.wait("stopped")
    assert host.exit_status(pid) == 7 << 8


def test_replies_in_any_order(runtime, started):
    container = started("answers_exec_in_reverse")
    codes = {}
    threads = [threading.Thread(target=lambda code=code: codes.update({code: container.exec("exit", str(code)).code})) for code in (31, 32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {31: 31, 32: 32}


# ---- silence ------------------------------------------------------------------------------------------------------------------


def test_exec_into_a_guest_that_hangs_ends_with_an_error(started):
    container = started("hangs_later")
    result = container.exec("true", timeout=3 * WATCHDOG)
    assert result.code == 255 and re.search("did not answer within|the machine (ended|hung up)", result.err), str(result)
    assert "did not answer within" in reason_of(container)


def test_an_exec_that_is_not_answered_is_given_up_alone(started):
    container = started("ignores_exec")
    result = container.exec("true", timeout=3 * WATCHDOG)
    assert result.code == 255 and f"the guest did not answer within {WATCHDOG} s" in result.err, str(result)
    assert container.status == "running"
    pid = container.pid
    container.kill("TERM")
    container.wait("stopped")
    assert host.exit_status(pid) == 8 << 8


def test_an_exec_that_is_answered_too_late_is_killed(started):
    container = started("answers_exec_late")
    pid = container.pid
    assert container.exec("true", timeout=3 * WATCHDOG).code == 255
    container.wait("stopped", timeout=3 * WATCHDOG)
    assert host.exit_status(pid) == signal.SIGKILL << 8


def test_a_container_of_a_pod_that_is_made_too_late_is_killed_and_removed(runtime, started, make_bundle):
    sandbox = started("makes_a_member_late")
    pid = sandbox.pid
    member = make_bundle().writable().args("true")
    keys = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": sandbox.id}
    member.config.setdefault("annotations", {}).update(keys)
    for kind, name in (("network", "net"), ("ipc", "ipc"), ("uts", "uts")):
        member.namespace(kind, f"/proc/{pid}/ns/{name}")
    member.save()
    cid = runtime.cid()
    runtime.fails("create", "--bundle", member.path, cid, match=f"the guest did not answer within {WATCHDOG} s", timeout=10 * WATCHDOG)
    assert not (runtime.root / cid).exists()
    sandbox.wait("stopped", timeout=10 * WATCHDOG)
    assert host.exit_status(pid) == 4 << 8


@pytest.mark.parametrize("case", ["lists_processes_for_ever", "lists_nobody_for_ever"])
def test_a_list_of_processes_without_end_is_refused(started, case):
    container = started(case)
    # Or it is too slow in lying, on a loaded machine.
    result = container.rt.fails("ps", container.id, match="names no sensible processes|did not answer within")
    assert "\x1b" not in result.out + result.err, str(result)


def test_a_paused_container_is_not_taken_for_a_silent_one(started):
    container = started("honest")
    container.rt.ok("pause", container.id)
    time.sleep(2 * WATCHDOG)
    container.rt.ok("resume", container.id)
    time.sleep(1)
    assert container.status == "running" and container.exec("true").code == 5


# ---- what it costs ------------------------------------------------------------------------------------------------------------


def most_memory(pid):
    """The most that the process has had at once, in bytes."""
    return next(int(line.split()[1]) << 10 for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM:"))


@pytest.fixture
def usual_memory(started):
    container = started("honest")
    assert container.exec("true").code == 5
    most = most_memory(container.pid)
    container.delete("--force")
    return most


@pytest.mark.parametrize("case", ["fat", "never_reads"])
def test_a_lie_costs_less_than_a_megabyte(started, usual_memory, case):
    output, unread = os.pipe()
    container = started(case, stdout=unread, watchdog=10)
    os.close(unread)
    time.sleep(4)
    assert most_memory(container.pid) - usual_memory < MEMORY
    os.close(output)
    container.delete("--force")


# ---- the container's files ------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(guests):  # noqa: F811
    """files(case): as guests.write(), with the real virtiofsd."""
    tools = REPO / "build/guest-tools"
    subprocess.run(["bash", "-c", f". {REPO}/tests/lib/deps.sh; need_guest_tools {tools}"], check=True, timeout=600, stdin=subprocess.DEVNULL)
    return lambda case: guests.write(case, virtiofsd=rule(str(tools / "virtiofsd")))


def test_no_request_leads_out_of_the_share(runtime, bundle, files):
    """By raw FUSE requests, the symlink and rename races among them (row 65 of the escape corpus)."""
    files("walk_out_of_the_share")
    result = runtime.run(bundle, timeout=60)
    found = {key: value for line in result.out.splitlines() for key, value in json.loads(line).items()}
    root = found["root"]
    # ".." of the root is the root; of the container's root file system a directory of the share.
    assert found["up"][0] == [0, root] and found["up"][1][0] == 0, str(result)
    assert all(found["above"]), str(result)
    if found["made"][0]:  # QEMU's refuses such names; the one in Rust leaves them to its chroot
        assert {*found["made"], *found["folders"], *found["renamed"]} <= {errno.EINVAL, errno.ENOENT}, str(result)
    assert all(found["nobody"])
    assert (found["link"], found["target"]) == (0, "/etc") and found["through"] == errno.ENOTDIR and found["opened"]
    assert found["device"] == 0 and found["race"] == 0
    assert found["control"] == 0 and (bundle.rootfs / "made").exists()
    assert sorted(set(os.listdir(bundle.path)) - {"config.json", "rootfs"}) == []


@pytest.mark.parametrize("case", ["loops_in_the_queue", "places_outside_of_memory", "requests_without_a_head"])
def test_hostile_queues_end_the_machine(runtime, bundle, files, case):
    """Row 63, with the queue that ends in a process of the host."""
    files(case)
    container = runtime.create(bundle)
    container.start()
    assert reason_of(container).startswith("the server of the container's files ")
    container.delete()


# ---- what redoubt-vm has left ------------------------------------------------------------------------------------------------


def status_of(pid):
    return dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)


def test_the_monitor_gives_up_what_it_needs_no_more(runtime, bundle, guests):  # noqa: F811
    guests.write("honest")
    container = runtime.create(bundle)
    status = status_of(container.pid)
    net_admin = f"{1 << 12:016x}"
    assert [status[name] for name in ("CapEff", "CapPrm", "CapBnd")] == [net_admin, net_admin, "0" * 16]
    container.start()
    status = status_of(container.pid)
    assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    limits = pathlib.Path(f"/proc/{container.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0", limits)


def test_a_taken_over_vmm_reaches_nothing_of_the_host(runtime, bundle, guests):  # noqa: F811
    guests.write("tries_acts")
    found = json.loads(runtime.output(bundle).splitlines()[0])
    assert "reached" not in found.values(), found


def test_a_taken_over_file_server_reaches_nothing_but_the_files(runtime, bundle, guests, tmp_path):  # noqa: F811
    fake_guest.write_file_server(tmp_path / "server")
    guests.write("honest", virtiofsd=rule(str(tmp_path / "server")))
    container = runtime.create(bundle)
    wait_for((bundle.rootfs / "found").exists, 10, "the acts")
    wait_for(lambda: (bundle.rootfs / "found").read_text().endswith("}"), 10, "the acts")
    found = json.loads((bundle.rootfs / "found").read_text())
    # exec.sock makes processes in its own guest, and virtiofsd has chrooted into the share before it serves.
    its_own = {"become root", "chroot", "exec.sock", "the files", "a file of a terabyte", "more open files"}
    assert {name for name, how in found.items() if how == "reached"} <= its_own, found
    container.delete("--force")


# ---- nothing is left -----------------------------------------------------------------------------------------------------------


def test_fifty_lives_leave_nothing(runtime, bundle, guests):  # noqa: F811
    guests.write("honest")
    fds = len(os.listdir("/proc/self/fd"))
    taps = set(os.listdir("/sys/class/net"))
    for _ in range(50):
        container = runtime.create(bundle)
        container.start()
        container.kill("KILL")
        container.delete("--force")
    assert not leaks.find(runtime.prefix, runtime.root, runtime.work, runtime.baseline_children)
    assert set(os.listdir("/sys/class/net")) == taps
    assert len(os.listdir("/proc/self/fd")) == fds
