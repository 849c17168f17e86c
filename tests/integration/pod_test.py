"""A pod in one virtual machine (docs/adr/0008), by the annotations and the namespaces that CRI implementations write. One boot."""

import json
import os
import signal
import subprocess
import time

import pytest

from harness import host
from harness.isolation import in_machine, machine_image, machines  # noqa: F401
from harness.policy import node  # noqa: F401
from harness.runtime import Container, wait_for

pytestmark = [pytest.mark.native, pytest.mark.slow]
BOOT = 60
CRI = "io.kubernetes.cri."


@pytest.fixture(autouse=True)
def only_redoubt(runtime, machines):  # noqa: F811
    runtime.only_redoubt("isolation: vm")


def loop(script, ends_with):
    return f"{script} trap 'exit {ends_with}' TERM; while :; do sleep 0.1; done"


class Pod:
    """A sandbox, running, and what it takes to put containers beside it."""

    def __init__(self, runtime, make_bundle, work):
        self.runtime, self.make_bundle, self.work = runtime, make_bundle, work
        self.volume = work / "volume"
        self.volume.mkdir()
        bundle = in_machine(make_bundle().writable(), **{"vm.memory": "512Mi"})
        bundle.config["annotations"][CRI + "container-type"] = "sandbox"
        # As engines do, which then go on at once.
        self.sandbox = self.make(bundle.sh(loop("", 0)), "create")
        self.sandbox.start()

    def start(self, bundle):
        return self.make(bundle, "run", "--detach")

    def make(self, bundle, *verb):
        output = bundle.path / "out"
        bundle.save()
        argv = self.runtime.argv(*verb, "--bundle", bundle.path, self.runtime.cid())
        with open(output, "wb") as out:
            result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=BOOT * host.patience(), check=False)
        assert result.returncode == 0, output.read_text()
        return Container(self.runtime, argv[-1], bundle)

    def bundle(self, sandbox=None, share_processes=False, annotations=True):
        """Without annotations as Podman does it: the namespaces alone tell."""
        bundle = self.make_bundle().writable().mount("/volume", self.volume, options=["rbind", "rw"])
        if annotations:
            bundle.config.setdefault("annotations", {}).update({CRI + "container-type": "container", CRI + "sandbox-id": sandbox or self.sandbox.id})
        for kind, name in (("network", "net"), ("ipc", "ipc"), ("uts", "uts")) + ((("pid", "pid"),) if share_processes else ()):
            bundle.namespace(kind, f"/proc/{self.sandbox.pid}/ns/{name}")
        return bundle

    def files(self):
        """What the machine is shown."""
        return {line.split()[4].split("/")[2] for line in open(f"/proc/{self.sandbox.pid}/mountinfo") if line.split()[4].startswith("/share/")}


def output(container):
    return (container.bundle.path / "out").read_text()


def check_what_they_share(pod, one, two):
    wait_for(lambda: output(one).count("\n") == 3, 20, "the first one to speak")
    assert output(one).splitlines() == ["one", pod.sandbox.sh("hostname").strip(), pod.sandbox.sh("uname -r").strip()]
    assert two.sh("cat /volume/from-one; nc 127.0.0.1 81") == "through a volume\nthrough the network\n"
    assert (pod.volume / "from-one").read_text() == "through a volume\n"
    for container in (one, two):  # of host and guest
        assert os.path.exists(f"/proc/{container.pid}") and container.cgroup() != pod.sandbox.cgroup()
    assert "exit 6" in two.sh("ps -o args") and "exit 0" in two.sh("ps -o args")  # its own processes and the sandbox's
    assert "exit 0" not in one.sh("ps -o args")
    assert pod.files() == {pod.sandbox.id, one.id, two.id}


