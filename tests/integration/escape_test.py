"""The escape corpus (tests/victims/escape, the rows in harness/escape_rows.py): as root in a container under the default profile nothing is reached.

Each act must reach its goal when every layer is taken away: so a blocked act is one that was stopped, and not one that cannot work.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import pytest

from harness import escape, victims
from harness.escape_rows import MADE_SO, NEEDS_A_DISTRIBUTION, NEEDS_SELINUX, ROWS
from harness.paths import REPO, TESTS
from harness.runtime import Runtime

HOST_FILES = ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/panic", "/proc/sys/vm/overcommit_memory",
              "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/random/boot_id", "/proc/swaps", "/proc/modules",
              "/sys/kernel/rcu_expedited")  # fmt: skip


def acts_by_row():
    """{row: [act]} as the corpus itself says."""
    rows = {}
    for path in sorted((TESTS / "victims/escape").glob("*.c")):
        for row, name in re.findall(r'^    \{(\d+), "([a-z0-9-]+)", \w+\},$', path.read_text(), re.MULTILINE):
            rows.setdefault(int(row), []).append(name)
    return rows


ACTS = acts_by_row()


def host_state():
    return {path: pathlib.Path(path).read_text() for path in HOST_FILES if os.path.exists(path)}


@pytest.fixture(scope="module")
def corpus(runtime_path, runtime_identity, session_dir, template, base_config):
    work = pathlib.Path(tempfile.mkdtemp(prefix="e", dir=session_dir))
    work.chmod(0o755)
    runtime = Runtime(runtime_path, work, *runtime_identity)
    runtime.only_redoubt("profiles")
    yield escape.Corpus(runtime, template, base_config, work)
    left = runtime.cleanup()
    shutil.rmtree(work, ignore_errors=True)
    assert not left, left


class Try:
    """The corpus run once: its answers, what the target on the host noticed, what the caller's terminal got, and the host before and after."""

    def __init__(self, corpus, layers):
        self.before = host_state()
        self.answers, self.outcome, self.typed = corpus.run(layers)
        self.after = host_state()


@pytest.fixture(scope="module")
def default(corpus):
    return Try(corpus, "default")


@pytest.fixture(scope="module")
def bare(corpus):
    return Try(corpus, set())


@pytest.mark.parametrize("number", [
    pytest.param(number, marks=pytest.mark.vm if number in NEEDS_A_DISTRIBUTION else ()) for number in sorted(set(ACTS) - NEEDS_SELINUX)
])  # fmt: skip
def test_row(default, bare, number):
    lacking = {}
    for name in ACTS[number]:
        answer, without = default.answers[name], bare.answers[name]
        assert answer["result"] != "reached", f"the default profile lets through: {answer}"
        if name in MADE_SO:
            assert without["result"] == "blocked", without
        elif escape.lacks(without):
            lacking[name] = escape.lacks(without)
        else:
            assert without["result"] == "reached", f"blocked without any layer: a test that cannot fail: {without}"
            assert answer["result"] == "blocked", answer
    if len(lacking) == len(ACTS[number]):
        pytest.skip(f"lacks {', '.join(sorted(set(lacking.values())))}")


def test_the_host_is_as_before(default):
    assert default.before == default.after
    assert default.outcome["signals"] == 0 and default.typed == 0, (default.outcome, default.typed)


def test_without_layers_the_host_notices(bare):
    assert bare.outcome["signals"] == 2 and bare.typed == 1, (bare.outcome, bare.typed)


# ---- row 61 and 62 ------------------------------------------------------------------------------------------------------------


def hostile_image(bundle):
    """Every file that a libc would open by itself is a FIFO: who opens one waits for ever."""
    for name in ("etc/ld.so.cache", "etc/ld.so.preload", "etc/nsswitch.conf", "etc/localtime", "lib64/ld-linux-x86-64.so.2", "lib/libc.so.6",
                 "lib/x86_64-linux-gnu/libnss_files.so.2", "usr/lib/gconv/gconv-modules", "usr/lib/locale/locale-archive"):  # fmt: skip
        path = bundle.rootfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)


def test_nothing_of_the_image_is_loaded(runtime, bundle):
    hostile_image(bundle)
    container = runtime.detached(bundle.sleep())
    assert container.exec("echo", "ran", timeout=10).out == "ran\n"
    assert container.exec("id", "-u", flags=("--user", "1000"), timeout=10).out == "1000\n"


def test_files_that_change_while_exec_runs(runtime, bundle, work):
    """The container exchanges passwd and the program for links to the host while exec runs: the host's file stays, and nothing of it is shown."""
    marker = work / "marker"
    marker.write_text("root:x:4242:4242:host:/:/bin/sh\n")
    shutil.copy(bundle.rootfs / "etc/passwd", bundle.rootfs / "etc/passwd.good")
    container = runtime.detached(bundle.writable().sleep())
    stop = threading.Event()

    def exchange():
        while not stop.is_set():
            for name, good in (("etc/passwd", "passwd.good"), ("bin/id", "busybox")):
                for goal in (str(marker), good):
                    (bundle.rootfs / (name + ".new")).symlink_to(goal)
                    os.replace(bundle.rootfs / (name + ".new"), bundle.rootfs / name)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        results = [container.exec("id", "-u", timeout=10) for _ in range(40)]
    finally:
        stop.set()
        thread.join()
    assert {result.out for result in results} <= {"0\n", ""}, results
    assert any(result.code == 0 for result in results) and marker.read_text() == "root:x:4242:4242:host:/:/bin/sh\n"


# ---- the table ----------------------------------------------------------------------------------------------------------------


def test_the_table_has_every_row_and_every_act():
    assert sorted(ROWS) == list(range(1, 67)) and set(ACTS) <= set(ROWS)
    for number, row in ROWS.items():
        assert number in ACTS or row.tests or row.note, f"row {number}: neither tried, nor tested, nor said why not"
    assert set(MADE_SO) <= {name for names in ACTS.values() for name in names}


def test_the_program_has_the_acts_of_its_sources():
    lines = subprocess.run([victims.binary("escape"), "list"], capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
    assert sorted(lines) == sorted(f"{row} {name}" for row, names in ACTS.items() for name in names)


@pytest.mark.native
@pytest.mark.parametrize("number", [number for number, row in ROWS.items() if row.tests])
def test_what_the_table_points_at_exists(number):
    for pointer in ROWS[number].tests:
        file, _, test = pointer.partition("::")
        if not test:
            assert (TESTS / file).is_file(), pointer
        else:
            assert re.search(rf"^def {test}\(", (TESTS / "integration" / file).read_text(), re.MULTILINE), pointer


@pytest.mark.native
def test_the_published_matrix_has_the_same_rows():
    """docs/escape-matrix*.md are made by tests/escape/matrix: make them again when this fails."""
    wanted = {(row, name) for row, names in ACTS.items() for name in names}
    pages = sorted((REPO / "docs").glob("escape-matrix*.md"))
    assert pages
    for page in pages:
        text = page.read_text()
        assert {(int(row), name) for row, name in re.findall(r"^\| (\d+) \| [^|]+ \| ([a-z0-9-]+) \| \w* \|", text, re.MULTILINE)} == wanted, page
        assert "reached under `default`: none" in text, page
        for number, row in ROWS.items():
            assert all(pointer in text for pointer in row.tests), f"{page}: row {number}"
