"""Real servers in containers, the way docker runs them: one Debian tree as the image, for each container a writable layer over it and a network
namespace that the caller has made, and docker's config.json.

The config.json is tests/testdata/bundles/docker without its seccomp filter: what is closed is closed by Redoubt's own profile, and the peer
(runc) closes nothing.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness import host, leaks
from harness.paths import REPO, TESTS
from harness.runtime import Container, Runtime, wait_for

DATA = TESTS / "testdata/servers"
PG = "/usr/lib/postgresql/15/bin"
HTTP_LOAD = pathlib.Path(__file__).with_name("http_load.py")
TREE_SECONDS = 900
# What a program says when the kernel has refused it something.
REFUSED = re.compile(r"operation not permitted|permission denied|function not implemented|bad system call|\bE(PERM|ACCES|NOSYS)\b", re.IGNORECASE)


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def derived(word):
    return hashlib.pbkdf2_hmac("sha256", word.encode(), b"salt", 1000).hex()


# What server.js and server.py of tests/testdata/servers answer: path -> function of the round: the word that is sent and the text that must come back.
NODE_ANSWERS = {
    "derive": lambda n: (f"w{n}", derived(f"w{n}")),
    "file": lambda n: (f"w{n}", f"w{n}" * 1000),
    "child": lambda n: (n, "cat\n"),
    "jit": lambda n: (20, "6765"),
    "threads": lambda n: (n, "2000"),
    "wasm": lambda n: (n, str(n + 1)),
}
PYTHON_ANSWERS = {
    "derive": lambda n: (f"w{n}", derived(f"w{n}")),
    "sqlite": lambda n: (f"w{n}", f"w{n}"),
    "child": lambda n: (f"w{n}", f"w{n}"),
    "mapping": lambda n: (f"w{n}", f"w{n}"),
    "loop": lambda n: (f"w{n}", f"w{n}"),
    "shared": lambda n: (f"w{n}", f"{derived(f'w{n}')},{derived(f'{n}'[::-1] + 'w')}"),
}


def requests_of(answers, rounds):
    made = []
    for number in range(rounds):
        for path, answer in answers.items():
            word, text = answer(number)
            made.append({"path": f"/{path}/{word}", "sha256": sha256(text)})
    return made


def make_tree():
    """The image; made when it is not there."""
    done = subprocess.run([REPO / "tests/lib/servers_tree"], capture_output=True, text=True, timeout=TREE_SECONDS, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.splitlines()[-1])


def docker_config(rootfs, network, user):
    """What docker writes for a container that has an address; other users than root get no capability but in the bounding set."""
    config = json.loads((TESTS / "testdata/bundles/docker/config.json").read_text())
    config["root"] = {"path": str(rootfs)}
    config["process"].pop("apparmorProfile")
    config["process"]["user"] = {"uid": user, "gid": user}
    if user != 0:
        config["process"]["capabilities"].update(effective=[], permitted=[])
    config["process"]["env"].append(f"HOME={'/root' if user == 0 else '/tmp'}")
    config["mounts"] = [mount for mount in config["mounts"] if not mount["destination"].startswith("/etc/")]
    config.pop("hooks")
    config["linux"].pop("seccomp")
    config["linux"].pop("cgroupsPath")
    for namespace in config["linux"]["namespaces"]:
        if namespace["type"] == "network":
            namespace["path"] = network
    return config


def listening_ports(pid):
    """TCP ports of the network namespace of a process: to ask the kernel costs less than to knock with a program in there."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}  # TCP_LISTEN


