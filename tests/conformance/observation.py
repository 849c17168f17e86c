"""What a runtime makes of a scenario: exit code, stdout, the class of the error message, and a report by the container about itself, in sections."""

import re
import shutil

from harness.bundle import Bundle
from harness.runtime import Result

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


# ---- running ------------------------------------------------------------------------------------------------------------------


def observe(runtime_in, work, template, config, scenario, cid, annotations=None):
    """One runtime, made by runtime_in(its directory), one scenario: ({section: text}, leftovers)."""
    _, change, keys = scenario
    place = work / "scene"
    place.mkdir()
    rt = runtime_in(place)
    rt.prefix = cid
    bundle = Bundle(place / "bundle", template, config)
    bundle.sh(REPORT)
    change(bundle)
    if annotations:
        bundle.config["annotations"] = annotations
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
    print(result)  # pytest shows it when the comparison fails
    if "@@ " in result.out:
        for name, text in sections(result.out, cid).items():
            seen[prefix + name] = text
    elif "Usage" not in result.out and "NAME:" not in result.out:
        seen[prefix + "stdout"] = result.out
