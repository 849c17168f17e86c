"""A microVM with the guest image, and the host's side of its control port in Python: a second implementation of the protocol."""

import collections
import ctypes
import json
import os
import pathlib
import re
import secrets
import select
import signal
import socket
import struct
import subprocess
import time

from harness import host
from harness.paths import REPO

HEADER = struct.Struct("<IIHH")
MESSAGE, DATA, WINDOW, END = 1, 2, 3, 4
WINDOW_SIZE = 262144
MAX_PAYLOAD = 65536
BOOT_TIMEOUT = 90
LEFT_OUT = "cryptomgr.notests initcall_blacklist=trace_eval_init,ftrace_check_for_weak_functions"  # as the monitor does
DEFAULT_TIMEOUT = 30


class HungUp(AssertionError):
    """The guest has gone."""


class Stream:
    """One stream's bytes and windows."""

    def __init__(self):
        self.received = bytearray()
        self.ended = False
        self.paused = False
        self.credit = WINDOW_SIZE
        self.outgoing = bytearray()
        self.end_follows = False


class Port:
    """Frames over a socket: requests, replies, events, streams. Whatever waits moves the bytes of all streams meanwhile."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.partial = b""
        self.hello = None
        self.replies, self.events = {}, []
        self.streams = collections.defaultdict(Stream)
        self.ids = iter(range(1, 1 << 30))
        self.stream_ids = iter(range(1, 1 << 30))
        self.most_in_flight = 0

    def write(self, kind, stream, payload=b"", flags=0):
        self.sock.sendall(HEADER.pack(len(payload), stream, kind, flags) + payload)

    # ---- what comes -------------------------------------------------------------------------------------------------------

    def pump(self, timeout):
        """Reads once, at most `timeout` seconds later, and sends what the windows allow."""
        self.send_streams()
        if not select.select([self.sock], [], [], timeout)[0]:
            return
        data = self.sock.recv(1 << 18)
        if not data:
            raise HungUp("the guest hung up")
        self.buffer += data
        while len(self.buffer) >= HEADER.size:
            length, stream, kind, flags = HEADER.unpack_from(self.buffer)
            assert length <= MAX_PAYLOAD, f"a payload of {length}"
            if len(self.buffer) < HEADER.size + length:
                break
            payload = bytes(self.buffer[HEADER.size : HEADER.size + length])
            del self.buffer[: HEADER.size + length]
            self.take(kind, stream, flags, payload)

    def take(self, kind, number, flags, payload):
        if kind == MESSAGE:
            assert number == 0
            self.partial += payload
            if not flags & 1:
                text, self.partial = self.partial, b""
                self.take_message(json.loads(text))
            return
        assert number in self.streams, f"kind {kind} on stream {number}"
        stream = self.streams[number]
        if kind == DATA:
            assert not stream.ended, "data after the end"
            stream.received += payload
            self.most_in_flight = max(self.most_in_flight, len(stream.received) if stream.paused else 0)
            if not stream.paused and not stream.ended:
                self.write(WINDOW, number, struct.pack("<I", len(payload)))
        elif kind == WINDOW:
            stream.credit += struct.unpack("<I", payload)[0]
            assert stream.credit <= WINDOW_SIZE, "credit for more than was sent"
        else:
            assert kind == END and payload == b""
            stream.ended = True

    def take_message(self, message):
        if "hello" in message:
            self.hello = message["hello"]
        elif "event" in message:
            self.events.append(message)
        else:
            assert message["id"] not in self.replies, "two replies"
            self.replies[message["id"]] = message

    def send_streams(self):
        for number, stream in list(self.streams.items()):
            while stream.outgoing and stream.credit:
                piece = bytes(stream.outgoing[: min(stream.credit, MAX_PAYLOAD)])
                del stream.outgoing[: len(piece)]
                stream.credit -= len(piece)
                self.write(DATA, number, piece)
            if stream.end_follows and not stream.outgoing:
                stream.end_follows = False
                self.write(END, number)

    def wait(self, condition, what, timeout=DEFAULT_TIMEOUT):
        deadline = time.monotonic() + timeout * host.patience()
        while True:
            value = condition()
            if value:
                return value
            left = deadline - time.monotonic()
            assert left > 0, f"timed out waiting for {what}"
            self.pump(min(left, 1))

    # ---- requests -----------------------------------------------------------------------------------------------------------

    def send(self, op, **members):
        """Sends a request; its id."""
        number = next(self.ids)
        text = json.dumps({"id": number, "op": op, **members}).encode()
        while True:
            piece, text = text[:MAX_PAYLOAD], text[MAX_PAYLOAD:]
            self.write(MESSAGE, 0, piece, 1 if text else 0)
            if not text:
                return number

    def reply(self, number, timeout=DEFAULT_TIMEOUT):
        self.wait(lambda: number in self.replies, f"the reply to {number}", timeout)
        return self.replies.pop(number)

    def ask(self, op, **members):
        """A request that must succeed; its reply."""
        reply = self.reply(self.send(op, **members))
        assert "error" not in reply, f"{op}: {reply['error']}"
        return reply

    def refused(self, op, **members):
        """A request that must fail; the error text."""
        reply = self.reply(self.send(op, **members))
        assert "error" in reply, f"{op} succeeded: {reply}"
        return reply["error"]

    def event(self, **wanted):
        """Waits for the event with these members, and takes it."""

        def find():
            return next((event for event in self.events if wanted.items() <= event.items()), None)

        found = self.wait(find, f"event {wanted}")
        self.events.remove(found)
        return found


class Process:
    """A container's first process or a session of exec: its streams and how it ended."""

    def __init__(self, port, container, session, terminal=None, without=()):
        self.port, self.container, self.session = port, container, session
        names = ["terminal"] if terminal else [name for name in ("stdin", "stdout", "stderr") if name not in without]
        self.numbers = {name: next(port.stream_ids) for name in names}
        for number in self.numbers.values():
            port.streams[number] = Stream()
        self.members = ({"terminal": {"stream": self.numbers["terminal"], "rows": terminal[0], "columns": terminal[1]}} if terminal
                        else {"streams": self.numbers})

    def stream(self, name):
        return self.port.streams[self.numbers[name]]

    def write(self, data, end=False, name="stdin"):
        self.stream(name).outgoing += data
        self.stream(name).end_follows = end

    def exit(self):
        return self.port.event(event="exit", container=self.container, session=self.session)

    def output(self, name="stdout"):
        """All of a stream, to its end."""
        self.port.wait(lambda: self.stream(name).ended, f"the end of {name}")
        return bytes(self.stream(name).received)

    def expect(self, pattern, name="stdout"):
        """Waits until the stream's bytes match."""
        return self.port.wait(lambda: re.search(pattern, bytes(self.stream(name).received)), f"{pattern} in {name}")