class Site:
    """Where one server runs: its layer, its network, and what it says."""

    def __init__(self, runtime, work, tree):
        self.rt, self.work = runtime, work
        self.name = runtime.prefix
        self.network = f"/run/netns/{self.name}"
        self.bundle, self.rootfs = work / "bundle", work / "bundle/rootfs"
        self.upper = work / "layer/upper"
        self.output = work / "output"
        self.heard = {}  # how often wait_for_words() was asked for what
        self.container = None
        for folder in (self.rootfs, self.upper, work / "layer/work"):
            folder.mkdir(parents=True)
        self.command("ip", "netns", "add", self.name)
        self.command("ip", "-n", self.name, "link", "set", "lo", "up")
        self.command("mount", "-t", "overlay", "overlay", self.rootfs,
                     "-o", f"lowerdir={tree},upperdir={self.upper},workdir={work / 'layer/work'}")  # fmt: skip

    @staticmethod
    def command(*argv, **kwargs):
        done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, timeout=60 * host.patience(), **kwargs)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def folder(self, path, owner=0):
        """A folder in the layer, as an image's own."""
        made = self.rootfs / path
        made.mkdir(parents=True, exist_ok=True)
        made.chmod(0o755)
        os.chown(made, owner, owner)
        return made

    def start(self, *args, user=0, mounts=()):
        """run --detach, with the output in a file as an engine keeps it."""
        config = docker_config(self.rootfs, self.network, user)
        config["process"]["args"] = list(args)
        config["mounts"] += [{"destination": inside, "type": "bind", "source": str(outside), "options": ["rbind", "ro", "rprivate"]}
                             for outside, inside in mounts]  # fmt: skip
        (self.bundle / "config.json").write_text(json.dumps(config))
        cid = self.rt.cid()
        with open(self.output, "ab") as out:
            argv = self.rt.argv("run", "--detach", "--bundle", self.bundle, cid)
            done = subprocess.run(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=30 * host.patience())
        assert done.returncode == 0, self.said()
        self.container = Container(self.rt, cid, None)
        return self.container

    def said(self):
        return self.output.read_text(errors="replace")

    def run(self, *args, user=0, seconds=60):
        """A program in the container, which must succeed; its output."""
        result = self.container.exec(*args, flags=["--user", f"{user}:{user}"], timeout=seconds)
        assert result.code == 0, f"{result}\n{self.said()}"
        assert not REFUSED.search(result.all), str(result)
        return result.out

    def wait_for_words(self, words):
        """Of the server, each time it is called once more: a port may be open before the server is."""
        self.heard[words] = self.heard.get(words, 0) + 1
        wait_for(lambda: self.said().count(words) >= self.heard[words], timeout=30, what=repr(words))

    def wait_for_port(self, port):
        def listens():
            assert self.container.status == "running", self.said()
            return port in listening_ports(self.container.pid)

        wait_for(listens, timeout=30, what=f"port {port}")

    @contextlib.contextmanager
    def load(self, port, requests, connections=4):
        """The load runs while the block does; at its end every answer must have been right."""
        argv = ["nsenter", f"--net={self.network}", sys.executable, HTTP_LOAD, str(port), str(connections)]
        with subprocess.Popen([str(arg) for arg in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            client.stdin.write(json.dumps({"requests": requests}))
            client.stdin.close()
            try:
                yield client
                said = json.loads(client.stdout.read())
            finally:
                client.kill()
        assert said["wrong"] == [] and said["right"] == len(requests), f"{said}\n{self.said()}"

    def stop(self, signal="TERM", seconds=20):
        """As docker stops: the server ends by itself, and has reported no refusal."""
        self.container.kill(signal)
        self.container.wait("stopped", timeout=seconds)
        self.container.delete()
        assert not REFUSED.search(self.said()), self.said()

    def close(self):
        for name in leaks.state_entries(self.rt.root):
            self.rt("delete", "--force", name)
        subprocess.run(["umount", "--lazy", self.rootfs], timeout=20, check=False)
        subprocess.run(["ip", "netns", "delete", self.name], timeout=20, check=False)


def peer_runtime(work):
    """Debian's runc; servers_tree has installed it."""
    return Runtime(shutil.which("runc") or "/usr/sbin/runc", work)
