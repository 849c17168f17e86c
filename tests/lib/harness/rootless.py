"""The runtime as an unprivileged user: fixtures for a Runtime whose calls drop to it, and a bundle that is the user's."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from harness.bundle import Bundle
from harness.runtime import Runtime

UID = 12345


def _reachable(path):
    return all(parent.stat().st_mode & 0o001 for parent in pathlib.Path(path).parents)


def give(path):
    """Everything below the path to the user."""
    subprocess.run(["chown", "-hR", f"{UID}:{UID}", path], check=True)


@pytest.fixture
def rootless(runtime_path, runtime_identity, work, request):
    """A Runtime whose calls run as an ordinary user without supplementary groups."""
    if not shutil.which("setpriv"):
        pytest.skip("lacks setpriv")
    home = work / "home"
    home.mkdir(mode=0o700)
    os.chown(home, UID, UID)
    rt = Runtime(runtime_path, home, *runtime_identity)
    original = rt.raw

    def command(argv):
        return ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--", *map(str, argv)]

    def as_user(argv, **kwargs):
        kwargs.setdefault("env", {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR": str(home), "HOME": str(home)})
        return original(command(argv), **kwargs)

    if not _reachable(runtime_path):
        copy = work / "runtime"
        shutil.copy(runtime_path, copy)
        rt.path = str(copy)
    rt.raw, rt.command = as_user, command
    yield rt
    left = rt.cleanup()
    report = getattr(request.node, "report_call", None)
    if left and (report is None or report.passed):
        pytest.fail("left behind: " + "\n".join(left))


@pytest.fixture
def rootless_bundle(rootless, template):
    """A bundle from `spec --rootless`, owned by the user."""
    directory = rootless.work / "spec"
    directory.mkdir()
    os.chown(directory, UID, UID)
    rootless.raw([rootless.path, "spec", "--rootless", "--bundle", str(directory)])
    made = Bundle(rootless.work / "bundle", template, json.loads((directory / "config.json").read_text()))
    give(made.path)
    return made
