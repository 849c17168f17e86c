"""Faults: the runtime killed at every system call, many at once, storms. Whatever happens, `delete --force` cleans up."""

import os
import pathlib
import random
import subprocess
import threading
import time

import pytest

from harness import host, leaks, victims
from harness.runtime import wait_for

STRIDE = int(os.environ.get("REDOUBT_CRASH_STRIDE", "1"))
BUDGET = float(os.environ.get("REDOUBT_CRASH_SECONDS", "150"))


def count_calls(runtime, argv):
    """How many system calls the command makes."""
    result = runtime.raw([victims.binary("kill_at_syscall"), 0, *argv], timeout=60)
    return int(result.out.split()[-1])


def kill_at(runtime, k, argv):
    """True when the command was killed at call k, False when it had ended before."""
    return runtime.raw([victims.binary("kill_at_syscall"), k, *argv], timeout=60).code == 0


def steps(total):
    """1..total, in an order that covers the whole range early when the time runs out."""
    numbers = list(range(1, total + 1, STRIDE))
    random.Random(7).shuffle(numbers)
    return numbers


def clean(runtime, cid, what):
    """delete --force succeeds and nothing of the container is left."""
    begin = time.monotonic()
    result = runtime("delete", "--force", cid, timeout=20)
    seconds = time.monotonic() - begin
    assert result.code == 0, f"{what}: {result}"
    left = leaks.find(cid, runtime.root, runtime.work / "nothing", runtime.baseline_children, settle=3)
    assert not left, f"{what}: left behind {left}"
    assert seconds < 12 * host.patience(), f"{what}: delete took {seconds:.1f} s"


def sweep_steps(runtime, total, attack):
    """attack(k) for every k within the time budget. Returns how many were done; a sample is not enough."""
    deadline = time.monotonic() + BUDGET
    done = 0
    for k in steps(total):
        attack(k)
        done += 1
        if time.monotonic() > deadline:
            break
    assert done >= min(total, 25), f"only {done} of {total} steps in {BUDGET} s"
    print(f"{done} of {total} system calls")


@pytest.fixture
def temporary_files():
    """Files in the usual temporary places before and after."""
    places = [pathlib.Path("/tmp"), pathlib.Path("/dev/shm"), pathlib.Path("/run")]

    def names():
        found = {f"{place}/{name}" for place in places if place.is_dir() for name in os.listdir(place) if "redoubt" in name or "runc" in name}
        return {path for path in found if not path.startswith("/tmp/redoubt-tests-")}  # of this suite, also when it runs twice

    before = names()
    yield
    assert names() - before == set()


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["create", "run"])
def test_killed_at_every_call_while_creating(runtime, bundle, temporary_files, verb):
    runtime.only_redoubt("promise for every system call")
    bundle.sleep().save()
    flags = ["--detach"] if verb == "run" else []
    total = count_calls(runtime, runtime.argv(verb, *flags, "--bundle", bundle.path, runtime.cid()))
    runtime.cleanup()

    def attack(k):
        cid = runtime.cid()
        kill_at(runtime, k, runtime.argv(verb, *flags, "--bundle", bundle.path, cid))
        state = runtime("state", cid)
        assert state.code in (0, 1), f"{verb} killed at call {k}: {state}"
        listing = runtime("list", "-q")
        assert listing.code in (0, 1), f"{verb} killed at call {k}: {listing}"
        clean(runtime, cid, f"{verb} killed at call {k} of {total}")

    sweep_steps(runtime, total, attack)


@pytest.mark.slow
def test_killed_at_every_call_of_foreground_run(runtime, bundle):
    runtime.only_redoubt("promise for every system call")
    bundle.args("true").save()
    total = count_calls(runtime, runtime.argv("run", "--bundle", bundle.path, runtime.cid()))

    def attack(k):
        cid = runtime.cid()
        kill_at(runtime, k, runtime.argv("run", "--bundle", bundle.path, cid))
        clean(runtime, cid, f"run killed at call {k} of {total}")

    sweep_steps(runtime, total, attack)


@pytest.mark.slow
def test_killed_at_every_call_of_start(runtime, bundle):
    runtime.only_redoubt("promise for every system call")
    c = runtime.create(bundle.sleep())
    total = count_calls(runtime, runtime.argv("start", c.id))
    clean(runtime, c.id, "start")

    def attack(k):
        c = runtime.create(bundle)
        kill_at(runtime, k, runtime.argv("start", c.id))
        assert c.status in ("created", "running"), f"start killed at call {k}"
        clean(runtime, c.id, f"start killed at call {k} of {total}")

    sweep_steps(runtime, total, attack)


