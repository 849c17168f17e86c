"""nginx, redis, PostgreSQL, Node.js and Python under the default profile, as docker would start them: under load every answer is right and the server
reports no refusal. The same under runc, so that a wrong answer can be told from a wrong test.

The kernel's own log of refusals needs BPF LSM: tests/vm/fast.d/57-servers reads it.
"""

import json
import os
import random

import pytest

from harness.runtime import wait_for
from harness.servers import DATA, NODE_ANSWERS, PG, PYTHON_ANSWERS, Site, make_tree, peer_runtime, requests_of, sha256

pytestmark = [pytest.mark.native, pytest.mark.slow]

REDIS, POSTGRES, APP = 101, 102, 1000


@pytest.fixture(scope="module")
def tree():
    return make_tree()


@pytest.fixture(params=["default-profile", "runc"])
def site(request, runtime, tree, work):
    rt = runtime if request.param != "runc" else peer_runtime(work / "peer")
    place = Site(rt, work / "site", tree)
    yield place
    place.close()
    assert rt.cleanup() == []


def test_the_profile_is_in_force(runtime, tree, work):
    """What the other tests prove is worth something only with the filter and without privileges."""
    runtime.only_redoubt("profiles")
    place = Site(runtime, work / "site", tree)
    try:
        container = place.start("sleep", "1000")
        said = json.loads(runtime.ok("policy", "explain", container.id, "--format", "json").out)
        assert said["profile"] == "default"
        assert {row["layer"]: row["level"] for row in said["layers"]}["seccomp"] == "active"
        assert int(place.run("grep", "Seccomp_filters", "/proc/self/status").split()[1]) > 0
    finally:
        place.close()


# ---- nginx --------------------------------------------------------------------------------------------------------------------


