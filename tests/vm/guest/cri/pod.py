"""A pod's life over the CRI socket: sandbox, container, exec, stats, update, stop, remove. One PASS or FAIL line a step; stops at the first FAIL."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import cri_pb2 as cri
import grpc

SOCKET = "unix:///run/containerd/containerd.sock"
MEMORY = 64 << 20
LOGS = Path("/run/t/cri/logs")
# For every container of the pod, its pause container included.
POD_POLICY = {"process": {"readonlyRoot": {"value": True, "reason": "the test's"}}}
HELPERS = ("__init__", "exec", "status", "create", "start", "redoubt")
# What only Redoubt does.
POLICY_STEPS = ("pod_annotation_holds", "container_annotation_holds", "widening_is_refused")


class Runtime:
    """The calls of runtime.v1.RuntimeService by name."""

    def __init__(self):
        self.channel = grpc.insecure_channel(SOCKET)

    def call(self, method, request, answer=cri.Empty):
        ask = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}", request_serializer=type(request).SerializeToString,
                                       response_deserializer=answer.FromString)
        return ask(request, timeout=90, wait_for_ready=True)


class Pod:
    """The steps, in the order of their definition; each asserts what kubelet would rely on. HELPERS are none."""

    def __init__(self):
        self.runtime = Runtime()
        metadata = cri.PodSandboxMetadata(name="web", uid="11111111-2222", namespace="default")
        self.config = cri.PodSandboxConfig(metadata=metadata, hostname="web", log_directory=str(LOGS),
                                           annotations={"io.redoubt.policy": json.dumps(POD_POLICY)}, linux=cri.LinuxPodSandboxConfig(cgroup_parent="kubepods.slice"))
        self.sandbox = self.container = None

    def exec(self, *command):
        return self.runtime.call("ExecSync", cri.ExecSyncRequest(container_id=self.container, cmd=command, timeout=60), cri.ExecSyncResponse)

    def status(self, container=None):
        return self.runtime.call("ContainerStatus", cri.ContainerRequest(container_id=container or self.container), cri.ContainerStatusResponse).status

    def create(self, name, command, **config):
        config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name=name), image=cri.ImageSpec(image="localhost/bb:1"), log_path=f"{name}.log",
                                     command=command, **config)
        request = cri.CreateContainerRequest(pod_sandbox_id=self.sandbox, config=config, sandbox_config=self.config)
        return self.runtime.call("CreateContainer", request, cri.CreateContainerResponse).container_id

    def start(self, container):
        self.runtime.call("StartContainer", cri.ContainerRequest(container_id=container))

    def redoubt(self, *words):
        argv = [os.environ["RUNTIME"], "--root", "/run/containerd/runc/k8s.io", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def run_pod_sandbox(self):
        request = cri.RunPodSandboxRequest(config=self.config, runtime_handler="redoubt")  # as a RuntimeClass names it
        self.sandbox = self.runtime.call("RunPodSandbox", request, cri.RunPodSandboxResponse).pod_sandbox_id
        scopes = list(Path("/sys/fs/cgroup/kubepods.slice").glob(f"*{self.sandbox}*"))
        assert scopes, "no cgroup of the sandbox in kubepods.slice"

    def create_container(self):
        resources = cri.LinuxContainerResources(memory_limit_in_bytes=MEMORY, cpu_period=100000, cpu_quota=50000, cpu_shares=512)
        self.container = self.create("main", ["sh", "-c", "trap 'exit 7' TERM; echo started; sleep 1000 & wait"],
                                     linux=cri.LinuxContainerConfig(resources=resources))

    def start_container(self):
        self.start(self.container)
        assert self.status().state == cri.CONTAINER_RUNNING, self.status()
        ids = self.redoubt("list", "-q").split()
        assert sorted(ids) == sorted([self.sandbox, self.container]), f"the runtime under test knows {ids}"

    def pod_annotation_holds(self):
        found = self.exec("confinement").stdout.split()
        assert found[0] == b"0" and found[2] == b"ro", found
        explain = self.redoubt("policy", "explain", self.container)
        assert re.search("readonlyRoot +annotation io.redoubt.policy", explain), explain

    def container_annotation_holds(self):
        security = cri.LinuxContainerSecurityContext(run_as_user=cri.Int64Value(value=1000))
        strict = self.create("strict", ["confinement"], annotations={"io.redoubt.profile": "restricted"}, linux=cri.LinuxContainerConfig(security_context=security))
        self.start(strict)
        # NoNewPrivs is the profile's doing, the read-only root the pod's.
        log, end = LOGS / "strict.log", time.monotonic() + 60
        # What runs is not removed, and the last line may come before the end is known.
        while (self.status(strict).state != cri.CONTAINER_EXITED or "stdout F" not in log.read_text()) and time.monotonic() < end:
            time.sleep(0.3)
        assert log.read_text().split("stdout F ")[1:] == ["1000 1 ro\n"], log.read_text()
        self.runtime.call("RemoveContainer", cri.ContainerRequest(container_id=strict))

    def widening_is_refused(self):
        wide = self.create("wide", ["confinement"], annotations={"io.redoubt.mode": "off"})
        try:
            self.start(wide)
        except grpc.RpcError as error:
            assert re.search(os.environ["refused_mode"], error.details()), error.details()
        else:
            raise AssertionError("the container was started")
        self.runtime.call("RemoveContainer", cri.ContainerRequest(container_id=wide))

    def exec_sync(self):
        answer = self.exec("sh", "-c", "hostname; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max; echo noise >&2; exit 5")
        assert answer.exit_code == 5, answer
        assert answer.stdout.decode().split("\n")[:3] == ["web", str(MEMORY), "50000 100000"], answer
        assert answer.stderr == b"noise\n", answer

    def pod_network(self):
        assert b"inet 10.98.0." in self.exec("ip", "addr", "show", "eth0").stdout

    def container_stats(self):
        stats = self.runtime.call("ContainerStats", cri.ContainerRequest(container_id=self.container), cri.ContainerStatsResponse).stats
        assert stats.cpu.usage_core_nano_seconds.value > 0 and stats.memory.working_set_bytes.value > 0, stats

    def update_container_resources(self):
        resources = cri.LinuxContainerResources(memory_limit_in_bytes=2 * MEMORY)
        self.runtime.call("UpdateContainerResources", cri.UpdateContainerResourcesRequest(container_id=self.container, linux=resources))
        assert self.exec("cat", "/sys/fs/cgroup/memory.max").stdout.decode().strip() == str(2 * MEMORY)

    def container_log(self):
        assert "stdout F started" in (LOGS / "main.log").read_text()

    def stop_container(self):
        self.runtime.call("StopContainer", cri.StopContainerRequest(container_id=self.container, timeout=30))
        assert (self.status().state, self.status().exit_code) == (cri.CONTAINER_EXITED, 7), self.status()

    def remove_container(self):
        self.runtime.call("RemoveContainer", cri.ContainerRequest(container_id=self.container))

    def stop_and_remove_pod_sandbox(self):
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.runtime.call(method, cri.PodSandboxRequest(pod_sandbox_id=self.sandbox))
        assert not list(Path("/sys/fs/cgroup/kubepods.slice").glob(f"*{self.sandbox}*")), "the sandbox's cgroup is still there"


def passes(name, step):
    """Takes one step and prints its line."""
    begin = time.monotonic()
    try:
        step()
    except (AssertionError, OSError, subprocess.CalledProcessError, grpc.RpcError) as error:
        why = error.details() if isinstance(error, grpc.RpcError) else str(error)
        print(f"FAIL cri: {name}: after {time.monotonic() - begin:.0f} s: {' | '.join(str(why).splitlines())}")
        return False
    print(f"PASS cri: {name}", flush=True)
    return True


def main():
    pod = Pod()
    is_peer = Path(os.environ["RUNTIME"]).resolve().name != "redoubt"
    for name, step in [(name, step) for name, step in vars(Pod).items() if name not in HELPERS and callable(step)]:
        if is_peer and name in POLICY_STEPS:
            print(f"SKIP cri: {name}: a runtime with policies")
            continue
        if not passes(name, lambda step=step: step(pod)):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