@pytest.mark.slow
def test_killed_at_every_call_of_exec(runtime, sleeper):
    runtime.only_redoubt("promise for every system call")
    argv = runtime.argv("exec", sleeper.id, "true")
    total = count_calls(runtime, argv)

    def attack(k):
        kill_at(runtime, k, argv)
        assert sleeper.status == "running", f"exec killed at call {k}"

    sweep_steps(runtime, total, attack)
    assert sleeper.sh("echo fine") == "fine\n"
    wait_for(lambda: len([p for p in leaks.processes(sleeper.id) if p != sleeper.pid]) == 0, what="half-made exec processes to end")
    clean(runtime, sleeper.id, "after exec")


@pytest.mark.slow
def test_killed_at_every_call_of_delete(runtime, bundle):
    runtime.only_redoubt("promise for every system call")
    c = runtime.detached(bundle.sleep())
    total = count_calls(runtime, runtime.argv("delete", "--force", c.id))

    def attack(k):
        c = runtime.detached(bundle)
        kill_at(runtime, k, runtime.argv("delete", "--force", c.id))
        clean(runtime, c.id, f"delete killed at call {k} of {total}")

    sweep_steps(runtime, total, attack)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["kill", "pause", "resume"])
def test_killed_at_every_call_of(runtime, bundle, verb):
    runtime.only_redoubt("promise for every system call")
    c = runtime.detached(bundle.sleep())
    argv = {"kill": ["kill", c.id, "0"], "pause": ["pause", c.id], "resume": ["resume", c.id]}[verb]
    if verb == "kill":
        argv[-1] = "CONT"
    if verb == "resume":
        runtime.ok("pause", c.id)
    total = count_calls(runtime, runtime.argv(*argv))
    runtime("resume", c.id)

    def attack(k):
        if verb == "resume":
            runtime("pause", c.id)
        kill_at(runtime, k, runtime.argv(*argv))
        assert c.status in ("running", "paused"), f"{verb} killed at call {k}"
        runtime("resume", c.id)
        assert c.status == "running", f"{verb} killed at call {k}"

    sweep_steps(runtime, total, attack)
    clean(runtime, c.id, verb)


def test_init_killed_while_created(runtime, bundle):
    c = runtime.create(bundle.sleep())
    os.kill(c.pid, 9)
    c.wait("stopped")
    runtime.fails("start", c.id)
    c.delete("--force")


