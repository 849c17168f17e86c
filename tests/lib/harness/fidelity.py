"""What a recording says and what strace says of the same run, for programs of many kinds.

Used by tests/integration/fidelity_test.py and tests/bench/fidelity. The programs are the machine's own: /usr and /etc of the host, read-only, with
a work directory and a /tmp of their own, and a network that has nothing but lo.
"""

import dataclasses
import json
import os
import pathlib
import re
import struct

from harness.servers import docker_config

WORK = "/work"
SERVER = "python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 &"
PYTHON_PROCESSES = """
import multiprocessing as m, multiprocessing.shared_memory as s, os
if __name__ == "__main__":
    with m.Pool(3) as pool: assert sum(pool.map(abs, range(-50, 0))) == 1275
    memory = s.SharedMemory(create=True, size=4096); memory.close(); memory.unlink()
"""
PYTHON_FILES = """
import json, os, shutil, socket, tempfile
with tempfile.TemporaryFile() as file: file.write(b"x")
with tempfile.NamedTemporaryFile() as file: file.write(b"x")
os.mkdir("/work/d"); os.symlink("d", "/work/l"); os.link("/work/in", "/work/l/hard"); os.rename("/work/l/hard", "/work/d/moved")
open("/work/l/../d/moved").read(); os.truncate("/work/d/moved", 1); shutil.rmtree("/work/d")
here = socket.socket(socket.AF_UNIX); here.bind("/work/s"); here.listen(); there = socket.socket(socket.AF_UNIX); there.connect("/work/s")
for name in ("/none", "/work/none/x"):
    try: open(name)
    except OSError: pass
json.dump(dict(os.environ), open("/work/json", "w"))
"""
PERL = """open(my $in, "<", "/work/in") or die; open(my $out, "+>", "/work/out") or die; while (<$in>) { s/(\\w+)/<$1>/g; print $out $_ }
mkdir "/work/p"; rename "/work/out", "/work/p/out"; my $n = `wc -l </work/p/out`; unlink "/work/p/out"; rmdir "/work/p"; $n > 0 or die; kill 0, $$"""

# Name -> arguments. Each one ends with 0.
PROGRAMS = {
    "coreutils": ["sh", "-c", "cp in copy; ln -s copy link; sort -R link | sha256sum; ls -l /etc >list; dd if=in of=part bs=4 count=2; touch -d @0 in; "
                              "mkfifo f; split -n 3 in; shred -n 1 copy; stat -f .; df .; date; timeout 5 true; rm -r link f; mkdir -p d/e; rmdir -p d/e"],
    "find": ["sh", "-c", "mkdir -p a/b/c; touch a/1 a/b/2 a/b/c/3; find a -type f -newer in -exec cat {} + ; find /etc/apt -name '*.list'; find a -depth -delete"],
    "tar": ["sh", "-c", "mkdir -p t/u; cp in t/u/x; ln t/u/x t/hard; ln -s x t/u/link; tar czf t.tgz t; mkdir to; tar xzf t.tgz -C to; tar df t.tgz"],
    "gzip": ["sh", "-c", "gzip -k in; gzip -t in.gz; zcat in.gz | cmp - in; gunzip -f in.gz"],
    "xz threads": ["sh", "-c", "head -c 300000 /dev/urandom >r; xz -T2 --block-size=65536 r; xz -dc r.xz | wc -c"],
    "sh": ["sh", "-c", "cat in | tr a-z A-Z | grep -c W; (cd /tmp; echo x >x; . ./x 2>/dev/null || true); read -r y <in; trap : USR1; kill -USR1 $$; exec true"],
    "bash": ["bash", "-c", "for i in 1 2 3; do echo $i >f$i; done; diff <(cat f*) <(sort f*); coproc cat; echo x >&${COPROC[1]}; read -r y <&${COPROC[0]}; "
                           "while read -r line; do :; done <<<here; [[ -e f1 && $y = x ]]"],
    "sed": ["sed", "-i.old", "-n", "s/w/v/w changed\np", "in"],
    "awk": ["awk", "{ n[$1]++ } END { for (w in n) print w, n[w] | \"sort\"; print systime() >\"made\"; \"date\" | getline day }", "in"],
    "perl": ["perl", "-MPOSIX", "-MSocket", "-e", PERL],
    "python files": ["python3", "-c", PYTHON_FILES],
    "python threads": ["python3", "-c", "import threading, subprocess; t = [threading.Thread(target=subprocess.run, args=(['true'],)) for _ in range(4)]; "
                                        "[x.start() for x in t]; [x.join() for x in t]"],
    "python processes": ["python3", "-c", PYTHON_PROCESSES],
    "sqlite": ["sqlite3", "db", "pragma journal_mode=wal; create table t (x); insert into t select value from generate_series(1, 100); select sum(x) from t; vacuum"],
    "openssl": ["sh", "-c", "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout key -out cert 2>/dev/null; "
                            "openssl dgst -sha256 -sign key -out sig in; openssl x509 -in cert -noout -text | grep -q CN"],
    "curl": ["sh", "-c", f"{SERVER} until curl -s -o got http://127.0.0.1:8000/in; do sleep 0.1; done; cmp got in; curl -s http://127.0.0.1:9/ ; kill $!; wait $! || true"],
    "git": ["sh", "-c", "git init -q . && git add in && git -c user.name=x -c user.email=x@y commit -qm one && git log --oneline | cat && git gc -q && git status -s"],
    "gcc": ["sh", "-c", "echo 'int main(void) { return 0; }' >m.c; printf 'm: m.c\\n\\tgcc -O1 -o m m.c\\n' >Makefile; make -s m; ./m"],
    "forks": ["bash", "-c", "for i in {1..60}; do (exec true) & done; wait; for i in {1..20}; do x=$(echo $i); done"],
    "busybox": ["busybox", "sh", "-c", "busybox mkdir d; busybox cp in d; busybox tar cf - d | busybox gzip | busybox wc -c; busybox awk '{print}' in; "
                                       "busybox vi -c q! in </dev/null >/dev/null 2>&1; busybox find d; busybox rm -r d"],
    "ps": ["sh", "-c", "sleep 5 & ps -eo pid,args; pgrep -f sleep; free; uptime; kill $!"],
    "privileges": ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--no-new-privs", "sh", "-c", "id; cat /etc/shadow; nice true; ulimit -n 64"],
    "network": ["sh", "-c", "ip address; ss -tan; getent hosts localhost; hostname"],
}  # fmt: skip

