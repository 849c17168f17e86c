"""The agent in the guest, driven over the control port of a real machine by a second implementation of the protocol."""

import copy
import hashlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import time

import pytest

from harness import machine as vm
from harness import machine_parts as parts
from harness.bundle import BUSYBOX, link_tree

pytestmark = [pytest.mark.native, pytest.mark.slow]
TAP_MAC, GUEST_MAC, CARD_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"


@pytest.fixture(scope="module")
def image(runtime_path, session_dir):
    folder = session_dir / "image"
    return folder, vm.build_image(runtime_path, folder)


@pytest.fixture(scope="module")
def netns():
    """A network namespace with the tap that is the machine's wire."""
    name = f"redoubt-vm-{os.getpid()}"
    ip = ["ip", "-n", name]
    subprocess.run(["ip", "netns", "add", name], check=True)
    for words in (["tuntap", "add", "tap0", "mode", "tap"], ["link", "set", "tap0", "address", TAP_MAC, "up"],
                  ["address", "add", "10.77.0.1/24", "dev", "tap0"], ["address", "add", "fd77::1/64", "dev", "tap0", "nodad"]):
        subprocess.run([*ip, *words], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture(scope="module")
def machine(image, netns, session_dir):
    running = vm.Machine(*image, session_dir / "machine", netns=netns, mac=CARD_MAC)
    running.port.ask("setup", time=str(time.time_ns()), entropy=os.urandom(32).hex(), hostname="guest")
    running.port.ask(
        "network",
        interfaces=[{"mac": GUEST_MAC, "card": CARD_MAC, "name": "eth0", "mtu": 1400, "addresses": ["10.77.0.2/24", "fd77::2/64"]}],
        routes=[{"destination": "default", "gateway": "10.77.0.1", "device": "eth0"}],
        neighbours=[{"address": "10.77.0.99", "mac": "52:54:00:00:00:99", "device": "eth0"}],
    )
    yield running
    running.port.sock.close()
    hung_up = running.has_ended()
    running.end()
    assert hung_up, "the machine went on when the host hung up"


@pytest.fixture
def port(machine):
    assert machine.qemu.poll() is None, "the machine has ended"
    return machine.port


class Container:
    """A container in the machine, created; its folder is what the host would export."""

    def __init__(self, machine, template, config, name, terminal=None, without=()):
        self.port, self.name = machine.port, name
        self.folder = machine.share / name
        self.folder.mkdir()
        link_tree(template, self.folder / "rootfs")
        self.config = copy.deepcopy(config)
        self.config["linux"]["namespaces"] = [each for each in self.config["linux"]["namespaces"] if each["type"] != "network"]
        self.config["root"] = {"path": "/nowhere", "readonly": False}
        self.first = vm.Process(self.port, name, "", terminal, without)
        self.sessions = 0

    def create(self, *args, **members):
        self.config["process"]["args"] = list(args)
        return self.port.ask("create", container=self.name, config=self.config, **self.first.members, **members)

    def run(self, *args):
        self.create(*args)
        self.port.ask("start", container=self.name)
        return self

    def exec(self, *args, terminal=None, **process):
        self.sessions += 1
        session = vm.Process(self.port, self.name, f"s{self.sessions}", terminal)
        process = {"args": list(args), "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, **process}
        session.request = self.port.send("exec", container=self.name, session=session.session, process=process, **session.members)
        return session

    def sh(self, script):
        """A script by exec that must succeed; its output."""
        session = self.exec("sh", "-c", script)
        self.port.reply(session.request)
        output = session.output().decode()
        event = session.exit()
        assert event.get("code") == 0, f"{event} {output} {bytes(session.stream('stderr').received)}"
        return output

    def delete(self):
        self.port.ask("signal", container=self.name, session="", signal=signal.SIGKILL)
        self.first.exit()
        self.port.ask("delete", container=self.name)


@pytest.fixture
def make(machine, template, base_config, request):
    """make(...) makes the parts of one more container; what is left of it ends with the machine."""
    count = iter(range(100))

    def build(**options):
        name = re.sub(r"\W", "-", request.node.name) + f"-{next(count)}"
        return Container(machine, template, base_config, name, **options)

    return build


@pytest.fixture(scope="module")
def sleeper(machine, template, base_config):
    return Container(machine, template, base_config, "sleeper").run("sleep", "1000")


# ---- the image ------------------------------------------------------------------------------------------------------------------------


def test_image_json_has_the_digests_of_its_files(image):
    folder = image[0]
    document = json.loads((folder / "image.json").read_text())
    assert document["sha256"] == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("initrd", "vmlinux")}
    assert document["kernel"].endswith(("-amd64", "-redoubt"))


def test_build_image_refuses_what_is_no_kernel(image, runtime_path, tmp_path):
    (tmp_path / "vmlinuz").write_bytes(bytes(4096))
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/modules.builtin").write_text("".join(f"kernel/x/{name}.ko\n" for name in ("virtio-pci", "virtio_console", "virtiofs", "overlay", "virtio_net", "virtio_balloon")))
    command = [vm.REPO / "escalate-vm/guest/build-image", tmp_path / "out", "--agent", runtime_path, "--redoubt", runtime_path]
    for more, says in ((["--kernel", tmp_path / "vmlinuz", "--modules", tmp_path / "modules"], "neither an ELF nor a bzImage"),
                       (["--kernel", tmp_path / "vmlinuz"], "go together")):
        result = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode != 0 and says in result.stderr, result
    assert not (tmp_path / "out").exists()


# ---- life cycle -----------------------------------------------------------------------------------------------------------------------


def test_hello_has_the_nonce_of_the_command_line(machine):
    assert machine.port.hello == {"version": 1, "nonce": machine.nonce}


def test_the_guest_loads_no_more_modules(sleeper):
    """A kernel that was built without modules has no such file."""
    assert sleeper.sh("cat /proc/sys/kernel/modules_disabled 2>/dev/null || echo none") in ("1\n", "none\n")


def test_program_waits_for_start_and_its_exit_code_is_told(make, port):
    container = make()
    assert container.create("sh", "-c", "echo out; echo err >&2; exit 7")["pid"] > 1
    assert not container.first.stream("stdout").received
    port.ask("start", container=container.name)
    assert container.first.exit()["code"] == 7
    assert container.first.output() == b"out\n"
    assert container.first.output("stderr") == b"err\n"
    port.ask("delete", container=container.name)
    assert "does not exist" in port.refused("start", container=container.name)


def test_deleted_name_can_be_used_again(machine, template, base_config, port):
    for _ in range(2):
        container = Container(machine, template, base_config, "again").run("true")
        assert container.first.exit()["code"] == 0
        port.ask("delete", container="again")
        shutil.rmtree(container.folder)


def test_a_signal_ends_it_and_is_told(make, port):
    container = make().run("sleep", "1000")
    port.ask("signal", container=container.name, session="", signal=signal.SIGKILL)
    assert container.first.exit()["signal"] == signal.SIGKILL
    assert "not running" in port.refused("signal", container=container.name, session="", signal=signal.SIGTERM)


def test_a_container_that_was_never_started_can_be_ended(make, port):
    container = make()
    container.create("true")
    port.ask("signal", container=container.name, session="", signal=signal.SIGKILL, all=True)
    assert container.first.exit()["signal"] == signal.SIGKILL
    port.ask("delete", container=container.name)


def test_missing_streams_are_dev_null(make):
    container = make(without=("stdin", "stdout", "stderr")).run("sh", "-c", "cat; echo lost; exit 3")
    assert container.first.exit()["code"] == 3


def test_running_container_is_not_deleted(sleeper, port):
    assert "not stopped" in port.refused("delete", container=sleeper.name)
    assert sleeper.sh("echo here") == "here\n"


def test_refused_config_has_the_inner_message_and_leaves_nothing(make, port):
    container = make()
    container.config["process"]["cwd"] = "relative"
    container.config["process"]["args"] = ["true"]
    error = port.refused("create", container=container.name, config=container.config, **container.first.members)
    assert "cwd" in error.lower() and not error.startswith("redoubt")
    container.first = vm.Process(port, container.name, "")
    container.config["process"]["cwd"] = "/"
    container.run("true")
    assert container.first.exit()["code"] == 0


def test_unknown_command_is_the_error_of_create(make, port):
    container = make()
    container.config["process"]["args"] = ["no-such-program"]
    error = port.refused("create", container=container.name, config=container.config, **container.first.members)
    assert "no-such-program" in error and "executable file not found" in error


def test_inner_redoubt_can_know_that_it_is_in_a_machine(make):
    container = make()
    container.config["hooks"] = {"createRuntime": [{"path": "/bin/redoubt", "args": ["redoubt", "--version"]}]}
    container.config["mounts"].append({"destination": "/marker", "source": "/run/redoubt-machine", "type": "bind", "options": ["bind"]})
    container.run("sh", "-c", "test -f /marker && test ! -s /marker")
    assert container.first.exit()["code"] == 0


# ---- stdio ----------------------------------------------------------------------------------------------------------------------------


def test_five_megabytes_go_through_intact_both_ways(make, port):
    data = os.urandom(5 << 20)
    container = make()
    container.first.write(data, end=True)
    container.run("cat")
    digest = hashlib.sha256(container.first.output()).hexdigest()
    assert digest == hashlib.sha256(data).hexdigest()
    assert container.first.exit()["code"] == 0


def test_a_reader_that_stalls_stops_only_its_own_writer(make, port):
    container = make()
    container.first.stream("stdout").paused = True
    container.run("sh", "-c", "head -c 1000000 /dev/zero; echo done >&2")
    port.wait(lambda: len(container.first.stream("stdout").received) == vm.WINDOW_SIZE, "a full window")
    assert container.sh("echo alive") == "alive\n"
    assert len(container.first.stream("stdout").received) == vm.WINDOW_SIZE
    assert not container.first.stream("stderr").received
    container.first.stream("stdout").paused = False
    port.write(vm.WINDOW, container.first.numbers["stdout"], struct.pack("<I", vm.WINDOW_SIZE))
    assert len(container.first.output()) == 1000000
    assert container.first.output("stderr") == b"done\n"


def test_stdio_belongs_to_the_programs_user(make):
    container = make()
    container.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    container.run("sh", "-c", "echo opened >/dev/stdout && id -u")
    assert container.first.output() == b"opened\n1000\n"


def test_stdin_that_comes_with_the_request_waits_for_the_program(sleeper):
    session = sleeper.exec("cat")
    session.write(b"early", end=True)
    assert session.output() == b"early"
    assert session.exit()["code"] == 0


def test_a_reader_that_goes_away_ends_the_writer(sleeper, port):
    session = sleeper.exec("cat", "/dev/zero")
    port.wait(lambda: session.stream("stdout").received, "output")
    port.write(vm.END, session.numbers["stdout"])
    assert session.exit()["signal"] == signal.SIGPIPE


def test_output_of_a_background_child_outlives_the_exit(sleeper, port):
    session = sleeper.exec("sh", "-c", "(sleep 1; echo late) & echo now")
    assert session.exit()["code"] == 0
    assert not session.stream("stdout").ended
    assert session.output() == b"now\nlate\n"


def test_terminal_has_its_size_and_can_be_resized(make, port):
    container = make(terminal=(24, 80)).run("sh")
    container.first.write(b"stty size; tty\n", name="terminal")
    container.first.expect(rb"24 80\r?\n/dev/(pts/0|console)", "terminal")
    port.ask("resize", container=container.name, session="", rows=50, columns=132)
    container.first.write(b"stty size; exit 4\n", name="terminal")
    container.first.expect(rb"50 132", "terminal")
    assert container.first.exit()["code"] == 4
    container.first.output("terminal")


def test_exec_with_a_terminal(sleeper, port):
    session = sleeper.exec("sh", "-c", "stty size; read line; echo got $line", terminal=(30, 90))
    session.expect(rb"30 90", "terminal")
    session.write(b"word\n", name="terminal")
    assert b"got word" in session.output("terminal")
    assert session.exit()["code"] == 0


# ---- exec -----------------------------------------------------------------------------------------------------------------------------


def test_exec_reply_comes_before_the_exit(sleeper, port):
    sessions = [sleeper.exec("sh", "-c", f"exit {code}") for code in (0, 1, 255)]
    for code, session in zip((0, 1, 255), sessions):
        event = session.exit()
        assert event["code"] == code
        assert port.replies.pop(session.request)["pid"] > 1


def test_exec_of_an_unknown_command_is_an_error(sleeper, port):
    session = sleeper.exec("no-such-program")
    error = port.reply(session.request)["error"]
    assert "no-such-program" in error and "executable file not found" in error
    assert sleeper.sh("echo fine") == "fine\n"


def test_exec_session_is_signalled_by_name(sleeper, port):
    session = sleeper.exec("sh", "-c", "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done")
    session.expect(rb"ready")
    port.ask("signal", container=sleeper.name, session=session.session, signal=signal.SIGTERM)
    assert session.exit()["code"] == 9
    assert session.output() == b"ready\ncaught\n"
    assert "not running" in port.refused("signal", container=sleeper.name, session=session.session, signal=signal.SIGTERM)


def test_exec_in_an_unknown_container(port):
    process = {"args": ["true"], "cwd": "/"}
    assert "does not exist" in port.refused("exec", container="nobody", session="s", process=process, streams={})


def test_a_slow_request_blocks_no_other(sleeper, make, port):
    container = make()
    container.config["hooks"] = {"createRuntime": [{"path": "/bin/redoubt", "args": ["redoubt", "events", "sleeper", "--interval", "60s"], "timeout": 3}]}
    container.config["process"]["args"] = ["true"]
    slow = port.send("create", container=container.name, config=container.config, **container.first.members)
    assert sleeper.sh("echo quick") == "quick\n"
    assert slow not in port.replies
    assert "error" in port.reply(slow)  # the hook's time is over


# ---- pause, resources, processes --------------------------------------------------------------------------------------------------------


def test_pause_stops_it_and_resume_lets_it_go_on(make, port):
    container = make().run("sh", "-c", "while :; do echo tick; sleep 0.1; done")
    container.first.expect(rb"tick")
    port.ask("pause", container=container.name)
    port.pump(0.3)
    before = len(container.first.stream("stdout").received)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        port.pump(0.2)
    assert len(container.first.stream("stdout").received) == before
    port.ask("resume", container=container.name)
    port.wait(lambda: len(container.first.stream("stdout").received) > before, "another tick")
    container.delete()


def test_stats_and_processes(sleeper, port):
    stats = port.ask("stats", container=sleeper.name)["stats"]
    assert stats["type"] == "stats" and stats["id"] == sleeper.name
    assert stats["data"]["memory"]["usage"]["usage"] > 0
    assert stats["data"]["pids"]["current"] >= 1
    rows = port.ask("processes", container=sleeper.name)["processes"]
    assert [row["command"] for row in rows if row["user"] == 0] == ["sleep 1000"]


def test_many_processes_come_in_pages(make, port):
    container = make().run("sh", "-c", "mkfifo /f; i=0; while [ $i -lt 150 ]; do (read x <>/f) & i=$((i + 1)); done; echo all; wait")
    container.first.expect(rb"all")
    pids, after, pages = [], 0, 0
    while True:
        page = port.ask("processes", container=container.name, after=after)
        found = [row["pid"] for row in page["processes"]]
        assert found == sorted(found) and (not found or found[0] > after)
        pids, pages = pids + found, pages + 1
        if not page.get("more"):
            break
        after = found[-1]
    assert len(pids) == 151 and pages == 2
    container.delete()


def test_update_changes_a_limit(make, port):
    container = make()
    container.config["linux"]["resources"] = {"pids": {"limit": 50}}
    container.run("sleep", "1000")
    port.ask("update", container=container.name, resources={"pids": {"limit": 7}, "memory": {"limit": 50 << 20}})
    stats = port.ask("stats", container=container.name)["stats"]["data"]
    assert stats["pids"]["limit"] == 7
    assert stats["memory"]["usage"]["limit"] == 50 << 20


def test_want_of_memory_is_told_before_the_exit(make, port):
    container = make()
    container.config["linux"]["resources"] = {"memory": {"limit": 16 << 20}}
    container.run("sh", "-c", "dd if=/dev/zero of=/dev/null bs=40M count=1; exit 5")
    port.event(event="oom", container=container.name)
    assert not [event for event in port.events if event["event"] == "exit" and event["container"] == container.name]
    container.first.exit()


# ---- files ----------------------------------------------------------------------------------------------------------------------------


def test_writable_root_is_the_hosts(make, port):
    container = make().run("sh", "-c", "echo written >/file; cat /etc/passwd")
    assert container.first.exit()["code"] == 0
    assert (container.folder / "rootfs/file").read_text() == "written\n"
    assert b"app:x:1000" in container.first.output()


def test_read_only_root_gets_mount_points_and_stays_as_it_is(make, port):
    container = make()
    container.config["root"]["readonly"] = True
    container.config["mounts"].append({"destination": "/made/deep", "source": "tmpfs", "type": "tmpfs", "options": ["mode=755"]})
    container.run("sh", "-c", "echo x >/made/deep/file && ! touch /file 2>/dev/null && stat -c %a / && cat /etc/group")
    assert container.first.exit()["code"] == 0
    assert container.first.output().startswith(b"755\nroot:x:0:")
    assert not (container.folder / "rootfs/made").exists()
    port.ask("delete", container=container.name)


def test_volume_is_shared_both_ways(make, port):
    container = make()
    volume = container.folder / "volumes/0"
    volume.mkdir(parents=True)
    (volume / "from-host").write_text("hello")
    container.config["mounts"].append({"destination": "/data", "source": f"/share/{container.name}/volumes/0", "type": "bind", "options": ["rbind", "rw"]})
    container.run("sh", "-c", "cat /data/from-host; echo back >/data/from-guest")
    assert container.first.exit()["code"] == 0
    assert container.first.output() == b"hello"
    assert (volume / "from-guest").read_text() == "back\n"


# ---- the machine ----------------------------------------------------------------------------------------------------------------------


def test_clock_and_host_name(make):
    container = make()
    container.config["linux"]["namespaces"] = [each for each in container.config["linux"]["namespaces"] if each["type"] != "uts"]
    container.config.pop("hostname", None)
    container.run("sh", "-c", "hostname; date +%s")
    name, seconds = container.first.output().split()
    assert name == b"guest"
    assert abs(int(seconds) - time.time()) < 20


def test_the_kernels_log_tells_when_the_agent_was_ready(make):
    container = make()
    container.config["process"]["capabilities"] = {name: ["CAP_SYSLOG"] for name in ("bounding", "effective", "permitted")}
    container.run("busybox", "dmesg")
    log = container.first.output().decode()
    assert parts.clock_at(parts.INIT, log) < parts.clock_at(parts.HELLO, log)


def test_network_of_the_machine(sleeper, netns):
    assert subprocess.run(["ip", "netns", "exec", netns, BUSYBOX, "ping", "-c", "1", "-W", "5", "10.77.0.2"], capture_output=True, check=False).returncode == 0
    assert subprocess.run(["ip", "netns", "exec", netns, BUSYBOX, "ping", "-c", "1", "-W", "5", "fd77::2"], capture_output=True, check=False).returncode == 0
    state = sleeper.sh("ip address; ip route; cat /proc/net/arp")
    for wanted in ("eth0: <BROADCAST,MULTICAST,UP", "mtu 1400", "inet 10.77.0.2/24", f"link/ether {GUEST_MAC}", "default via 10.77.0.1 dev eth0", "52:54:00:00:00:99", "lo: <LOOPBACK,UP"):
        assert wanted in state, state


def test_interface_that_is_not_there_is_an_error(port):
    error = port.refused("network", interfaces=[{"mac": "52:54:00:00:00:77", "name": "eth7", "addresses": []}], routes=[])
    assert "52:54:00:00:00:77" in error


def test_policy_files_reach_the_inner_redoubt(make, port):
    container = make()
    container.config["process"]["args"] = ["true"]
    error = port.refused("create", container=container.name, config=container.config, policy={"config": {"no-such-key": 1}, "profiles": {}},
                         **container.first.members)
    assert error == '/etc/redoubt/config.json:1: unknown key "no-such-key"; redoubt profile fields lists all that there are'


def test_request_that_does_not_fit_is_answered(port):
    assert "unknown" in port.refused("reboot")
    assert "plain name" in port.refused("start", container="../etc")
    assert "streams" in port.refused("create", container="c", config={}, streams={"stdin": 1 << 30, "stdout": 1 << 30})


# ---- violations -----------------------------------------------------------------------------------------------------------------------


def test_hostile_frame_ends_the_machine(image, tmp_path):
    """What else is hostile is told apart in tests/unit/escalate; each would cost a machine here."""
    running = vm.Machine(*image, tmp_path / "machine")
    try:
        running.port.sock.sendall(vm.HEADER.pack(vm.MAX_PAYLOAD + 1, 1, vm.DATA, 0))
        assert running.has_ended()
    finally:
        running.end()