def check_that_each_has_limits_of_its_own(runtime, one, two):
    runtime.ok("update", "--pids-limit", "50", one.id)
    assert one.sh(f"cat /sys/fs/cgroup/{one.id}/pids.max") == "50\n"
    assert two.sh(f"cat /sys/fs/cgroup/{two.id}/pids.max") == "max\n"
    stats = json.loads(runtime.ok("events", "--stats", one.id).out)
    assert stats["id"] == one.id and stats["data"]["pids"]["limit"] == 50
    assert "exit 5" in runtime.ok("ps", one.id).out and "exit 6" not in runtime.ok("ps", one.id).out


def check_pause(runtime, sandbox, one, two):
    runtime.ok("pause", one.id)
    assert (one.status, two.status) == ("paused", "running")
    assert json.loads(runtime.ok("events", "--stats", one.id).out)["id"] == one.id  # the machine runs
    assert two.sh("cat /sys/fs/cgroup/*/cgroup.freeze | sort | uniq -c | xargs") == "2 0 1 1\n"
    runtime.ok("resume", one.id)
    assert one.sh("echo goes on") == "goes on\n"
    runtime.ok("pause", sandbox.id)
    begin = time.monotonic()
    for words in (("events", "--stats", one.id), ("update", "--pids-limit", "60", one.id)):
        runtime.fails(*words, match=f"the pod's sandbox .*{sandbox.id}.* is paused, and its virtual machine with it .* resume it first")
    assert time.monotonic() - begin < 10 * host.patience()
    runtime.ok("resume", sandbox.id)


def check_ends(pod, one):
    pid = one.pid
    assert one.exec("sh", "-c", "exit 9").code == 9
    one.kill("TERM")
    one.wait("stopped")
    assert host.exit_status(pid) == 5 << 8
    one.delete()
    assert one.id not in pod.files()


def check_that_a_killed_proxy_takes_its_container_along(pod):
    container = pod.start(pod.bundle(share_processes=True, annotations=False).args("sleep", "654"))
    assert "sleep 654" in pod.sandbox.sh("ps -o args")
    os.kill(container.pid, signal.SIGKILL)
    container.wait("stopped")
    wait_for(lambda: "sleep 654" not in pod.sandbox.sh("ps -o args"), 20, "the process in the guest to end")
    container.delete()


def check_refusals(runtime, pod):
    before = pod.files()
    alone = in_machine(pod.bundle(sandbox="nobody")).args("true")
    foreign = pod.bundle().args("true").namespace("ipc", "/proc/1/ns/ipc")
    missing = pod.bundle().args("/nonexistent")
    for bundle, match in ((alone, r"demands a virtual machine, and the sandbox .*nobody.* of the pod is none; demand it for the whole pod"),
                          (foreign, r"linux.namespaces: the namespace .*/proc/1/ns/ipc.* cannot be joined with isolation .*the pod's sandbox"),
                          (missing, r"unable to start container process: exec: .*/nonexistent.*no such file or directory")):
        bundle.save()
        cid = runtime.cid()
        runtime.fails("create", "--bundle", bundle.path, cid, match=match)
        runtime.fails("state", cid, match="does not exist")
    assert pod.files() == before


def test_three_containers_in_one_machine(runtime, make_bundle, work):
    pod = Pod(runtime, make_bundle, work)
    one = pod.start(pod.bundle().sh(loop("echo one; hostname; uname -r; echo through a volume >/volume/from-one; nc -l -p 81 -e echo through the network &", 5)))
    two = pod.start(pod.bundle(share_processes=True).sh(loop("", 6)))
    check_what_they_share(pod, one, two)
    check_that_each_has_limits_of_its_own(runtime, one, two)
    check_pause(runtime, pod.sandbox, one, two)
    check_ends(pod, one)
    check_that_a_killed_proxy_takes_its_container_along(pod)
    check_refusals(runtime, pod)
    pid = two.pid
    os.kill(pod.sandbox.pid, signal.SIGKILL)
    two.wait("stopped", timeout=2)
    assert host.exit_status(pid) == 137 << 8
    two.delete()
    pod.sandbox.wait("stopped", timeout=2)
    pod.sandbox.delete()
