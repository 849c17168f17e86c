"""The runtime under test as an object: calls with time limits, and containers that are cleaned up whatever happens."""

import dataclasses
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness import host, leaks

DEFAULT_TIMEOUT = 30


class Hang(AssertionError):
    """The runtime did not come back in time."""


@dataclasses.dataclass
class Result:
    argv: list
    code: int
    out: str
    err: str
    seconds: float
    pid: int = 0

    @property
    def all(self):
        return self.out + self.err

    def __str__(self):
        return f"{' '.join(map(str, self.argv))}\n-> exit {self.code}\nstdout: {self.out!r}\nstderr: {self.err!r}"


def identify(path):
    """(kind, version tuple) of a runtime from its --version text."""
    text = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL).stdout
    first = text.splitlines()[0] if text else ""
    match = re.match(r"(\w+) version (\d+)\.(\d+)(?:\.(\d+))?", first)
    if not match:
        return "unknown", (0,)
    return match[1], tuple(int(part or 0) for part in match.groups()[1:])


class Runtime:
    """One runtime binary with a private state directory. Call it with a verb and its arguments: rt("state", cid)."""

    def __init__(self, path, work, kind=None, version=None):
        self.path = str(path)
        self.work = pathlib.Path(work)
        self.root = self.work / "state"
        self.prefix = "rt" + secrets.token_hex(4)
        if kind is None:
            kind, version = identify(self.path)
        self.kind, self.version = kind, version
        self.baseline_children = host.children()
        self.count = 0

    # ---- calls ------------------------------------------------------------------------------------------------------------

    def cid(self):
        """A container id nobody else uses."""
        self.count += 1
        return f"{self.prefix}-{self.count}"

    def argv(self, *args, global_args=()):
        return [self.path, "--root", str(self.root), *map(str, global_args), *map(str, args)]

    def command(self, argv):
        """argv as it must be executed to reach the runtime in the mode of this object."""
        return list(map(str, argv))

    def __call__(self, *args, global_args=(), **kwargs):
        return self.raw(self.argv(*args, global_args=global_args), **kwargs)

    def raw(self, argv, timeout=DEFAULT_TIMEOUT, stdin=None, env=None, cwd=None, pass_fds=(), preexec=None, user=None):
        """Runs argv. Output goes to files, not pipes: a detached container keeps its descriptors without blocking us."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as source:
            if isinstance(stdin, str):
                source.write(stdin.encode())
                source.seek(0)
                stdin = source
            begin = time.monotonic()
            # Through a descriptor that is closed at exec, the engine's habit; extra ones only when a test passes them.
            child = subprocess.Popen(
                [str(arg) for arg in argv],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=out,
                stderr=err,
                env=env,
                cwd=cwd,
                pass_fds=pass_fds,
                preexec_fn=preexec,
                user=user,
            )
            try:
                code = child.wait(timeout * host.patience())
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                out.seek(0), err.seek(0)
                raise Hang(f"{argv} still running after {timeout} s\n{out.read()!r}\n{err.read()!r}") from None
            seconds = time.monotonic() - begin
            out.seek(0), err.seek(0)
            return Result(argv, code, out.read().decode(errors="replace"), err.read().decode(errors="replace"), seconds, child.pid)

    def with_fds(self, files, argv, **kwargs):
        """Runs argv with extra descriptors {number: path} open for reading, opened by a shell."""
        redirections = " ".join(f"{number}<'{path}'" for number, path in files.items())
        return self.raw(["sh", "-c", f'exec "$@" {redirections}', "sh", *argv], **kwargs)

    def ok(self, *args, **kwargs):
        result = self(*args, **kwargs)
        assert result.code == 0, str(result)
        return result

    def fails(self, *args, code=1, match=None, **kwargs):
        """The call must fail with `code`, and stderr must match the regular expression."""
        result = self(*args, **kwargs)
        assert result.code == code, f"wanted exit {code}: {result}"
        if match is not None:
            assert re.search(match, result.err), f"wanted {match!r} on stderr: {result}"
        return result

    # ---- containers -------------------------------------------------------------------------------------------------------

    def run(self, bundle, *flags, cid=None, global_args=(), **kwargs):
        """Foreground run; the result's code is the payload's."""
        bundle.save()
        return self("run", "--bundle", bundle.path, *flags, cid or self.cid(), global_args=global_args, **kwargs)

    def output(self, bundle, *flags, **kwargs):
        """stdout of a foreground run that must succeed."""
        result = self.run(bundle, *flags, **kwargs)
        assert result.code == 0, str(result)
        return result.out

    def refused(self, bundle, *flags, match=None, code=1, verb="run", **kwargs):
        """Creating this bundle must fail with one clear error and leave nothing behind."""
        bundle.save()
        cid = self.cid()
        result = self(verb, "--bundle", bundle.path, *flags, cid, **kwargs)
        assert result.code == code, f"wanted exit {code}: {result}"
        if match is not None:
            assert re.search(match, result.err), f"wanted {match!r} on stderr: {result}"
        left = leaks.find(cid, self.root, self.work / "nothing", self.baseline_children)
        assert not left, f"{result}\nleft behind: {left}"
        return result

    def create(self, bundle, *flags, cid=None, **kwargs):
        bundle.save()
        cid = cid or self.cid()
        result = self("create", "--bundle", bundle.path, *flags, cid, **kwargs)
        assert result.code == 0, str(result)
        return Container(self, cid, bundle)

    def detached(self, bundle, *flags, cid=None, **kwargs):
        """run --detach."""
        bundle.save()
        cid = cid or self.cid()
        result = self("run", "--detach", "--bundle", bundle.path, *flags, cid, **kwargs)
        assert result.code == 0, str(result)
        return Container(self, cid, bundle)

    def state(self, cid):
        return json.loads(self.ok("state", cid).out)

    # ---- what the runtime can do ------------------------------------------------------------------------------------------

    def requires(self, runc):
        """Skips when the runtime under test is a runc older than `runc` ("1.2"): there the behaviour does not exist yet."""
        wanted = tuple(int(part) for part in runc.split("."))
        if self.kind == "runc" and self.version[: len(wanted)] < wanted:
            pytest.skip(f"peer: runc {'.'.join(map(str, self.version))} is older than {runc}")

    def only_redoubt(self, what):
        if self.kind != "redoubt":
            pytest.skip(f"peer: {self.kind} has no {what}")

    # ---- end --------------------------------------------------------------------------------------------------------------

    def cleanup(self):
        """Deletes every container by force and returns what is left over."""
        problems = []
        for name in leaks.state_entries(self.root):
            try:
                result = self("delete", "--force", name, timeout=20)
                if result.code != 0:
                    problems.append(f"delete --force: {result}")
            except Hang as hang:
                problems.append(str(hang))
        left = leaks.find(self.prefix, self.root, self.work, self.baseline_children)
        if left:
            leaks.sweep(self.prefix, self.root, self.work, self.baseline_children)
        shutil.rmtree(self.root, ignore_errors=True)
        return problems + left


class Container:
    """A container that exists."""

    def __init__(self, runtime, cid, bundle):
        self.rt, self.id, self.bundle = runtime, cid, bundle

    def state(self):
        return self.rt.state(self.id)

    @property
    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return self.state()["pid"]

    def start(self):
        return self.rt.ok("start", self.id)

    def exec(self, *args, flags=(), **kwargs):
        return self.rt("exec", *flags, self.id, *args, **kwargs)

    def sh(self, script, flags=(), **kwargs):
        """A shell script in the container; must succeed; its stdout."""
        result = self.exec("sh", "-c", script, flags=flags, **kwargs)
        assert result.code == 0, str(result)
        return result.out

    def kill(self, sig="KILL"):
        return self.rt.ok("kill", self.id, sig)

    def stop(self):
        self.kill("KILL")
        self.wait("stopped")

    def delete(self, *flags):
        return self.rt.ok("delete", *flags, self.id)

    def wait(self, status, timeout=10):
        deadline = time.monotonic() + timeout * host.patience()
        while True:
            now = self.status
            if now == status:
                return
            assert time.monotonic() < deadline, f"{self.id} is {now}, wanted {status}"
            time.sleep(0.02)

    def cgroup(self):
        """The container's directory in the v2 tree."""
        for line in pathlib.Path(f"/proc/{self.pid}/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return pathlib.Path(str(host.cgroup2_mount()) + line[3:])
        raise AssertionError("no v2 cgroup")


def wait_for(condition, timeout=10, what="condition"):
    """Polls until condition() is true; its value."""
    deadline = time.monotonic() + timeout * host.patience()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.02)


def terminate(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
