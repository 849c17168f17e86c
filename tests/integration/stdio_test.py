"""Terminal, console socket, pidfd socket, preserved descriptors, socket activation, readiness."""

import fcntl
import os
import re
import socket
import stat
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness.runtime import wait_for
from harness.sockets import FdReceiver, read_until
from harness.terminal import in_terminal

# ---- console socket -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def console(work):
    with FdReceiver(work / "tty.sock") as receiver:
        yield receiver


def test_console_socket(runtime, bundle, console):
    bundle.process["terminal"] = True
    c = runtime.create(bundle.sh("tty; test -t 0 && test -t 1 && test -t 2 && echo three; sleep 100"), "--console-socket", console.path)
    payload, [fd] = console.receive()
    assert payload, "the payload is the name of the terminal"
    assert stat.S_ISCHR(os.fstat(fd).st_mode)
    c.start()
    assert b"/dev/pts/0" in read_until(fd, b"three")


def test_console_is_bound_on_dev_console(runtime, bundle, console):
    bundle.process["terminal"] = True
    runtime.detached(bundle.sh("stat -c '%t %n' /dev/console; sleep 100"), "--console-socket", console.path)
    _, [fd] = console.receive()
    assert b"88 /dev/console" in read_until(fd, b"/dev/console\r\n"), "major 136: a pty"


def test_terminal_modes_behind_a_console_socket_are_the_kernels(runtime, bundle, console):
    bundle.process["terminal"] = True
    runtime.detached(bundle.sh("echo line; sleep 100"), "--console-socket", console.path)
    _, [fd] = console.receive()
    assert read_until(fd, b"\n") == b"line\r\n"


def test_console_size(runtime, bundle, console):
    bundle.process["terminal"] = True
    bundle.process["consoleSize"] = {"height": 11, "width": 33}
    runtime.detached(bundle.sh("stty size; sleep 100"), "--console-socket", console.path)
    _, [fd] = console.receive()
    assert b"11 33" in read_until(fd, b"\n")


def test_controlling_terminal(runtime, bundle, console):
    bundle.process["terminal"] = True
    runtime.detached(bundle.sh("trap 'echo interrupted; exit' INT; echo ready; while :; do sleep 0.05; done"), "--console-socket", console.path)
    _, [fd] = console.receive()
    read_until(fd, b"ready")
    os.write(fd, b"\x03")
    read_until(fd, b"interrupted")


def test_terminal_belongs_to_the_user(runtime, bundle, console):
    bundle.process["terminal"] = True
    bundle.user(1000).sh("stat -c %u $(tty); echo x >$(tty) && echo can-write; sleep 100")
    runtime.detached(bundle, "--console-socket", console.path)
    _, [fd] = console.receive()
    assert b"1000" in read_until(fd, b"can-write")


def test_terminal_in_user_namespace(runtime, bundle, console):
    bundle.process["terminal"] = True
    runtime.detached(bundle.userns().sh("tty; id -u; echo end; sleep 100"), "--console-socket", console.path)
    _, [fd] = console.receive()
    assert b"/dev/pts/0" in read_until(fd, b"end")


def test_exec_console_socket(runtime, sleeper, console):
    runtime.ok("exec", "-d", "-t", "--console-socket", console.path, sleeper.id, "sh", "-c", "tty; stty size; echo end; sleep 100")
    _, [fd] = console.receive()
    assert b"/dev/pts/" in read_until(fd, b"end")


def test_create_with_terminal_needs_a_socket(runtime, bundle):
    bundle.process["terminal"] = True
    runtime.refused(bundle.sleep(), verb="create", match="cannot allocate tty if runc will detach without setting console socket")


def test_socket_without_terminal_is_refused(runtime, bundle, console):
    runtime.refused(bundle.sleep(), "--console-socket", console.path, match="cannot use console socket if runc will not detach or allocate tty")


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_bad_console_socket(runtime, bundle, work, kind):
    path = work / "bad.sock"
    if kind == "file":
        path.write_text("")
    bundle.process["terminal"] = True
    runtime.refused(bundle.sleep(), "--console-socket", path, verb="create", match="no such file|connection refused|not a socket")


# ---- foreground terminal ------------------------------------------------------------------------------------------------------


def test_foreground_terminal(runtime, bundle):
    bundle.process["terminal"] = True
    bundle.sh("test -t 0 && echo terminal; exit 5").save()
    data, code = in_terminal(runtime.argv("run", "--bundle", bundle.path, runtime.cid()))
    assert code == 5 and b"terminal" in data


def test_foreground_terminal_output_ends_in_newline_only(runtime, bundle):
    """runc clears ONLCR on the master; the biggest single difference of other runtimes. The outer terminal adds its own, once."""
    bundle.process["terminal"] = True
    bundle.sh("echo line").save()
    argv = " ".join(map(str, runtime.argv("run", "--bundle", bundle.path, runtime.cid())))
    data, _ = in_terminal(["/bin/sh", "-c", argv])
    assert data == b"line\r\n"
    data, _ = in_terminal(["/bin/sh", "-c", f"{argv} | od -An -c"])
    assert data.split() == [b"l", b"i", b"n", b"e", b"\\n"]