def emulation_arguments():
    """Under load an emulated guest can wait for ever while it calibrates its clock, so it is told the result. Nor may it distrust the counter:
    the other clock that it has, jiffies, lost 48 of 100 seconds. And it speculates on nothing, while page table isolation makes a system call 11 times slower.
    init_on_alloc: QEMU's translations of a page stay until the guest writes to it, and virtiofsd, which fills pages, is not the guest."""
    match = re.search(r"tsc: Detected ([0-9.]+) MHz", subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout)
    mhz = float(match[1]) if match else float(re.search(r"cpu MHz\s*:\s*([0-9.]+)", pathlib.Path("/proc/cpuinfo").read_text())[1])
    return f"tsc_early_khz={int(mhz * 1000)} lpj=4000000 no_timer_check nokaslr tsc=reliable mitigations=off init_on_alloc=1"


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def build_image(runtime_path, folder, trimmed=os.environ.get("REDOUBT_TRIMMED_KERNEL")):
    """The image with the runtime under test, made anew when it or the agent changed, and the tools to run it. The kernel is Debian's packaged one, or that
    which redoubt-build-kernel has in the cache `trimmed`."""
    tools = REPO / "build/guest-tools"
    script = f". {REPO}/tests/lib/deps.sh; need_guest_tools {tools}"
    subprocess.run(["bash", "-c", script], check=True, timeout=600, stdin=subprocess.DEVNULL)
    agent = pathlib.Path(runtime_path).with_name("redoubt-agent")
    kernel = ["--trimmed", "--cache", trimmed] if trimmed else ["--cache", tools / "kernel"]
    command = [REPO / "escalate-vm/guest/build-image", folder, *kernel, "--agent", agent, "--redoubt", runtime_path]
    subprocess.run(command, check=True, timeout=7200 if trimmed else 600, stdin=subprocess.DEVNULL)
    return tools


