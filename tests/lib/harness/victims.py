"""Victims: small static C programs, one act each (tests/victims). Built once; inside the VM the host's binaries are used."""

import fcntl
import os
import shutil
import subprocess

import pytest

from harness.paths import VICTIM_BINARIES, VICTIM_SOURCES


def sources():
    """Each victim: a file, or a folder of files that make one program."""
    return sorted(path for path in VICTIM_SOURCES.iterdir() if path.suffix == ".c" or path.is_dir())


def binary(name):
    """The path of a compiled victim; compiles it when it is missing or older than its source."""
    folder = VICTIM_SOURCES / name
    source = folder if folder.is_dir() else VICTIM_SOURCES / f"{name}.c"
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    target = VICTIM_BINARIES / name
    if target.exists() and target.stat().st_mtime >= max(file.stat().st_mtime for file in files):
        return target
    if shutil.which("gcc") is None:
        if target.exists():
            return target
        pytest.skip(f"lacks gcc to build the victim {name}")
    VICTIM_BINARIES.mkdir(parents=True, exist_ok=True)
    with open(VICTIM_BINARIES / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        compile_victim([file for file in files if file.suffix == ".c"], target)
    return target


def compile_victim(files, target):
    partial = f"{target}.{os.getpid()}"
    command = ["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", partial, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.fail(f"{target.name}: {done.stderr}")
    os.rename(partial, target)