def test_nginx(site):
    """Files of three sizes, parts of files, compressed ones, passed on ones; the workers are replaced in the middle of it."""
    site.folder("var/log/nginx")
    www, requests = site.folder("srv/www"), []
    for name, size in (("small.txt", 1000), ("middle.txt", 65536), ("large.bin", 1 << 20)):
        data = random.Random(name).randbytes(size // 2).hex().encode()
        (www / name).write_bytes(data)
        whole = {"path": f"/{name}", "sha256": sha256(data)}
        part = {"path": f"/{name}", "headers": {"Range": "bytes=100-499"}, "status": 206, "sha256": sha256(data[100:500])}
        passed = {"path": f"/passed/{name}", "sha256": sha256(data)}
        requests += [whole, part, passed] * (20 if size > 100000 else 200)
    requests += [{"path": "/small.txt", "headers": {"Accept-Encoding": "gzip"}}, {"path": "/none.txt", "status": 404}] * 100
    site.start("nginx", "-g", "daemon off;", mounts=[(DATA / "nginx.conf", "/etc/nginx/nginx.conf")])
    site.wait_for_port(80)
    with site.load(80, requests) as client:
        site.container.kill("HUP")
        assert client.poll() is None, "the load was over before the workers were replaced"
    assert "reconfiguring" in site.said()
    site.stop("QUIT")
    assert "[alert]" not in site.said() and "[crit]" not in site.said(), site.said()


# ---- redis --------------------------------------------------------------------------------------------------------------------


def cli(site, *words):
    return site.run("redis-cli", *words, user=REDIS).strip()


def redis_benchmark(site, *args):
    out = site.run("redis-benchmark", "-q", "-c", "20", *args, user=REDIS)
    assert "requests per second" in out and "rror" not in out, out
    return out


def test_redis(site):
    """Every command counts; both ways to keep the data, and its return after a restart."""
    site.folder("var/lib/redis", REDIS)
    command = ["redis-server", "--dir", "/var/lib/redis", "--appendonly", "yes", "--io-threads", "2", "--unixsocket", "/tmp/redis.sock"]
    site.start(*command, user=REDIS)
    site.wait_for_port(6379)
    redis_benchmark(site, "-n", "10000", "-P", "16", "incr", "counter")
    redis_benchmark(site, "-n", "5000", "-s", "/tmp/redis.sock", "rpush", "list", "x")
    redis_benchmark(site, "-n", "1000", "-t", "ping,set,get,lpush,lpop,sadd,hset,spop,zadd,mset")
    assert cli(site, "eval", "for i = 1, 500 do redis.call('set', 'k' .. i, i) end return redis.call('get', 'k500')", "0") == "500"
    assert cli(site, "bgrewriteaof").startswith("Background append only file rewriting")
    site.container.stop()
    site.container.delete()
    site.start(*command, user=REDIS)
    wait_for(lambda: site.container.exec("redis-cli", "ping").out == "PONG\n", timeout=30, what="the data to be loaded")
    assert [cli(site, "get", "counter"), cli(site, "llen", "list"), cli(site, "get", "k499")] == ["10000", "5000", "499"]
    assert cli(site, "save") == "OK"
    assert "aof_last_write_status:ok" in cli(site, "info", "persistence")
    site.stop()


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------------------

POSTGRES_START = f"""{PG}/initdb --no-sync -A trust -D /var/lib/postgresql/data >/dev/null &&
exec {PG}/postgres -D /var/lib/postgresql/data -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c shared_buffers=16MB"""
# With settings for which this query is answered by workers, who share memory.
PARALLEL = """set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
explain (analyze, timing off) select count(*) from pgbench_accounts"""


def sql(site, text, *flags):
    return site.run(f"{PG}/psql", "-h", "/tmp", "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", *flags, "-c", text, user=POSTGRES).strip()


def test_postgresql(site):
    """pgbench's books balance after its transactions, and after a crash."""
    site.folder("var/lib/postgresql", POSTGRES)
    site.start("bash", "-c", POSTGRES_START, user=POSTGRES)
    site.wait_for_words("ready to accept connections")
    bench = [f"{PG}/pgbench", "-h", "127.0.0.1", "-U", "postgres"]
    site.run(*bench, "-i", "-q", "postgres", user=POSTGRES)
    out = site.run(*bench, "-c", "4", "-j", "2", "-t", "100", "postgres", user=POSTGRES)
    assert "number of transactions actually processed: 400/400" in out, out
    assert "Workers Launched: 2" in sql(site, PARALLEL)
    site.container.stop()
    site.container.delete()
    site.start("bash", "-c", f"rm -f /var/lib/postgresql/data/postmaster.pid; {POSTGRES_START.split('&&')[1].strip()}", user=POSTGRES)
    wait_for(lambda: site.container.exec(f"{PG}/pg_isready", "-q", "-h", "127.0.0.1").code == 0, timeout=30, what="recovery")
    sums = [sql(site, f"select coalesce(sum({column}), 0) from pgbench_{table}")
            for table, column in (("accounts", "abalance"), ("tellers", "tbalance"), ("branches", "bbalance"), ("history", "delta"))]  # fmt: skip
    assert len(set(sums)) == 1 and sql(site, "select count(*) from pgbench_history") == "400", sums
    sql(site, "vacuum full pgbench_accounts")
    site.stop("INT")


# ---- Node.js and Python -------------------------------------------------------------------------------------------------------


def test_node(site):
    site.start("node", "/srv/server.js", user=APP, mounts=[(DATA / "server.js", "/srv/server.js")])
    site.wait_for_port(80)
    with site.load(80, requests_of(NODE_ANSWERS, 10)):
        pass
    site.stop("KILL")
    assert "a worker ended" not in site.said()


def test_python(site):
    os.chmod(site.folder("var/tmp"), 0o1777)
    site.start("python3", "/srv/server.py", user=APP, mounts=[(DATA / "server.py", "/srv/server.py")])
    site.wait_for_port(80)
    with site.load(80, requests_of(PYTHON_ANSWERS, 10)):
        pass
    site.stop("KILL")
    assert "Traceback" not in site.said(), site.said()
