"""Services that are recorded under load, and the way of the manual from their recordings to a profile.

Used by tests/integration/author_test.py and tests/bench/authoring.
"""

import json
import os
import pathlib
import subprocess
import time

from harness.runtime import Container, wait_for
from harness.servers import DATA, NODE_ANSWERS, PG, PYTHON_ANSWERS, Site, docker_config, requests_of, sha256

MOST_RULES = 150
REDIS, POSTGRES, APP = 101, 102, 1000


class RecordedSite(Site):
    """A Site whose server is recorded, under a profile when one is named."""

    recorder = None

    def begin(self, *args, recording, user=0, mounts=(), cwd="/", profile=None):
        """Without a recording: as it is, for the time that it takes."""
        config = docker_config(self.rootfs, self.network, user)
        config["process"].update(args=list(args), cwd=cwd)
        config["mounts"] += [{"destination": inside, "type": "bind", "source": str(outside), "options": ["rbind", "ro", "rprivate"]}
                             for outside, inside in mounts]  # fmt: skip
        if profile:
            config.setdefault("annotations", {})["io.redoubt.profile"] = profile
        (self.bundle / "config.json").write_text(json.dumps(config))
        cid = self.rt.cid()
        record = ["profile", "record", "--output", recording, "--"] if recording else []
        argv = self.rt.argv(*record, "run", "--detach", "--bundle", self.bundle, cid)
        with open(self.output, "ab") as out:
            self.recorder = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.container = Container(self.rt, cid, None)
        wait_for(lambda: '"running"' in self.rt("state", cid).out or self.recorder.poll() is not None, timeout=30, what="the container")
        assert self.recorder.poll() is None or not recording, self.said()

    def end(self, signal="TERM"):
        self.container.kill(signal)
        self.container.wait("stopped", timeout=20)
        self.container.delete()
        assert self.recorder.wait(20) == 0, self.said()

    def get(self, port, path):
        argv = ["nsenter", f"--net={self.network}", "/usr/bin/python3", "-c",
                f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{port}{path}').read().decode(), end='')"]  # fmt: skip
        return self.command(*argv)

    def close(self):
        super().close()
        if self.recorder:
            self.recorder.kill()
            self.recorder.wait()


def author(runtime, node, name, recordings):
    """The way of the manual: merge, generalise, lint. The profile's file."""
    profile = node.etc / f"profiles/{name}.json"
    profile.parent.mkdir(parents=True, exist_ok=True)
    merged = recordings[0].with_name(f"{name}-all.json")
    runtime.ok("profile", "merge", "--output", merged, *recordings)
    runtime.ok("profile", "generalise", "--output", profile, merged)
    findings = json.loads(runtime.ok("profile", "lint", "--format", "json", name).out)
    assert [row for row in findings if row["severity"] != "info"] == [], findings
    assert rules_of(profile) <= MOST_RULES
    return profile


def rules_of(profile):
    return profile.read_text().count('"reason"')


def covered(runtime, name, recording):
    """Whether the run of that recording has done nothing that the profile does not have."""
    said = json.loads(recording.read_text())
    assert said["complete"] is True and said["lost"] == [], said["lost"]
    result = runtime("profile", "simulate", name, recording)
    assert result.code == 0, result.out
    return True


# ---- the services -------------------------------------------------------------------------------------------------------------------


class Clock:
    def __enter__(self):
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.start


def children(pid):
    """The oldest first."""
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Service:
    """One that is recorded: how it starts, is loaded, checked and ended. A round is one life of it."""

    user, cwd = 0, "/"
    mounts = ()
    ending = "KILL"

    def __init__(self, site, load=1.0):
        """`load`: the share of the load of tests/bench/authoring."""
        self.site, self.load = site, load
        self.prepare()

    def prepare(self):
        """Once: what an image of it has."""

    def round(self, recording, profile=None, meanwhile=None):
        """The seconds of the load. `meanwhile` is called with a process of the service when the load is over."""
        self.site.begin(*self.command, user=self.user, cwd=self.cwd, mounts=self.mounts, recording=recording, profile=profile)
        seconds = self.work()
        if meanwhile:
            meanwhile(self.victim())
            self.still_works()
        self.site.end(self.ending)
        return seconds

    def victim(self):
        """The process that an intruder would be in."""
        return self.site.container.pid

    def still_works(self):
        """After what was done to it."""
        self.site.wait_for_port(self.port)


class Nginx(Service):
    """Files of two sizes, one passed on; the workers are replaced; a fast end."""

    command, ending, port = ("nginx", "-g", "daemon off;"), "QUIT", 80
    mounts = [(DATA / "nginx.conf", "/etc/nginx/nginx.conf")]

    def prepare(self):
        self.site.folder("var/log/nginx")
        self.requests = []
        for name, size in (("small.txt", 1000), ("large.bin", 200000)):
            (self.site.folder("srv/www") / name).write_text(name[0] * size)
            for path in (f"/{name}", f"/passed/{name}"):
                self.requests.append({"path": path, "sha256": sha256(name[0] * size)})
        self.requests.append({"path": "/small.txt", "headers": {"Accept-Encoding": "gzip"}})

    def victim(self):
        return children(self.site.container.pid)[-1]  # the older ones may be on their way out, as they were told

    def work(self):
        self.site.wait_for_port(80)
        rounds = int(600 * self.load)
        with Clock() as clock, self.site.load(80, self.requests * rounds):
            pass
        self.site.container.kill("HUP")
        self.site.wait_for_words("reconfiguring")
        with self.site.load(80, self.requests):
            pass
        return clock.seconds


class Redis(Service):
    """Commands of many kinds by redis-benchmark, a script, both ways to keep the data."""

    user, ending, port = REDIS, "TERM", 6379
    command = ("redis-server", "--dir", "/var/lib/redis", "--appendonly", "yes")

    def prepare(self):
        self.site.folder("var/lib/redis", REDIS)

    def work(self):
        self.site.wait_for_words("Ready to accept connections")  # its port is open while it reads the data
        with Clock() as clock:
            said = self.site.run("redis-benchmark", "-q", "-n", int(20000 * self.load), "-t", "set,get,lpush,spop,hset", user=REDIS)
        assert said.count("requests per second") == 5, said
        assert self.site.run("redis-cli", "eval", "return 5", "0", user=REDIS) == "5\n"
        assert self.site.run("redis-cli", "bgrewriteaof", user=REDIS).startswith("Background append only file rewriting")
        self.site.wait_for_words("Background AOF rewrite finished successfully")
        assert self.site.run("redis-cli", "save", user=REDIS) == "OK\n"
        return clock.seconds


class PostgreSQL(Service):
    """pgbench, parallel workers, a checkpoint, a fast end. The database is made before, as by an image's first start."""

    user, ending, port = POSTGRES, "INT", 5432
    command = (f"{PG}/postgres", "-D", "/var/lib/postgresql/data", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=/tmp",
               "-c", "shared_buffers=16MB")  # fmt: skip

    def prepare(self):
        self.site.folder("var/lib/postgresql", POSTGRES)
        self.site.begin(f"{PG}/initdb", "--no-sync", "-A", "trust", "-D", "/var/lib/postgresql/data", user=POSTGRES, recording=None)
        self.site.container.wait("stopped", timeout=60)
        self.site.container.delete()

    def work(self):
        site = self.site
        site.wait_for_words("ready to accept connections")
        bench = [f"{PG}/pgbench", "-h", "127.0.0.1", "-U", "postgres"]
        site.run(*bench, "-i", "-q", "postgres", user=POSTGRES)
        each = int(100 * self.load)
        with Clock() as clock:
            out = site.run(*bench, "-c", "4", "-j", "2", "-t", each, "postgres", user=POSTGRES)
        assert f"number of transactions actually processed: {4 * each}/{4 * each}" in out, out
        parallel = "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; "
        said = self.sql(parallel + "explain (analyze, timing off) select count(*) from pgbench_accounts")
        assert "Workers Launched: 2" in said, said
        self.sql("vacuum full pgbench_accounts")
        self.sql("checkpoint")
        return clock.seconds

    def victim(self):
        return children(self.site.container.pid)[0]

    def sql(self, text):
        return self.site.run(f"{PG}/psql", "-h", "/tmp", "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text, user=POSTGRES)


class Answering(Service):
    """An interpreter that answers from a script; each answer starts processes, threads or files."""

    user, port = APP, 80

    def work(self):
        self.site.wait_for_port(80)
        with Clock() as clock, self.site.load(80, requests_of(self.answers, int(10 * self.load))):
            pass
        return clock.seconds


class NodeJs(Answering):
    command, mounts, answers = ("node", "/srv/server.js"), [(DATA / "server.js", "/srv/server.js")], NODE_ANSWERS


class Python(Answering):
    """Not started in /: helpers of multiprocessing list the directory that they are in, and who may list / sees the names of all files, which lint tells."""

    cwd = "/srv"
    command, mounts, answers = ("python3", "/srv/server.py"), [(DATA / "server.py", "/srv/server.py")], PYTHON_ANSWERS

    def prepare(self):
        os.chmod(self.site.folder("var/tmp"), 0o1777)


SERVICES = {"nginx": Nginx, "redis": Redis, "PostgreSQL": PostgreSQL, "Node.js": NodeJs, "Python": Python}
