"""The other ends of the sockets an engine hands to the runtime: console, pidfd, seccomp agent, readiness."""

import array
import os
import select
import socket
import threading
import time

from harness import host


class FdReceiver:
    """A listening stream socket that takes one message with descriptors (console socket, pidfd socket, seccomp agent)."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(4)
        os.chmod(self.path, 0o777)
        self.payload, self.fds = b"", []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        try:
            peer, _ = self.socket.accept()
        except OSError:
            return
        with peer:
            payload, control, _, _ = peer.recvmsg(1 << 16, socket.CMSG_SPACE(16))
            for level, kind, data in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
                    self.fds += list(fds)
            self.payload = payload

    def receive(self, timeout=10):
        self.thread.join(timeout * host.patience())
        assert not self.thread.is_alive(), f"nothing arrived at {self.path}"
        return self.payload, self.fds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.thread.join(1)
        for fd in self.fds:
            try:
                os.close(fd)
            except OSError:
                pass


def read_until(fd, wanted, timeout=10):
    """Reads a terminal until `wanted` (bytes) has been seen or it closes; what was read."""
    data = b""
    deadline = time.monotonic() + timeout * host.patience()
    while wanted not in data:
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"wanted {wanted!r}, read {data!r}")
        try:
            chunk = os.read(fd, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not chunk:
            break
        data += chunk
    return data