class Machine:
    """A running machine. `share` is the folder that the guest sees at /share. Nehalem is emulated three times faster than -cpu max."""

    def __init__(self, image, tools, scratch, netns=None, mac="52:54:00:00:00:02"):
        self.image, self.tools, self.scratch = image, tools, pathlib.Path(scratch)
        self.share = self.scratch / "share"
        self.share.mkdir(parents=True)
        self.nonce = secrets.token_hex(8)
        self.children = []
        self.log = open(self.scratch / "log", "wb")
        self.netns, self.mac = netns, mac
        try:
            self.boot()
        except BaseException:
            self.end()
            raise

    def start(self, argv, **kwargs):
        child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=die_with_parent, **kwargs)
        self.children.append(child)
        return child

    def boot(self):
        files = self.scratch / "fs"
        self.start([self.tools / "virtiofsd", f"--socket-path={files}", "-o", f"source={self.share}", "-o", "cache=auto", "-o", "xattr", "-o", "log_level=err"])
        deadline = time.monotonic() + 10 * host.patience()
        while not files.exists():
            assert time.monotonic() < deadline, "virtiofsd does not come"
            time.sleep(0.02)
        ours, theirs = socket.socketpair()
        with theirs:
            self.qemu = self.start(self.command(files, theirs.fileno()), pass_fds=[theirs.fileno()])
        self.port = Port(ours)
        begin = time.monotonic()
        self.port.wait(lambda: self.port.hello, "hello", BOOT_TIMEOUT)
        self.boot_seconds = time.monotonic() - begin

    def command(self, files, port):
        console = ["-serial", f"file:{self.scratch}/console"] if os.environ.get("REDOUBT_GUEST_CONSOLE") else []
        append = f"{'console=ttyS0' if console else 'quiet'} printk.time=1 reboot=t panic=-1 {LEFT_OUT} {emulation_arguments()} redoubt.nonce={self.nonce}"
        network = ["-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no", "-device", f"virtio-net-pci,netdev=n,mac={self.mac},romfile="]
        enter = ["ip", "netns", "exec", self.netns] if self.netns else []
        return [*enter, "qemu-system-x86_64", "-M", f"microvm,pcie=on,acpi=on,isa-serial={'on' if console else 'off'},memory-backend=mem", "-accel", "tcg", "-cpu", "Nehalem-v1,+rdrand",
                "-m", "256", "-object", "memory-backend-memfd,id=mem,size=256M,share=on", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
                "-bios", "qboot.rom", "-kernel", self.image / "vmlinux", "-initrd", self.image / "initrd", "-append", append,
                "-chardev", f"socket,id=fs,path={files}", "-device", "vhost-user-fs-pci,chardev=fs,tag=share",
                "-device", "virtio-serial-pci,max_ports=2", "-chardev", f"socket,id=c,fd={port}", "-device", "virtserialport,chardev=c,name=redoubt.control",
                *(network if self.netns else []), *console]

    def has_ended(self, timeout=20):
        """Whether QEMU ends by itself."""
        try:
            self.qemu.wait(timeout * host.patience())
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self):
        for child in reversed(self.children):
            child.kill()
            child.wait()
        self.log.close()
        if getattr(self, "port", None):
            self.port.sock.close()
