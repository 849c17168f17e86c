"""Services that are recorded under load, and the way of the manual from their recordings to a profile.

Used by tests/integration/author_test.py and tests/bench/authoring.
"""

import json
import os
import shutil
import subprocess
import time

from harness.runtime import Container, wait_for
from harness.servers import DATA, NODE_ANSWERS, PG, PYTHON_ANSWERS, Site, docker_config, requests_of

MOST_RULES = 150
POSTGRES, APP = 102, 1000


class RecordedSite(Site):
    """A Site whose server is recorded, under a profile when one is named."""

    recorder = None

    def begin(self, *args, recording, user=0, mounts=(), profile=None):
        """Without a recording: as it is, for the time that it takes."""
        config = docker_config(self.rootfs, self.network, user)
        config["process"]["args"] = list(args)
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
        wait_for(lambda: '"running"' in self.rt("state", cid).out or self.recorder.poll(), timeout=30, what="the container")
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


# ---- the services: each is started, loaded, checked and ended, with a recording, a profile, both or neither. The seconds of the load. ----


class Clock:
    def __enter__(self):
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.start


def postgresql(site, recording, profile=None):
    """initdb, pgbench, parallel workers, a checkpoint, a fast end."""
    data = site.folder("var/lib/postgresql", POSTGRES)
    shutil.rmtree(data / "data", ignore_errors=True)
    script = f"""{PG}/initdb --no-sync -A trust -D /var/lib/postgresql/data >/dev/null &&
exec {PG}/postgres -D /var/lib/postgresql/data -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c shared_buffers=16MB"""
    site.begin("bash", "-c", script, user=POSTGRES, recording=recording, profile=profile)
    site.wait_for_words("ready to accept connections")
    bench = [f"{PG}/pgbench", "-h", "127.0.0.1", "-U", "postgres"]
    site.run(*bench, "-i", "-q", "postgres", user=POSTGRES)
    with Clock() as clock:
        out = site.run(*bench, "-c", "4", "-j", "2", "-t", "100", "postgres", user=POSTGRES)
    assert "number of transactions actually processed: 400/400" in out, out
    parallel = "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; "
    sql = [f"{PG}/psql", "-h", "/tmp", "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c"]
    said = site.run(*sql, parallel + "explain (analyze, timing off) select count(*) from pgbench_accounts", user=POSTGRES)
    assert "Workers Launched: 2" in said, said
    site.run(*sql, "vacuum full pgbench_accounts", user=POSTGRES)
    site.run(*sql, "checkpoint", user=POSTGRES)
    site.end("INT")
    return clock.seconds


def answered(site, answers):
    """The load, with every answer right."""
    site.wait_for_port(80)
    with Clock() as clock, site.load(80, requests_of(answers, 10)):
        pass
    site.end("KILL")
    return clock.seconds


def node_js(site, recording, profile=None):
    site.begin("node", "/srv/server.js", user=APP, mounts=[(DATA / "server.js", "/srv/server.js")], recording=recording, profile=profile)
    return answered(site, NODE_ANSWERS)


def python(site, recording, profile=None):
    os.chmod(site.folder("var/tmp"), 0o1777)
    site.begin("python3", "/srv/server.py", user=APP, mounts=[(DATA / "server.py", "/srv/server.py")], recording=recording, profile=profile)
    return answered(site, PYTHON_ANSWERS)


SERVICES = {"PostgreSQL": postgresql, "Node.js": node_js, "Python": python}