def test_foreground_terminal_input(runtime, bundle):
    bundle.process["terminal"] = True
    bundle.sh("echo ready; read line; echo got-$line; exit 6").save()
    data, code = in_terminal(runtime.argv("run", "--bundle", bundle.path, runtime.cid()), b"words\n", b"ready")
    assert code == 6 and b"got-words" in data


def test_foreground_exec_terminal(runtime, sleeper):
    data, code = in_terminal(runtime.argv("exec", "-t", sleeper.id, "sh", "-c", "tty; exit 7"))
    assert code == 7 and b"/dev/pts/" in data


def test_terminal_mode_is_restored(runtime, bundle):
    """Raw while the container runs, as before afterwards."""
    bundle.process["terminal"] = True
    bundle.args("true").save()
    script = f"stty -g; {' '.join(map(str, runtime.argv('run', '--bundle', bundle.path, runtime.cid())))}; stty -g"
    data, _ = in_terminal(["/bin/sh", "-c", script])
    modes = re.findall(rb"[0-9a-f]+(?::[0-9a-f]+){10,}", data)
    assert len(modes) == 2 and modes[0] == modes[1], data


def test_window_size_is_passed_on(runtime, bundle):
    bundle.process["terminal"] = True
    bundle.sh("echo ready; trap 'stty size; exit 0' WINCH; while :; do sleep 0.05; done").save()
    master, slave = os.openpty()
    child = subprocess.Popen(
        runtime.argv("run", "--bundle", bundle.path, runtime.cid()), stdin=slave, stdout=slave, stderr=slave, preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    )
    os.close(slave)
    try:
        read_until(master, b"ready")
        time.sleep(0.2)
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 55, 0, 0))
        assert b"44 55" in read_until(master, b"44 55")
        assert child.wait(10) == 0
    finally:
        child.kill() if child.poll() is None else None
        child.wait()
        os.close(master)


def test_terminal_without_a_terminal(runtime, bundle):
    bundle.process["terminal"] = True
    bundle.args("true").save()
    result = runtime("run", "--bundle", bundle.path, runtime.cid(), preexec=os.setsid)
    assert result.code == 1
    assert "/dev/tty: no such device or address" in result.err or "not a terminal" in result.err or "inappropriate ioctl" in result.err


# ---- pidfd socket -------------------------------------------------------------------------------------------------------------


def pid_of(fd):
    for line in open(f"/proc/self/fdinfo/{fd}"):
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise AssertionError("not a pidfd")


def test_pidfd_socket(runtime, bundle, work):
    runtime.requires("1.2")
    with FdReceiver(work / "pidfd.sock") as receiver:
        c = runtime.create(bundle.sleep(), "--pidfd-socket", receiver.path)
        payload, [fd] = receiver.receive()
        assert payload == b"standard"
        assert pid_of(fd) == c.pid


def test_pidfd_socket_of_exec(runtime, sleeper, work):
    runtime.requires("1.2")
    with FdReceiver(work / "pidfd.sock") as receiver:
        runtime.ok("exec", "-d", "--pid-file", work / "pid", "--pidfd-socket", receiver.path, sleeper.id, "sleep", "100")
        payload, [fd] = receiver.receive()
        assert payload == b"setns"
        assert pid_of(fd) == int((work / "pid").read_text())


# ---- descriptors --------------------------------------------------------------------------------------------------------------


def test_preserve_fds(runtime, bundle, work):
    (work / "a").write_text("first\n")
    (work / "b").write_text("second\n")
    bundle.sh("cat <&3; cat <&4; ls /proc/self/fd | wc -l").save()
    argv = runtime.argv("run", "--bundle", bundle.path, "--preserve-fds", "2", runtime.cid())
    result = runtime.with_fds({3: work / "a", 4: work / "b"}, argv)
    assert result.out.split()[:2] == ["first", "second"]


def test_descriptors_beyond_the_preserved_are_closed(runtime, bundle, work):
    (work / "a").write_text("kept\n")
    bundle.sh("cat <&3; ls /proc/self/fd").save()
    argv = runtime.argv("run", "--bundle", bundle.path, "--preserve-fds", "1", runtime.cid())
    result = runtime.with_fds({3: work / "a", 4: work / "a", 9: work / "a"}, argv)
    assert result.out.split()[0] == "kept"
    assert "9" not in result.out.split()


def test_stray_descriptor_of_the_caller_does_not_reach_the_container(runtime, bundle, work):
    """containerd's shim leaves its socket open as descriptor 3."""
    bundle.sh("ls -l /proc/self/fd").save()
    (work / "stray").write_text("")
    result = runtime.with_fds({3: work / "stray", 7: "/"}, runtime.argv("run", "--bundle", bundle.path, runtime.cid()))
    assert result.code in (0, 1) and "stray" not in result.out
    assert str(work) not in result.out


