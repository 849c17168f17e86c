"""A pod with the annotation io.redoubt.isolation: vm over the CRI socket: three containers, one machine. One PASS or FAIL line a step; stops at the first FAIL."""

import os
import subprocess
import sys
import time
import urllib.request

import cri_pb2 as cri
from pod import LOGS, Pod, passes

LOOP = "trap 'exit 7' TERM; echo started; while :; do sleep 0.2; done"
SERVER = "mkdir /www; uname -r >/www/index.html; httpd -f -p 80 -h /www"


class PodInMachine(Pod):
    """Pod has the calls; the steps are those of STEPS."""

    def __init__(self):
        super().__init__()
        self.config.annotations.clear()
        self.config.annotations.update({"io.redoubt.isolation": "vm", "io.redoubt.vm.memory": "384Mi"})
        self.config.linux.cgroup_parent = "/kube"
        self.config.port_mappings.add(container_port=80, host_port=8080, host_ip="127.0.0.1")
        self.names = {}

    def take(self, name):
        self.container = self.names[name]
        return self

    def run_pod_sandbox(self):
        request = cri.RunPodSandboxRequest(config=self.config, runtime_handler="redoubt")
        self.sandbox = self.runtime.call("RunPodSandbox", request, cri.RunPodSandboxResponse).pod_sandbox_id

    def three_containers_in_one_machine(self):
        for name, script in (("loop", LOOP), ("server", SERVER), ("third", LOOP)):
            self.names[name] = self.create(name, ["sh", "-c", script])
            self.start(self.names[name])
        machines = subprocess.run(["pgrep", "-xc", "vmm"], capture_output=True, text=True, check=False).stdout.strip()
        assert machines == "1", f"{machines} machines"
        kernels = {self.take(name).exec("uname", "-r").stdout.decode().strip() for name in self.names}
        assert len(kernels) == 1 and os.uname().release not in kernels, kernels

    def they_share_the_network(self):
        self.take("third")
        assert b"inet 10.98.0." in self.exec("ip", "addr", "show", "eth0").stdout
        assert self.exec("wget", "-q", "-O", "-", "http://127.0.0.1/").stdout == self.exec("uname", "-r").stdout

    def a_host_port_reaches_the_guest(self):
        page = urllib.request.urlopen("http://127.0.0.1:8080/", timeout=20).read()
        assert page == self.take("server").exec("uname", "-r").stdout, page

    def exec_sync_and_log(self):
        answer = self.take("loop").exec("sh", "-c", "hostname; echo noise >&2; exit 5")
        assert (answer.exit_code, answer.stdout, answer.stderr) == (5, b"web\n", b"noise\n"), answer
        end = time.monotonic() + 30
        while "stdout F started" not in (LOGS / "loop.log").read_text():
            assert time.monotonic() < end, "no log"
            time.sleep(0.2)

    def stop_and_remove_containers(self):
        for name in self.names:
            self.take(name).runtime.call("StopContainer", cri.StopContainerRequest(container_id=self.container, timeout=30))
            wanted = 143 if name == "server" else 7  # not process 1, for CRI's pod shares processes, and without a handler
            assert (self.status().state, self.status().exit_code) == (cri.CONTAINER_EXITED, wanted), self.status()
            self.remove_container()

    def stop_and_remove_pod_sandbox(self):
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.runtime.call(method, cri.PodSandboxRequest(pod_sandbox_id=self.sandbox))


STEPS = ("run_pod_sandbox", "three_containers_in_one_machine", "they_share_the_network", "a_host_port_reaches_the_guest", "exec_sync_and_log",
         "stop_and_remove_containers", "stop_and_remove_pod_sandbox")  # fmt: skip


if __name__ == "__main__":
    in_machine = PodInMachine()
    sys.exit(0 if all(passes(name, getattr(in_machine, name)) for name in STEPS) else 1)
