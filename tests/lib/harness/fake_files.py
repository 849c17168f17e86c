"""A client of virtiofsd without a guest's kernel: vhost-user and one virtqueue by hand, so that FUSE requests can be sent which no kernel would.

Part of the program of harness/fake_guest.py; nothing of this tree is there where it runs.
"""

import mmap
import os
import select
import socket
import struct

MEMORY = 1 << 20
BASE = 1 << 32  # where the memory is, for the guest and for the server alike
ENTRIES = 64
SLOT = 8192  # bytes of a request's buffers: half out, half in
NEXT, WRITE_ONLY = 1, 2
LOOKUP, READLINK, SYMLINK, MKNOD, MKDIR, RENAME, LINK, OPEN, READ, INIT, CREATE, RENAME2 = 1, 5, 6, 8, 9, 12, 13, 14, 15, 26, 35, 45
ROOT = 1
EXCHANGE = 2


class Files:
    """The client's end. Requests are answered in any order; each has a slot of the memory."""

    def __init__(self, fd):
        self.sock = socket.socket(fileno=fd)
        self.memfd = os.memfd_create("memory")
        os.ftruncate(self.memfd, MEMORY)
        self.memory = mmap.mmap(self.memfd, MEMORY)
        self.kicks, self.calls = {}, {}
        self.sent = self.taken = 0
        self.set_up()
        self.request(INIT, 0, struct.pack("<IIII", 7, 31, 1 << 16, 0))

    # ---- vhost-user -----------------------------------------------------------------------------------------------------

    def tell(self, number, payload=b"", fds=()):
        socket.send_fds(self.sock, [struct.pack("<III", number, 1, len(payload)) + payload], list(fds))

    def ask(self, number):
        self.tell(number)
        header = self.sock.recv(12, socket.MSG_WAITALL)
        return self.sock.recv(struct.unpack("<III", header)[2], socket.MSG_WAITALL)

    def set_up(self):
        self.tell(3)  # owner
        self.ask(1)  # features
        self.tell(2, struct.pack("<Q", 1 << 32))
        self.tell(5, struct.pack("<IIQQQQ", 1, 0, BASE, MEMORY, BASE, 0), [self.memfd])
        for queue in (0, 1):
            rings = self.rings(queue)
            self.tell(8, struct.pack("<II", queue, ENTRIES))
            self.tell(10, struct.pack("<II", queue, 0))
            self.tell(9, struct.pack("<IIQQQQ", queue, 0, *(BASE + at for at in (rings, rings + 8192, rings + 4096)), 0))
            self.calls[queue], self.kicks[queue] = os.eventfd(0), os.eventfd(0)
            self.tell(13, struct.pack("<Q", queue), [self.calls[queue]])
            self.tell(12, struct.pack("<Q", queue), [self.kicks[queue]])

    @staticmethod
    def rings(queue):
        """Descriptors, 4096 after them what is available, 8192 what is used."""
        return queue * 16384

    # ---- the queue of requests --------------------------------------------------------------------------------------------

    def describe(self, index, address, length, flags, following=0):
        struct.pack_into("<QIHH", self.memory, self.rings(1) + 16 * index, address, length, flags, following)

    def offer(self, head):
        ring = self.rings(1) + 4096
        struct.pack_into("<H", self.memory, ring + 4 + 2 * (self.sent % ENTRIES), head)
        self.sent += 1
        struct.pack_into("<HH", self.memory, ring, 0, self.sent & 0xFFFF)

    def kick(self):
        os.eventfd_write(self.kicks[1], 1)

    def put(self, slot, opcode, node, body):
        """Queues a request in a slot, of which there are 16."""
        at = 65536 + slot * SLOT
        data = struct.pack("<IIQQIIII", 40 + len(body), opcode, slot + 1, node, 0, 0, 1, 0) + body
        self.memory[at : at + len(data)] = data
        self.memory[at + SLOT // 2 : at + SLOT] = bytes(SLOT // 2)
        self.describe(2 * slot, BASE + at, len(data), NEXT, 2 * slot + 1)
        self.describe(2 * slot + 1, BASE + at + SLOT // 2, SLOT // 2, WRITE_ONLY)
        self.offer(2 * slot)

    def take(self, count, timeout=10):
        """Waits for so many answers: {slot: (errno, bytes)}."""
        answers = {}
        self.kick()
        while len(answers) < count:
            used = struct.unpack_from("<H", self.memory, self.rings(1) + 8192 + 2)[0]
            if self.taken & 0xFFFF == used:
                if not select.select([self.calls[1]], [], [], timeout)[0]:
                    raise TimeoutError("virtiofsd does not answer")
                os.eventfd_read(self.calls[1])
                continue
            slot = struct.unpack_from("<I", self.memory, self.rings(1) + 8192 + 4 + 8 * (self.taken % ENTRIES))[0] // 2
            self.taken += 1
            at = 65536 + slot * SLOT + SLOT // 2
            length, error, _ = struct.unpack_from("<IiQ", self.memory, at)
            answers[slot] = (-error, bytes(self.memory[at + 16 : at + max(length, 16)]))
        return answers

    def request(self, opcode, node, body):
        self.put(0, opcode, node, body)
        return self.take(1)[0]

    # ---- FUSE ---------------------------------------------------------------------------------------------------------------

    def entry(self, opcode, node, body):
        """The errno of a request that answers with an entry, its node and inode."""
        error, data = self.request(opcode, node, body)
        return (error, 0, 0) if error else (0, struct.unpack_from("<Q", data)[0], struct.unpack_from("<Q", data, 40)[0])

    def lookup(self, node, name):
        return self.entry(LOOKUP, node, name.encode() + b"\0")

    def walk(self, path):
        node = ROOT
        for name in path.split("/"):
            error, node, _ = self.lookup(node, name)
            if error:
                raise OSError(error, name)
        return node

    def open(self, node):
        """The errno of opening for reading, and the handle."""
        error, data = self.request(OPEN, node, struct.pack("<II", 0, 0))
        return error, 0 if error else struct.unpack_from("<Q", data)[0]

    def read(self, node, handle):
        return self.request(READ, node, struct.pack("<QQIIQII", handle, 0, 2048, 0, 0, 0, 0))[1]

    def make(self, node, name, mode, device=0):
        return self.entry(MKNOD, node, struct.pack("<IIII", mode, device, 0, 0) + name.encode() + b"\0")
