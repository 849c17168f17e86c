"""Victims: small static C programs, one act each (tests/victims). Built once; inside the VM the host's binaries are used."""

import fcntl
import os
import shutil
import subprocess

import pytest

from harness.paths import VICTIM_BINARIES, VICTIM_SOURCES


def sources():
    return sorted(VICTIM_SOURCES.glob("*.c"))


def binary(name):
    """The path of a compiled victim; compiles it when it is missing or older than its source."""
    source = VICTIM_SOURCES / f"{name}.c"
    target = VICTIM_BINARIES / name
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return target
    if shutil.which("gcc") is None:
        if target.exists():
            return target
        pytest.skip(f"lacks gcc to build the victim {name}")
    VICTIM_BINARIES.mkdir(parents=True, exist_ok=True)
    with open(VICTIM_BINARIES / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        compile_victim(source, target)
    return target


def compile_victim(source, target):
    partial = f"{target}.{os.getpid()}"
    command = ["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", partial, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.fail(f"{source.name}: {done.stderr}")
    os.rename(partial, target)
