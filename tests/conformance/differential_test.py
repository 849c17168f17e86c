"""Runs every scenario with a real peer (runc, or crun where runc is too old) and with redoubt, and compares what comes out.

Compared are exit code, stdout, the class of the error message, the state, and a report written by the container about itself. A difference
is allowed only when its id is in the table of docs/spec-conformance.md, with the reason.
"""

import re
import shutil

import pytest

from harness import leaks
from harness.bundle import Bundle
from harness.paths import REPO
from harness.runtime import Result, Runtime, identify
from scenarios import SCENARIOS

TABLE = REPO / "docs/spec-conformance.md"
REPORT = r"""
section() { echo "@@ $1"; }
section id; id; pwd; hostname; umask
section environment; env | sort
section status; grep -E '^(Umask|Uid|Gid|Groups|NoNewPrivs|Seccomp|CapInh|CapPrm|CapEff|CapBnd|CapAmb|SigBlk|SigIgn|SigCgt|Cpus_allowed_list):' /proc/self/status
section limits; cat /proc/self/limits
section descriptors; for n in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$n ] && echo $n; done; true
section cgroup; cat /proc/self/cgroup
section mounts; cat /proc/self/mountinfo
section dev; ls -ln /dev /dev/pts /dev/shm 2>/dev/null
section attr; cat /proc/self/attr/current 2>&1
section process; cat /proc/self/oom_score_adj /proc/self/personality 2>/dev/null; uname -m; cut -d' ' -f4-6,18,19,41 /proc/1/stat
section kernel; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max /proc/sys/net/core/somaxconn /proc/sys/kernel/domainname 2>/dev/null
section network; ls /sys/class/net 2>/dev/null; ip -o addr 2>/dev/null | wc -l
section root; ls -ld / /data /mnt /a /a/b /link /etc/file 2>/dev/null | awk '{print $1, $3, $4, $NF}'
section time; cat /proc/self/timens_offsets 2>/dev/null
section writes; for d in / /etc /tmp /data /mnt /sys/fs/cgroup /proc/sys/kernel /dev/shm; do mkdir $d/made 2>/dev/null && echo $d && rmdir $d/made; done; true
section maps; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
section seccomp; mkdir /dev/shm/s 2>&1; rmdir /dev/shm/s 2>/dev/null; touch /dev/shm/m; chmod 700 /dev/shm/m 2>&1; rm /dev/shm/m; true
section masked; for f in /proc/kcore /proc/keys /proc/timer_list /sys/firmware /proc/acpi /etc /etc/passwd; do [ -d $f ] && echo $f $(ls $f | head -2) || { [ -e $f ] && echo $f $(head -c 20 $f 2>/dev/null | tr -d '[:xdigit:]'); }; done; true
"""

# The words engines decide by, most telling first.
CLASSES = [
    "executable file not found in", "no such file or directory", "permission denied", "operation not permitted", "is a directory", "not a directory",
    "does not exist", "already exists|with id exists", "container not running", "container not paused", "that is not stopped", "already running", "has stopped|stopped container",
    "paused container", "console socket", "ordinary directory", "duplicated ns", "sysctl", "hook", "invalid (container )?id", "unknown signal",
    "inside /proc", "requires (exactly|a minimum|a maximum)", "not defined", "No help topic", "invalid format", "exists. Remove it", "args must not be empty|args cannot be empty|args", "[Cc]wd",
    "[Mm]apping", "invalid argument", "no such device", "seccomp", "rlimit|RLIMIT", "root", "JSON|json|unexpected end|EOF|null", "namespace",
]  # fmt: skip


def message_class(text):
    errors = [line for line in text.splitlines() if "level=warning" not in line]
    text = "\n".join(errors)
    for words in CLASSES:
        if re.search(words, text):
            return words
    return "none" if not text.strip() else "other"


# ---- what is taken out before comparing, and what may differ -------------------------------------------------------------------


def normal_mounts(text):
    """Mount points with options, type and flags; numbers and the order in which sub-mounts were made do not count."""
    lines = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        tags = sorted({tag.split(":")[0] for tag in fields[6:]})
        data = sorted(o for o in kind[2].split(",") if not o.startswith(("inode64", "resv", "resuid", "resgid", "discard")))
        lines.append(f"{fields[4]} {','.join(sorted(fields[5].split(',')))} {','.join(tags)} {kind[0]} {','.join(data)}")
    return "\n".join(lines)


def sections(report, cid):
    found = {}
    for part in report.split("@@ ")[1:]:
        name, _, body = part.partition("\n")
        found[name] = body.replace(cid, "ID")
    if "mounts" in found:
        found["mounts"] = normal_mounts(found["mounts"])
    if "dev" in found:
        found["dev"] = "\n".join(re.sub(r"[A-Z][a-z]{2} +\d+ +[\d:]+ ", "", " ".join(line.split())) for line in found["dev"].splitlines() if not line.startswith("total"))
    return found


def lines_of(text, *patterns):
    return [line for line in text.splitlines() if not any(re.search(pattern, line) for pattern in patterns)]


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


def observe(path, kind, version, work, template, config, change, keys, cid):
    """One runtime, one scenario: ({section: text}, leftovers)."""
    place = work / "scene"
    place.mkdir()
    rt = Runtime(path, place, kind, version)
    rt.prefix = cid
    bundle = Bundle(place / "bundle", template, config)
    bundle.sh(REPORT)
    change(bundle)
    bundle.save()
    verb = keys.get("verb") or (lambda rt, b, cid: rt("run", "--bundle", b.path, cid))
    results = verb(rt, bundle, cid)
    seen = {}
    for number, result in enumerate(results if isinstance(results, list) else [results]):
        describe(seen, f"{number}.", result, cid)
    left = rt.cleanup()
    shutil.rmtree(place)
    return seen, left


def describe(seen, prefix, result: Result, cid):
    seen[prefix + "code"] = str(result.code)
    seen[prefix + "error"] = message_class(result.err) if result.code else ""
    if "@@ " in result.out:
        for name, text in sections(result.out, cid).items():
            seen[prefix + name] = text
    elif "Usage" not in result.out and "NAME:" not in result.out:
        seen[prefix + "stdout"] = result.out


def test_scenario(scenario, peers, runtime_path, runtime_identity, template, base_config, work):
    name, change, keys = scenario
    if keys["peer"] not in peers:
        pytest.skip(f"peer: no {keys['peer']} here")
    cid = "diff-" + re.sub(r"[^a-z0-9]", "-", name.lower())[:40]
    theirs, _ = observe(*peers[keys["peer"]], work, template, base_config, change, keys, cid)
    ours, left = observe(runtime_path, *runtime_identity, work, template, base_config, change, keys, cid)
    assert not left, left
    differences = []
    for key in sorted(set(theirs) | set(ours)):
        section = key.partition(".")[2]
        peer, mine = explain(section, theirs.get(key, "(absent)"), ours.get(key, "(absent)"))
        if peer != mine:
            differences.append(f"{key}:\n--- {keys['peer']}\n{peer}\n+++ ours\n{mine}")
    assert not differences, "\n".join(differences)


def test_table_and_rules_agree():
    assert sorted(allowed_ids()) == sorted(ALLOWED), "every rule has a row in docs/spec-conformance.md, and every row a rule"


def test_there_are_enough_scenarios():
    names = [name for name, _, _ in SCENARIOS]
    assert len(names) >= 120 and len(set(names)) == len(names)


def test_nothing_is_left_over():
    assert leaks.cgroups("diff-") == []