# strace sees it and the recording does not: the filter of profile default answers it with ENOSYS, and libc takes clone(2).
ANSWERED = {"clone3"}
MADE_BY_NAME = {"mkdir": (0,), "mkdirat": (1,), "mknod": (0,), "mknodat": (1,), "unlink": (0,), "unlinkat": (1,), "rmdir": (0,), "rename": (0, 1),
                "renameat": (1, 3), "renameat2": (1, 3), "link": (1,), "linkat": (3,), "symlink": (1,), "symlinkat": (2,), "truncate": (0,)}  # fmt: skip


@dataclasses.dataclass
class Seen:
    """Names of system calls; path -> letters of access, as in a recording: r, w, x, and c for a name made or removed."""

    calls: set
    files: dict
    directory: dict = dataclasses.field(default_factory=dict)  # of a process that has changed it
    answered: set = dataclasses.field(default_factory=set)  # calls that a filter has answered each time
    may_create: set = dataclasses.field(default_factory=set)  # opened by O_CREAT: strace does not say whether it was there

    def add(self, path, letters):
        self.files.setdefault(os.path.normpath(path), set()).update(letters)


def prepare(site_work, program):
    """A bundle for the program; its directory."""
    bundle = site_work / "bundle"
    rootfs = bundle / "rootfs"
    for name in ("usr", "etc", "proc", "sys", "dev", "tmp", "work", "root", "run", "var"):
        (rootfs / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (rootfs / name).symlink_to(f"usr/{name}")
    os.chmod(rootfs / "tmp", 0o1777)
    (rootfs / "work/in").write_text("".join(f"word{n} of line {n}\n" for n in range(40)))
    config = docker_config(rootfs, None, 0)
    config["process"]["args"], config["process"]["cwd"] = PROGRAMS[program], WORK
    for namespace in config["linux"]["namespaces"]:
        if namespace["type"] == "network":
            namespace.pop("path")
    for name in ("/usr", "/etc"):
        config["mounts"].append({"destination": name, "type": "bind", "source": name, "options": ["rbind", "ro", "rprivate"]})
    (bundle / "config.json").write_text(json.dumps(config))
    return bundle


def record_command(runtime, bundle, recording):
    """As it is without a recording."""
    record = ["profile", "record", "--output", recording, "--"] if recording else []
    return [str(word) for word in runtime.argv(*record, "run", "--bundle", bundle, runtime.cid())]


def watched(runtime, work, program):
    """One run that both see: the recording as a document, and what strace has seen."""
    bundle = prepare(work, program)
    recorded = record_command(runtime, bundle, work / "r.json")
    result = runtime.raw(["strace", "-f", "-y", "-o", work / "log", *recorded], timeout=120)
    assert result.code == 0, f"{result}\n{(work / 'log').read_text(errors='replace')[-3000:] if (work / 'log').exists() else ''}"
    return json.loads((work / "r.json").read_text()), truth(work / "log", PROGRAMS[program][0])


def differences(got, true):
    """What the two do not say alike, as text; empty when they agree."""
    rows = [f"system call {name}: only {'recorded' if name in got.calls else 'by strace'}" for name in sorted(got.calls ^ true.calls)]
    for path in sorted(set(got.files) | set(true.files)):
        mine, theirs = got.files.get(path, set()), true.files.get(path, set())
        if mine != theirs | ({"c"} & mine if path in true.may_create else set()):
            rows.append(f"{path}: recorded {''.join(sorted(mine)) or '-'}, by strace {''.join(sorted(theirs)) or '-'}")
    return rows


def recorded(document):
    """The same of a recording."""
    files = {row["path"]: set(row["access"]) - {"d"} for row in document["files"]}
    return Seen({row["name"] for row in document["syscalls"]}, files)


# ---- the text that strace writes ------------------------------------------------------------------------------------------------


def whole_calls(log):
    """(pid, name, arguments, result), with the halves of interrupted calls put together. A call without an end has the result ''."""
    halves = {}
    for line in log.read_text(errors="replace").splitlines():
        pid, text = line.split(maxsplit=1)
        if text.endswith("<unfinished ...>"):
            halves[pid] = text[: -len("<unfinished ...>")].rstrip()
            call = re.match(r"([a-z0-9_]+)\(", text)
            yield pid, call[1], "", None  # that it was begun: the process may never come back
            continue
        resumed = re.match(r"<\.\.\. [a-z0-9_]+ resumed>(.*)", text)
        text = halves.pop(pid, "") + resumed[1] if resumed else text
        call = re.match(r"([a-z0-9_]+)\((.*)\) += (.*)$", text) or re.match(r"([a-z0-9_]+)\((.*)()$", text)
        if call:
            yield pid, call[1], call[2], call[3]


def truth(log, first):
    """Of the program named `first` and its children, by strace -f -y; what the runtime does before and beside it is left out."""
    seen, known, own = Seen(set(), {}), set(), set()
    for pid, name, arguments, result in whole_calls(log):
        if own and pid not in known:
            own.add(pid)
        known.add(pid)
        if not own and name == "execve" and re.match(rf'"[^"]*", \["{first}"', arguments) and result == "0":
            own.add(pid)
        if pid in own:
            if name not in ANSWERED:
                seen.calls.add(name)
            elif result is not None:
                (seen.answered if re.match("-1 ENOSYS|[?]", result) else seen.calls).add(name)
            if result is not None:
                see_call(seen, seen.directory.get(pid, WORK), name, arguments, result)
                if name in ("chdir", "fchdir") and result == "0":
                    seen.directory[pid] = changed_directory(seen.directory.get(pid, WORK), arguments)
    return seen


def changed_directory(now, argument):
    opened = re.match(r"\d+<(/.*)>$", argument)
    return opened[1] if opened else os.path.join(now, json.loads(argument))


def see_call(seen, directory, name, arguments, result):
    opened = re.match(r"\d+<(/.*)>(?:\(deleted\))?$", result)
    if name in ("open", "openat", "creat") and opened and "O_PATH" not in arguments:
        see_opened(seen, re.sub(r"<char \d+:\d+>$", "", opened[1]), "O_WRONLY|O_CREAT" if name == "creat" else arguments)
    elif name in ("execve", "execveat") and result == "0":
        for path in programs_of(json.loads(re.match(r'("[^"]*")', arguments)[1])):
            seen.add(path, "rx")
    elif name in MADE_BY_NAME and result == "0":
        for path in names_of(arguments, MADE_BY_NAME[name], directory):
            seen.add(path, "w" if name == "truncate" else "c")
    elif name == "bind" and result == "0" and (path := re.search(r'sun_path="([^"]*)"', arguments)):
        seen.add(os.path.join(directory, path[1]), "c")


def see_opened(seen, path, flags):
    seen.add(path, "rw" if "O_RDWR" in flags else "w" if "O_WRONLY" in flags else "r")
    if "O_CREAT" in flags or "O_TMPFILE" in flags:
        seen.may_create.add(os.path.normpath(path))


def split(arguments):
    """At the commas that stand in no string, no bracket and no path of a descriptor."""
    return re.findall(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|\{[^}]*\}|\[[^\]]*\]|[^,"<{\[])+', arguments)


def names_of(arguments, places, directory):
    parts = [part.strip() for part in split(arguments)]
    for place in places:
        name = json.loads(parts[place])
        start = re.search(r"<(/.*)>$", parts[place - 1]) if place else None
        yield os.path.join(start[1] if start else directory, name)


def programs_of(path):
    """The files that execve(2) of this one reads, as they are called in the container: itself, its interpreter and that one's loader. /usr is the host's;
    a program of the work directory was made by the host's own compiler."""
    path = os.path.join(WORK, path)
    if path == "/proc/self/exe":
        return []  # was executed before, by its name
    real = os.path.realpath(path)
    if path.startswith(WORK):
        return [path, os.path.realpath("/lib64/ld-linux-x86-64.so.2")]
    with open(real, "rb") as file:
        head = file.read(4096)
    if head.startswith(b"#!"):
        return [path, real, *programs_of(head[2:].split()[0].decode())]
    return [real, *interpreter(pathlib.Path(real).read_bytes())]


def interpreter(elf):
    """The name in PT_INTERP of an ELF file of 64 bits, resolved."""
    start, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", elf, start + number * size)
        if kind == 3:
            return [os.path.realpath(elf[offset : offset + length - 1].decode())]
    return []