def test_preserved_descriptor_that_is_not_open(runtime, bundle):
    runtime.requires("1.2")
    bundle.args("true")
    result = runtime.refused(bundle, "--preserve-fds", "5")
    assert "preserved-fd" in result.err or "preserve-fds" in result.err


def activate(runtime, bundle, count, pid="$$", extra=()):
    """Starts the runtime as systemd would: LISTEN_FDS=count from 3 on, LISTEN_PID its own pid."""
    bundle.save()
    redirections = " ".join(f"{3 + n}</etc/hostname" for n in range(count))
    script = f'export LISTEN_FDS={count} LISTEN_PID={pid}; exec "$@" {redirections}'
    return runtime.raw(["sh", "-c", script, "sh", *runtime.argv("run", "--bundle", bundle.path, *extra, runtime.cid())])


def test_listen_fds(runtime, bundle):
    bundle.sh("echo $LISTEN_FDS $LISTEN_PID; cat <&3 >/dev/null && cat <&4 >/dev/null && echo both")
    assert activate(runtime, bundle, 2).out.split() == ["2", "1", "both"]


def test_listen_fds_of_somebody_else_are_ignored(runtime, bundle):
    bundle.sh("echo [$LISTEN_FDS]; ls /proc/self/fd | wc -l")
    out = activate(runtime, bundle, 1, pid="1").out.split()
    if runtime.kind == "redoubt" or runtime.version >= (1, 2):
        assert out[0] == "[]"


# ---- readiness ----------------------------------------------------------------------------------------------------------------


class NotifySocket:
    """systemd's end: takes every message at once, which also answers BARRIER=1 (its descriptor is closed by reading it)."""

    def __init__(self, path):
        self.path, self.messages = str(path), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            try:
                self.messages += self.socket.recv(4096).decode().split("\n")
            except OSError:
                return


@pytest.fixture
def notify_socket(work):
    receiver = NotifySocket(work / "notify.sock")
    yield receiver
    receiver.socket.close()


def test_notify_socket(runtime, bundle, notify_socket):
    bundle.add("bin/notify_ready", victim="notify_ready")
    bundle.sh("test $NOTIFY_SOCKET = /run/notify/notify.sock && notify_ready READY=1; sleep 100")
    c = runtime.create(bundle, env={**os.environ, "NOTIFY_SOCKET": notify_socket.path})
    runtime.ok("start", c.id, env={**os.environ, "NOTIFY_SOCKET": notify_socket.path})
    wait_for(lambda: {"READY=1", f"MAINPID={c.pid}"} <= set(notify_socket.messages), what="READY and MAINPID")


def test_notify_only_ready_is_passed_on(runtime, bundle, notify_socket):
    runtime.requires("1.2")
    bundle.add("bin/notify_ready", victim="notify_ready")
    bundle.sh("notify_ready 'STATUS=hello\nMAINPID=1\nREADY=1\nFDSTORE=1'; sleep 100")
    runtime.detached(bundle, env={**os.environ, "NOTIFY_SOCKET": notify_socket.path})
    wait_for(lambda: "READY=1" in notify_socket.messages, what="READY")
    assert not {"STATUS=hello", "FDSTORE=1", "MAINPID=1"} & set(notify_socket.messages)


def test_notify_and_the_process_ends_first(runtime, bundle, notify_socket):
    """start does not wait for ever."""
    c = runtime.create(bundle.args("true"), env={**os.environ, "NOTIFY_SOCKET": notify_socket.path})
    runtime("start", c.id, env={**os.environ, "NOTIFY_SOCKET": notify_socket.path}, timeout=10)
    c.wait("stopped")


def test_stdio_is_chowned_to_the_user(runtime, bundle, work):
    """A process that is not root can open its own /dev/stdout again when it is a pipe."""
    bundle.user(1000).sh("echo again >/proc/self/fd/1").save()
    child = subprocess.Popen(runtime.argv("run", "--bundle", bundle.path, runtime.cid()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = child.communicate(timeout=20)
    assert out == b"again\n", err


def test_dev_null_keeps_its_owner(runtime, bundle):
    before = os.stat("/dev/null")
    bundle.user(1000).args("true")
    c = runtime.detached(bundle)
    c.wait("stopped")
    after = os.stat("/dev/null")
    assert (before.st_uid, before.st_gid, before.st_mode) == (after.st_uid, after.st_gid, after.st_mode)


def test_detached_container_survives_the_runtime(runtime, bundle, work):
    (work / "out").mkdir(mode=0o777)
    bundle.mount("/out", work / "out", options=["bind", "rw"]).sh("sleep 0.5; touch /out/later; sleep 100")
    runtime.detached(bundle)
    wait_for((work / "out/later").exists)
