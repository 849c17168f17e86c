"""A VMM without a machine: the node's vm.vmm is this program, which says what it likes on the guest's port, without a boot.

Run by redoubt-vm as user and with the arguments of a VMM, in the machine's own root, where there is Python but nothing of this tree. So the
harness writes it to a file with a call of main(CASE) at its end (write_guest); the cases are the functions of Guest.
"""

import json
import os
import pathlib
import socket
import struct
import sys
import time

if __name__ != "__main__":
    from harness.fake_acts import attempts
    from harness.fake_files import BASE, EXCHANGE, LOOKUP, MKDIR, NEXT, READLINK, RENAME, RENAME2, ROOT, SYMLINK, WRITE_ONLY, Files

HEADER = struct.Struct("<IIHH")
MESSAGE, DATA, WINDOW, END = 1, 2, 3, 4
WINDOW_SIZE = 262144
PIECE = 65536


def packed(kind, stream, payload=b"", flags=0, length=None):
    return HEADER.pack(len(payload) if length is None else length, stream, kind, flags) + payload


class Guest:
    """The guest's end of the control port."""

    def __init__(self, sock, nonce):
        self.sock, self.nonce = sock, nonce
        self.buffer = b""
        self.streams = {}
        self.ping_reply = {}

    # ---- frames and messages --------------------------------------------------------------------------------------------

    def frame(self, kind, stream, payload=b"", flags=0, length=None):
        self.sock.sendall(packed(kind, stream, payload, flags, length))

    def message(self, **members):
        self.frame(MESSAGE, 0, json.dumps(members).encode())

    def data(self, stream, payload):
        while payload:
            self.frame(DATA, stream, payload[:PIECE])
            payload = payload[PIECE:]

    def receive(self):
        """The next frame: kind, stream, flags, payload."""
        while True:
            if len(self.buffer) >= HEADER.size:
                length, stream, kind, flags = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + length:
                    payload = self.buffer[HEADER.size : HEADER.size + length]
                    self.buffer = self.buffer[HEADER.size + length :]
                    return kind, stream, flags, payload
            data = self.sock.recv(1 << 16)
            if not data:
                sys.exit(0)
            self.buffer += data

    def request(self, *ops):
        """The next request of these ops (any without). Pings are answered on the way, unless asked for."""
        text = b""
        while True:
            kind, _, flags, payload = self.receive()
            if kind != MESSAGE:
                continue
            text += payload
            if flags & 1:
                continue
            request, text = json.loads(text), b""
            if request["op"] == "ping" and "ping" not in ops:
                self.message(id=request["id"], **self.ping_reply)
            elif not ops or request["op"] in ops:
                return request

    def answer(self, *ops, **members):
        request = self.request(*ops)
        self.message(id=request["id"], **members)
        return request

    def hello(self, **members):
        self.message(hello={"version": 1, "nonce": self.nonce, **members})

    def create(self):
        """An honest start up to the answer to create; the request."""
        self.hello()
        self.answer("setup")
        request = self.request("create")
        self.container, self.streams = request["container"], request["streams"]
        self.message(id=request["id"], pid=100)
        return request

    def start(self):
        self.create()
        self.answer("network")
        return self.answer("start")

    def exit(self, code, session="", **members):
        self.message(event="exit", container=self.container, session=session, code=code, **members)

    def end(self, code=0):
        """An honest end."""
        for name in ("stdout", "stderr"):
            self.frame(END, self.streams[name])
        self.exit(code)
        self.idle()

    def idle(self):
        while True:
            self.request("nothing")

    # ---- an honest guest ------------------------------------------------------------------------------------------------

    def honest(self):
        self.start()
        self.serve()

    def serve(self):
        """Processes of exec that end with 5 at once; SIGTERM ends the container."""
        while True:
            request = self.request("exec", "signal")
            self.message(id=request["id"], pid=101)
            if request["op"] == "exec":
                for name in ("stdout", "stderr"):
                    self.frame(END, request["streams"][name])
                self.exit(5, request["session"])
            elif request["session"] == "":
                self.end(7)

    # ---- the server of files, as a guest's kernel would not ask it -----------------------------------------------------------

    def report(self, **found):
        self.data(self.streams["stdout"], json.dumps(found).encode() + b"\n")

    def walk_out_of_the_share(self):
        """Everything that may lead out of the share; what came of it on stdout."""
        self.start()
        files = Files(descriptor("files"))
        rootfs = files.walk(f"{self.container}/rootfs")
        top = files.request(3, ROOT, bytes(16))[1]
        same = struct.unpack_from("<Q", top, 16)[0]
        self.report(up=[files.lookup(node, "..")[::2] for node in (ROOT, rootfs)], root=same)
        above = ["../config.json", "../../../../../../programs/vmm", "/usr/bin/env", "../../../image/vmlinux", "/proc/1/environ", "/exec.sock"]
        self.report(above=[files.lookup(rootfs, name)[0] for name in above])
        names = ["../etc", "a/b", "/etc", "", "..", "."]
        self.report(made=[files.make(rootfs, name, 0o100644)[0] for name in names],
                    folders=[files.entry(MKDIR, rootfs, struct.pack("<II", 0o755, 0) + name.encode() + b"\0")[0] for name in names],
                    renamed=[files.request(RENAME, rootfs, struct.pack("<Q", rootfs) + b"bin\0" + name.encode() + b"\0")[0] for name in names])
        self.report(nobody=[files.lookup(node, "etc")[0] for node in (0, 99999, 1 << 63)])
        error, link, _ = files.entry(SYMLINK, rootfs, b"evil\0/etc\0")
        self.report(link=error, through=files.lookup(link, "passwd")[0], opened=files.open(link)[0],
                    target=files.request(READLINK, link, b"")[1].decode())
        error, device, _ = files.make(rootfs, "null", 0o020666, os.makedev(1, 3))
        self.report(device=error, opened=files.open(device)[0])
        self.report(control=files.make(rootfs, "made", 0o100644)[0])
        self.report(race=self.race(files, rootfs))
        self.end()

    def race(self, files, rootfs):
        """Exchanges a directory and a link to /etc while names below it are looked up; what was read of another file than the directory's."""
        folder = files.entry(MKDIR, rootfs, struct.pack("<II", 0o755, 0) + b"folder\0")[1]
        files.make(folder, "passwd", 0o100644)
        wrong, exchange = 0, struct.pack("<QII", rootfs, EXCHANGE, 0) + b"folder\0evil\0"
        for _ in range(1000):
            for slot in range(0, 12, 3):
                files.put(slot, RENAME2, rootfs, exchange)
                files.put(slot + 1, LOOKUP, rootfs, b"folder\0")
                files.put(slot + 2, LOOKUP, rootfs, b"evil\0")
            answers = files.take(12)
            for slot in (slot for slot in answers if slot % 3 and not answers[slot][0]):
                error, node, _ = files.lookup(struct.unpack_from("<Q", answers[slot][1])[0], "passwd")
                if not error:
                    error, handle = files.open(node)
                    wrong += bool(error or files.read(node, handle))
        return wrong

    def tries_acts(self):
        self.start()
        self.report(**attempts())
        self.end()

    def loops_in_the_queue(self):
        """Descriptors that are what a driver would not make: rings, lengths, places outside of the memory."""
        self.start()
        files = Files(descriptor("files"))
        files.describe(0, BASE, 64, NEXT, 1)
        files.describe(1, BASE, 64, NEXT, 0)
        files.offer(0)
        files.kick()
        self.idle()

    def places_outside_of_memory(self):
        self.start()
        files = Files(descriptor("files"))
        files.describe(0, 0xFFFFFFFFFFFFF000, 0xFFFFFFFF, NEXT, 1)
        files.describe(1, 0, 0xFFFFFFFF, WRITE_ONLY)
        files.offer(0)
        files.kick()
        self.idle()

    def requests_without_a_head(self):
        self.start()
        files = Files(descriptor("files"))
        files.describe(0, BASE + 65536, 3, NEXT, 1)
        files.describe(1, BASE + 65536, 3, WRITE_ONLY)
        files.offer(0)
        files.kick()
        self.idle()

    # ---- before there is a container -----------------------------------------------------------------------------------

    def wrong_nonce(self):
        self.hello(nonce="0" * 32)
        self.idle()

    def wrong_version(self):
        self.hello(version=2)
        self.idle()

    def second_hello(self):
        self.hello()
        self.hello()
        self.idle()

    def noise(self):
        self.sock.sendall(b"\xff" * 100)
        self.idle()

    def long_frame(self):
        self.frame(MESSAGE, 0, length=0xFFFFFFFF)
        self.idle()

    def endless_message(self):
        while True:
            self.frame(MESSAGE, 0, b" " * PIECE, flags=1)

    def no_json(self):
        self.frame(MESSAGE, 0, b"\x80{")
        self.idle()

    def deep_json(self):
        self.frame(MESSAGE, 0, b"[" * 1000)
        self.idle()

    def many_values(self):
        self.hello()
        self.message(id=self.request("setup")["id"], pids=[1] * 10000)
        self.idle()

    def silent(self):
        time.sleep(1000)

    def deaf(self):
        """Takes requests, and answers none."""
        self.hello()
        while True:
            self.receive()

    def reply_to_nothing(self):
        self.hello()
        self.message(id=1 << 40, pid=1)
        self.idle()

    def reply_twice(self):
        self.hello()
        number = self.answer("setup")["id"]
        self.message(id=number)
        self.idle()

    def id_of_another_type(self):
        self.hello()
        self.message(id="../../1")
        self.idle()

    def unknown_event(self):
        self.hello()
        self.message(event="../escape")
        self.idle()

    def stream_of_nobody(self):
        self.hello()
        for number in range(5, 1000000):
            self.frame(DATA, number, b"x")

    def exit_before_create(self):
        self.hello()
        self.answer("setup")
        self.container = self.request("create")["container"]
        self.exit(0)
        self.idle()

    def error_with_escapes(self):
        self.hello()
        self.answer("setup")
        self.answer("create", error="\x1b[2J\x1b]0;owned\x07\r\n" + "A" * 60000)
        self.idle()

    # ---- of a running container ----------------------------------------------------------------------------------------

    def data_on_stdin(self):
        self.start()
        self.data(self.streams["stdin"], b"x")
        self.idle()

    def beyond_the_window(self):
        """For an engine that does not read."""
        self.start()
        self.data(self.streams["stdout"], b"x" * (WINDOW_SIZE + 8 * PIECE))
        self.idle()

    def credit_for_nothing(self):
        self.start()
        self.frame(WINDOW, self.streams["stdin"], struct.pack("<I", 0xFFFFFFFF))
        self.idle()

    def data_after_the_end(self):
        """At once: what still comes on a stream that the host has closed meanwhile is dropped."""
        self.start()
        self.sock.sendall(packed(END, self.streams["stderr"]) * 2)
        self.idle()

    def a_million_streams(self):
        self.start()
        for number in range(1, 1000000):
            self.frame(END, number)

    def code_out_of_range(self):
        self.start()
        self.exit(256)
        self.idle()

    def exit_of_others(self):
        """Nobody's, and then its own, twice."""
        self.start()
        for container, session in (("../../other", ""), (self.container, "../e1"), (self.container, "e99")):
            self.message(event="exit", container=container, session=session, code=1)
        self.exit(3)
        self.exit(4)
        for name in ("stdout", "stderr"):
            self.frame(END, self.streams[name])
        self.idle()

    def much_output(self):
        """32 MB on stdout, within the window."""
        self.start()
        credit, left = WINDOW_SIZE, 32 << 20
        while left:
            piece = min(credit, left, PIECE)
            if piece:
                self.frame(DATA, self.streams["stdout"], b"x" * piece)
                credit, left = credit - piece, left - piece
                continue
            kind, stream, _, payload = self.receive()
            if kind == WINDOW and stream == self.streams["stdout"]:
                credit += struct.unpack("<I", payload)[0]
        self.end(6)

    def endless_console(self):
        """The console's text comes without end beside an honest guest."""
        if os.fork() == 0:
            while True:
                os.write(1, b"console " * 8192)
        self.honest()

    def hangs_later(self):
        self.start()
        time.sleep(1000)

    def ignores_exec(self):
        self.start()
        while True:
            request = self.request("signal")
            self.message(id=request["id"])
            if request["session"] == "":
                self.end(8)

    def answer_late(self, op):
        """Answers after it was given up; that request, and the signal that its process then gets."""
        late = self.request(op)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            self.answer("ping")
        self.message(id=late["id"], pid=103)
        return late, self.answer("signal")

    def answers_exec_late(self):
        """Ends with the signal of the process that nobody waits for."""
        self.start()
        late, request = self.answer_late("exec")
        self.end(request["signal"] if request["session"] == late["session"] else 99)

    def makes_a_member_late(self):
        """Ends with 4 when a container that nobody waits for is killed, and removed when it has ended."""
        self.start()
        late, request = self.answer_late("create")
        self.message(event="exit", container=late["container"], session="", signal=9)
        removed = self.answer("delete")
        names = {late["container"], request["container"], removed["container"]}
        self.end(4 if len(names) == 1 and request["signal"] == 9 else 99)

    def lists_processes_for_ever(self):
        """The same page again and again."""
        self.start()
        row = {"pid": 7, "parent": 1, "user": 0, "cpuMs": 0, "command": "\x1b[2J"}
        while True:
            self.answer("processes", processes=[row], more=True)

    def lists_nobody_for_ever(self):
        self.start()
        while True:
            self.answer("processes", processes=[], more=True)

    def answers_exec_in_reverse(self):
        self.start()
        pair = [self.request("exec"), self.request("exec")]
        for request in reversed(pair):
            self.message(id=request["id"], pid=102)
        for request in pair:
            for name in ("stdout", "stderr"):
                self.frame(END, request["streams"][name])
            self.exit(int(request["process"]["args"][1]), request["session"])
        self.serve()

    def fat(self):
        """As much of the monitor's memory as it gives: full windows that nobody empties, the largest messages, many of them."""
        self.start()
        for name in ("stdout", "stderr"):
            self.data(self.streams[name], b"x" * WINDOW_SIZE)
        self.ping_reply = {"stats": {f"key{number}": 1 for number in range(1000)}}
        for _ in range(20000):
            self.message(event="oom", container=self.container)
        self.serve()

    def never_reads(self):
        """Sends as much as it may, and takes nothing."""
        self.start()
        while True:
            self.message(event="oom", container=self.container)
            time.sleep(0.001)


def descriptor(name):
    """Of a channel that the monitor gave to its VMM."""
    prefix = f"socket,id={name},fd="
    return int(next(word for word in sys.argv if word.startswith(prefix)).removeprefix(prefix))


def main(case):
    append = sys.argv[sys.argv.index("-append") + 1]
    nonce = next(word for word in append.split() if word.startswith("redoubt.nonce=")).partition("=")[2]
    getattr(Guest(socket.socket(fileno=descriptor("control")), nonce), case)()


def write_program(path, call, *names):
    """An executable of these files and a call of one of their functions."""
    parts = [pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names]
    path.write_text("\n\n".join(["#!/usr/bin/python3 -SIE", *parts, call + "\n"]))
    path.chmod(0o755)


def write_guest(path, case):
    write_program(path, f"main({case!r})", "fake_acts.py", "fake_files.py", "fake_guest.py")


def write_file_server(path):
    write_program(path, "as_file_server()", "fake_acts.py")
