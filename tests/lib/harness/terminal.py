"""A person at a terminal: a command with a pty as its controlling terminal."""

import errno
import os
import pty
import select
import time

from harness import host


def in_terminal(argv, answer=b"", wanted=b"", timeout=15):
    """Runs argv on a new terminal; (output, wait status)."""
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.execv(argv[0], [str(arg) for arg in argv])
        finally:
            os._exit(99)
    data = b""
    deadline = time.monotonic() + timeout * host.patience()
    while time.monotonic() < deadline:
        ready, _, _ = select.select([fd], [], [], 0.1)
        if ready:
            try:
                chunk = os.read(fd, 65536)
            except OSError as error:
                assert error.errno == errno.EIO
                break
            if not chunk:
                break
            data += chunk
            if answer and wanted in data:
                os.write(fd, answer)
                answer = b""
    status = host.exit_status(pid)  # pty.fork is not a Popen: the reaper has it
    os.close(fd)
    return data, os.waitstatus_to_exitcode(status)
