"""Runs every scenario with a real peer (runc, or crun where runc is too old) and with redoubt, and compares what comes out.

Compared are exit code, stdout, the class of the error message, the state, and a report written by the container about itself. A difference
is allowed only when its id is in the table of docs/spec-conformance.md, with the reason.
"""

import re
import shutil

import pytest

from harness import leaks
from harness.paths import REPO
from harness.runtime import Runtime, identify
from observation import lines_of, observe
from scenarios import SCENARIOS

TABLE = REPO / "docs/spec-conformance.md"

# id -> does this rule explain the difference? (section, peer's text, our text) -> the pair with the explained part taken out
ALLOWED = {
    "cgroup-v1-lines": lambda s, a, b: (a, b) if s != "cgroup" else tuple("\n".join(lines_of(t, r"^[1-9]\d*:")) for t in (a, b)),
    "own-filter": lambda s, a, b: (a, b) if s != "status" else tuple("\n".join(lines_of(t, r"^Seccomp:")) for t in (a, b)),
    "ignored-signals": lambda s, a, b: (a, b) if s != "status" else tuple("\n".join(lines_of(t, r"^SigIgn:")) for t in (a, b)),
    "ro-of-the-mount": lambda s, a, b: (a, b) if s != "mounts" else tuple(without_superblock_ro(t) for t in (a, b)),
    "crun-dev-core": lambda s, a, b: (a, b) if s != "dev" else tuple("\n".join(lines_of(t, r" core -> /proc/kcore$")) for t in (a, b)),
    "mqueue-group": lambda s, a, b: (a.replace("2 0 65534 40 mqueue", "2 0 0 40 mqueue") if s == "dev" else a, b),
    "runc-crashes": lambda s, a, b: (b, b) if (s, a, b) in RUNC_CRASHES else (a, b),
    "mask-mount-shape": lambda s, a, b: (a, b) if s != "mounts" else tuple(unordered_masks(t) for t in (a, b)),
    "default-masks": lambda s, a, b: more_hidden(s, a, b),
}


# How a run ended comes before what the container saw: the first line of a failure is all that a summary shows.
TELLING = ("error", "code")

# What runc 1.1 answers when it dies instead of refusing (a Go panic, a parent that finds its pipe closed), and what we answer.
RUNC_CRASHES = {
    ("code", "2", "1"),
    ("error", "other", "JSON|json|unexpected end|EOF|null"),
    ("error", "JSON|json|unexpected end|EOF|null", "namespace"),
}


def without_superblock_ro(text):
    """proc and sysfs: ro or rw of the superblock, the last word; that of the mount itself stays."""
    return re.sub(r"(?m)( (?:proc|sysfs)) r[ow]$", r"\1", text)


def unordered_masks(text):
    """Masked and read-only paths by mount point only: which file system hides them is the runtime's choice."""
    masks = re.compile(r"^(/proc/|/sys/(?!fs/cgroup)|/etc|/absent)")
    return "\n".join(sorted(re.sub(r" .*", " (mask)", line) if masks.match(line) and not line.startswith(("/proc ", "/sys ")) else line for line in text.splitlines()))


def more_hidden(section, peer, ours):
    """Paths that ours alone masks: the profile's. Never the other way round."""
    if section == "mounts":
        extra = {line for line in ours.splitlines() if line.endswith(" (mask)")} - set(peer.splitlines())
        return peer, "\n".join(line for line in ours.splitlines() if line not in extra)
    if section == "masked":
        hidden = {line for line in ours.splitlines() if " " not in line}
        return "\n".join(line.split(" ")[0] if line.split(" ")[0] in hidden else line for line in peer.splitlines()), ours.rstrip("\n")
    return peer, ours


def allowed_ids():
    """The first column of the table."""
    ids = []
    for line in TABLE.read_text().splitlines():
        match = re.match(r"\| `([a-z0-9-]+)` \|", line)
        if match:
            ids.append(match[1])
    return ids


def explain(section, peer, ours):
    for rule in ALLOWED.values():
        peer, ours = rule(section, peer, ours)
    return peer, ours


# ---- running ------------------------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc):
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize("scenario", SCENARIOS, ids=[name for name, _, _ in SCENARIOS])


@pytest.fixture(scope="session")
def peers(request):
    found = {}
    for name in ("runc", "crun"):
        path = request.config.getoption(f"--{name}") or shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
        if path:
            found[name] = (path, *identify(path))
    return found


def test_scenario(scenario, peers, runtime_path, runtime_identity, template, base_config, work):
    name, _, keys = scenario
    if keys["peer"] not in peers:
        pytest.skip(f"peer: no {keys['peer']} here")
    cid = "diff-" + re.sub(r"[^a-z0-9]", "-", name.lower())[:40]
    path, *identity = peers[keys["peer"]]
    theirs, _ = observe(lambda place: Runtime(path, place, *identity), work, template, base_config, scenario, cid)
    ours, left = observe(lambda place: Runtime(runtime_path, place, *runtime_identity), work, template, base_config, scenario, cid)
    assert not left, left
    differences = []
    for key in sorted(set(theirs) | set(ours), key=telling_first):
        section = key.partition(".")[2]
        peer, mine = explain(section, theirs.get(key, "(absent)"), ours.get(key, "(absent)"))
        if peer != mine:
            if section in TELLING:
                differences.append(f"{key}: {keys['peer']} {peer!r}, ours {mine!r}")
            else:
                differences.append(f"{key}:\n--- {keys['peer']}\n{peer}\n+++ ours\n{mine}")
    assert not differences, "\n".join(differences)


def telling_first(key):
    section = key.partition(".")[2]
    return TELLING.index(section) if section in TELLING else len(TELLING), key


def test_table_and_rules_agree():
    assert sorted(allowed_ids()) == sorted(ALLOWED), "every rule has a row in docs/spec-conformance.md, and every row a rule"


def test_there_are_enough_scenarios():
    names = [name for name, _, _ in SCENARIOS]
    assert len(names) >= 120 and len(set(names)) == len(names)


def test_nothing_is_left_over():
    assert leaks.cgroups("diff-") == []