def test_recreate_after_a_killed_create(runtime, bundle):
    runtime.only_redoubt("promise for every system call")
    bundle.sleep().save()
    cid = runtime.cid()
    argv = runtime.argv("create", "--bundle", bundle.path, cid)
    total = count_calls(runtime, argv)
    runtime.ok("delete", "--force", cid)
    for k in range(10, total, max(1, total // 8)):
        kill_at(runtime, k, argv)
        runtime.ok("delete", "--force", cid)
        runtime.create(bundle, cid=cid).delete("--force")


# ---- many at once -------------------------------------------------------------------------------------------------------------


def spawn(argv):
    return subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_hundred_creates_of_one_id(runtime, bundle):
    """Exactly one wins."""
    bundle.sleep().save()
    cid = runtime.cid()
    count = 100 if runtime.kind == "redoubt" else 20
    calls = [spawn(runtime.argv("create", "--bundle", bundle.path, cid)) for _ in range(count)]
    results = []
    for call in calls:
        err = read_with_limit(call)
        results.append((call.wait(60), err))
    winners = [code for code, _ in results if code == 0]
    assert len(winners) == 1, results
    if runtime.kind == "redoubt":
        for code, err in results:
            assert code == 0 or (code == 1 and "container with given ID already exists" in err), err
    assert runtime.state(cid)["status"] == "created"
    runtime.ok("start", cid)
    assert runtime.state(cid)["status"] == "running"
    runtime.ok("delete", "--force", cid)


def read_with_limit(call):
    """stderr of a call; the winner's container holds the pipe open, so only what is there now."""
    call.wait(60)
    os.set_blocking(call.stderr.fileno(), False)
    data = call.stderr.read() or b""
    call.stderr.close()
    return data.decode(errors="replace")


def test_hundred_different_ids_at_once(runtime, bundle):
    bundle.sleep().save()
    ids = [runtime.cid() for _ in range(100)]
    calls = [spawn(runtime.argv("run", "--detach", "--bundle", bundle.path, cid)) for cid in ids]
    for call in calls:
        err = read_with_limit(call)
        assert call.returncode == 0, err
    assert set(runtime.ok("list", "-q").out.split()) == set(ids)
    calls = [spawn(runtime.argv("delete", "--force", cid)) for cid in ids]
    for call in calls:
        err = read_with_limit(call)
        assert call.returncode == 0, err
    assert runtime.ok("list", "-q").out == ""


def storm(seconds, *actions):
    """Runs the actions in threads for a while; returns what they raised."""
    problems, stop = [], time.monotonic() + seconds

    def loop(action):
        while time.monotonic() < stop and not problems:
            try:
                action()
            except Exception as problem:  # noqa: BLE001
                problems.append(problem)

    threads = [threading.Thread(target=loop, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.mark.slow
def test_create_against_delete(runtime, bundle):
    """One id, created and deleted from both sides; no crash, no hang, nothing left."""
    runtime.only_redoubt("promise for storms")
    bundle.sleep().save()
    cid = runtime.cid()

    def create():
        result = runtime("run", "--detach", "--bundle", bundle.path, cid, timeout=20)
        assert result.code in (0, 1) and "panic" not in result.err, str(result)

    def delete():
        result = runtime("delete", "--force", cid, timeout=20)
        assert result.code == 0, str(result)

    def look():
        assert runtime("state", cid, timeout=20).code in (0, 1)
        assert runtime("list", timeout=20).code in (0, 1)

    assert storm(10, create, delete, look) == []
    clean(runtime, cid, "after the storm")


@pytest.mark.slow
def test_exec_against_delete(runtime, bundle):
    runtime.only_redoubt("promise for storms")
    bundle.sleep().save()
    current = {"id": None}

    def life():
        cid = runtime.cid()
        runtime.ok("run", "--detach", "--bundle", bundle.path, cid, timeout=20)
        current["id"] = cid
        time.sleep(0.05)
        runtime.ok("delete", "--force", cid, timeout=20)

    def execute():
        if current["id"]:
            result = runtime("exec", current["id"], "true", timeout=20)
            assert result.code in (0, 137, 255), str(result)

    assert storm(6, life, execute, execute) == []


@pytest.mark.slow
def test_start_against_kill(runtime, bundle):
    runtime.only_redoubt("promise for storms")
    bundle.sleep().save()
    for _ in range(30):
        c = runtime.create(bundle)
        calls = [spawn(runtime.argv("start", c.id)), spawn(runtime.argv("kill", c.id, "KILL")), spawn(runtime.argv("delete", "--force", c.id))]
        for call in calls:
            read_with_limit(call)
            assert call.returncode in (0, 1)
        clean(runtime, c.id, "start against kill")


@pytest.mark.native
@pytest.mark.slow
def test_thousand_containers(runtime, bundle):
    """All alive at the same time, then all deleted; time per container does not grow."""
    runtime.only_redoubt("this scale in a test")
    bundle.sleep().save()
    ids = [runtime.cid() for _ in range(1000)]
    before = available_memory()
    begin = time.monotonic()
    for start in range(0, len(ids), 8):
        calls = [spawn(runtime.argv("run", "--detach", "--bundle", bundle.path, cid)) for cid in ids[start : start + 8]]
        for call in calls:
            err = read_with_limit(call)
            assert call.returncode == 0, err
        assert available_memory() > 1 << 30, "the machine runs out of memory"
    made = time.monotonic() - begin
    assert len(runtime.ok("list", "-q", timeout=60).out.split()) == 1000
    used = (before - available_memory()) / 1000
    begin = time.monotonic()
    for start in range(0, len(ids), 8):
        calls = [spawn(runtime.argv("delete", "--force", cid)) for cid in ids[start : start + 8]]
        for call in calls:
            err = read_with_limit(call)
            assert call.returncode == 0, err
    print(f"1000 containers: {made:.1f} s up, {time.monotonic() - begin:.1f} s down, {used / 1024:.0f} KiB each")
    assert runtime.ok("list", "-q").out == ""


def available_memory():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no MemAvailable")


# ---- full and read-only places ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_root(runtime):
    """The state directory on a tmpfs of 64 KiB."""
    runtime.root.mkdir()
    assert host.libc.mount(b"tmpfs", str(runtime.root).encode(), b"tmpfs", 0, b"size=64k,nr_inodes=64") == 0
    yield runtime.root
    for name in leaks.state_entries(runtime.root):
        runtime("delete", "--force", name)
    host.libc.umount2(str(runtime.root).encode(), 2)


def test_no_space_for_the_state(runtime, bundle, small_root):
    c = runtime.detached(bundle.sleep())
    filler = small_root / ".filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    cid = runtime.cid()
    result = runtime("create", "--bundle", bundle.path, cid)
    assert result.code == 1 and "no space left on device" in result.err
    assert c.status == "running"
    runtime.ok("delete", "--force", cid)
    c.delete("--force")
    filler.unlink()


def test_state_directory_read_only(runtime, bundle, small_root):
    bundle.sleep().save()
    host.libc.mount(None, str(small_root).encode(), None, 32 | 1, None)
    try:
        runtime.fails("create", "--bundle", bundle.path, runtime.cid(), match="read-only file system")
    finally:
        host.libc.mount(None, str(small_root).encode(), None, 32, None)
