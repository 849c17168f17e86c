"""A pod's life over the CRI socket: sandbox, container, exec, stats, update, stop, remove. One PASS or FAIL line a step; stops at the first FAIL."""

import sys
import time
from pathlib import Path

import cri_pb2 as cri
import grpc

SOCKET = "unix:///run/containerd/containerd.sock"
MEMORY = 64 << 20


class Runtime:
    """The calls of runtime.v1.RuntimeService by name."""

    def __init__(self):
        self.channel = grpc.insecure_channel(SOCKET)

    def call(self, method, request, answer=cri.Empty):
        ask = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}", request_serializer=type(request).SerializeToString,
                                       response_deserializer=answer.FromString)
        return ask(request, timeout=90, wait_for_ready=True)


class Pod:
    """The steps, in the order of their definition; each asserts what kubelet would rely on."""

    def __init__(self):
        self.runtime = Runtime()
        metadata = cri.PodSandboxMetadata(name="web", uid="11111111-2222", namespace="default")
        self.config = cri.PodSandboxConfig(metadata=metadata, hostname="web", log_directory="/run/t/cri/logs",
                                           linux=cri.LinuxPodSandboxConfig(cgroup_parent="kubepods.slice"))
        self.sandbox = self.container = None

    def exec(self, *command):
        return self.runtime.call("ExecSync", cri.ExecSyncRequest(container_id=self.container, cmd=command, timeout=60), cri.ExecSyncResponse)

    def status(self):
        return self.runtime.call("ContainerStatus", cri.ContainerRequest(container_id=self.container), cri.ContainerStatusResponse).status

    def run_pod_sandbox(self):
        self.sandbox = self.runtime.call("RunPodSandbox", cri.RunPodSandboxRequest(config=self.config), cri.RunPodSandboxResponse).pod_sandbox_id
        scopes = list(Path("/sys/fs/cgroup/kubepods.slice").glob(f"*{self.sandbox}*"))
        assert scopes, "no cgroup of the sandbox in kubepods.slice"

    def create_container(self):
        resources = cri.LinuxContainerResources(memory_limit_in_bytes=MEMORY, cpu_period=100000, cpu_quota=50000, cpu_shares=512)
        config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name="main"), image=cri.ImageSpec(image="localhost/bb:1"), log_path="main.log",
                                     command=["sh", "-c", "trap 'exit 7' TERM; echo started; sleep 1000 & wait"],
                                     linux=cri.LinuxContainerConfig(resources=resources))
        request = cri.CreateContainerRequest(pod_sandbox_id=self.sandbox, config=config, sandbox_config=self.config)
        self.container = self.runtime.call("CreateContainer", request, cri.CreateContainerResponse).container_id

    def start_container(self):
        self.runtime.call("StartContainer", cri.ContainerRequest(container_id=self.container))
        assert self.status().state == cri.CONTAINER_RUNNING, self.status()

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
        assert "stdout F started" in Path("/run/t/cri/logs/main.log").read_text()

    def stop_container(self):
        self.runtime.call("StopContainer", cri.StopContainerRequest(container_id=self.container, timeout=30))
        assert (self.status().state, self.status().exit_code) == (cri.CONTAINER_EXITED, 7), self.status()

    def remove_container(self):
        self.runtime.call("RemoveContainer", cri.ContainerRequest(container_id=self.container))

    def stop_and_remove_pod_sandbox(self):
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.runtime.call(method, cri.PodSandboxRequest(pod_sandbox_id=self.sandbox))
        assert not list(Path("/sys/fs/cgroup/kubepods.slice").glob(f"*{self.sandbox}*")), "the sandbox's cgroup is still there"


def main():
    pod = Pod()
    for name, step in [(name, step) for name, step in vars(Pod).items() if name not in ("__init__", "exec", "status") and callable(step)]:
        begin = time.monotonic()
        try:
            step(pod)
        except (AssertionError, OSError, grpc.RpcError) as error:
            why = error.details() if isinstance(error, grpc.RpcError) else str(error)
            print(f"FAIL cri: {name}: after {time.monotonic() - begin:.0f} s: {' | '.join(str(why).splitlines())}")
            return 1
        print(f"PASS cri: {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
