"""What a node lets a virtual machine have at most, and every way to ask for more that we could think of. No machine is started: its programs are stand-ins, and
`policy explain` says what would be made."""

import json
import re

import pytest

from harness.isolation import in_machine
from harness.policy import annotate, node, rule  # noqa: F401

GI = 1 << 30
PODS_SANDBOX = {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": "s"}
MEMORY = "io.kubernetes.cri.sandbox-memory"


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("isolation: vm")


@pytest.fixture
def ceiling(node, tmp_path):  # noqa: F811
    """ceiling(**rules of the section vm, more=other sections)."""
    programs = {}
    for name in ("vmlinux", "initrd", "image.json", "program"):
        (tmp_path / name).write_text("#!/bin/false\n")
        (tmp_path / name).chmod(0o755)
    for field in ("monitor", "vmm", "virtiofsd"):
        programs[field] = rule(str(tmp_path / "program"))

    def write(more=None, **rules):
        node(vm={**programs, "image": rule(str(tmp_path)), "accelerator": rule("tcg"), **{name: rule(value) for name, value in rules.items()}}, **(more or {}))

    return write


@pytest.fixture
def bundle(bundle):
    return in_machine(bundle.args("true"))


def size(runtime, bundle):
    """(MiB, processors)."""
    bundle.save()
    text = runtime.ok("policy", "explain", "--bundle", bundle.path).out
    return tuple(map(int, re.search(r"vm, (\d+) MiB, (\d+) vCPU", text).groups()))


def test_as_much_as_the_node_allows(runtime, bundle, ceiling):
    ceiling(maxMemory="2Gi", maxVcpus=3)
    annotate(bundle, **{"vm.memory": "2048Mi", "vm.vcpus": "3"})
    assert size(runtime, bundle) == (2048, 3)
    explained = runtime.ok("policy", "explain", "--bundle", bundle.path).out
    assert re.search(r"vm.maxMemory +\S+ +vm +2Gi", explained) and re.search(r"vm.maxVcpus +\S+ +vm +3", explained)


def limited(memory=None, quota=None):
    def change(bundle):
        resources = bundle.config["linux"].setdefault("resources", {})
        if memory:
            resources["memory"] = {"limit": memory}
        if quota:
            resources["cpu"] = {"quota": quota, "period": 1000}

    return change


def annotated(**keys):
    return lambda bundle: bundle.config["annotations"].update(keys)


def every_capability(bundle, runtime):
    names = json.loads(runtime.ok("features").out)["linux"]["capabilities"]
    bundle.config["process"]["capabilities"] = {kind: names for kind in ("bounding", "effective", "permitted")}
    bundle.config["linux"].pop("seccomp", None)


REFUSED = {
    "memory": (annotated(**{"io.redoubt.vm.memory": "2049Mi"}), "vm.maxMemory: annotation io.redoubt.vm.memory asks for 2049Mi, .*config.json:1 allows 2Gi"),
    "vcpus": (annotated(**{"io.redoubt.vm.vcpus": "4"}), "vm.maxVcpus: annotation io.redoubt.vm.vcpus asks for 4, .*config.json:1 allows 3"),
    "limit": (limited(memory=4 * GI), "vm.maxMemory: linux.resources.memory.limit with the guest's own share asks for 42[0-9][0-9]Mi"),
    "endless-limit": (limited(memory=(1 << 63) - 4096), "vm.maxMemory: linux.resources.memory.limit"),
    "quota": (limited(quota=3001), "vm.maxVcpus: linux.resources.cpu.quota asks for 4"),
    "endless-quota": (limited(quota=(1 << 63) - 1), "vm.maxVcpus: linux.resources.cpu.quota"),
    "pod": (annotated(**PODS_SANDBOX, **{MEMORY: str(3 * GI)}), f"vm.maxMemory: annotation {MEMORY} with the guest's own share asks for"),
    "pod-wraps": (annotated(**PODS_SANDBOX, **{MEMORY: str((1 << 64) - 1)}), f"vm.maxMemory: annotation {MEMORY}"),
    "of-a-container": (annotated(**{"io.redoubt.container.web.vm.memory": "1Gi"}), "io.redoubt.container.web.vm.memory.*unknown key"),
    "capitals": (annotated(**{"io.redoubt.VM.memory": "1Gi"}), "io.redoubt.VM.memory.*unknown key"),
    "blank-after-the-key": (annotated(**{"io.redoubt.vm.memory ": "9Gi"}), "unknown key"),
    "no-such-rule": (annotated(**{"io.redoubt.vm.maxMemory": "9Gi"}), "unknown key"),
    "rules-in-an-annotation": (annotated(**{"io.redoubt.policy": json.dumps({"vm": {"maxMemory": rule("9Gi")}})}), "/vm"),
}  # fmt: skip
for text in ("1e9", "-1Gi", "0x10Gi", "1.5Gi", "1073741824", "9G", "9GiB", "9gi", "09Gi", " 9Gi", "9Gi ", "0Gi", "", "99999999Gi", "18446744073709551617Gi", "9Gi\n"):
    REFUSED[f"memory {text!r}"] = (annotated(**{"io.redoubt.vm.memory": text}), "annotation io.redoubt.vm.memory: .* is no size such as 512Mi or 2Gi")
for text in ("1e2", "-1", "0x2", "1.0", "+2", "02", " 2", "0", "", "1025", "4294967297", "2\n"):
    REFUSED[f"vcpus {text!r}"] = (annotated(**{"io.redoubt.vm.vcpus": text}), "annotation io.redoubt.vm.vcpus: .* is no number from 1 to 1024")


@pytest.mark.parametrize("name", REFUSED)
def test_more_than_that_is_refused(runtime, bundle, ceiling, name):
    ceiling(maxMemory="2Gi", maxVcpus=3)
    change, words = REFUSED[name]
    change(bundle)
    runtime.refused(bundle, match=words)


def test_a_privileged_container_gets_no_more_and_no_other_image(runtime, bundle, ceiling):
    ceiling(maxMemory="2Gi")
    every_capability(bundle, runtime)
    annotate(bundle, **{"vm.memory": "3Gi"})
    runtime.refused(bundle, match="vm.maxMemory: annotation io.redoubt.vm.memory asks for 3Gi")
    annotate(bundle, **{"vm.memory": "1Gi"})
    assert size(runtime, bundle) == (1024, 1)
    # The accelerator of the node, which is not the built-in one, stands for all that the section vm says.
    assert re.search(r"isolation .* vm \(tcg\) ", runtime.ok("policy", "explain", "--bundle", bundle.path).out)


def test_a_key_that_is_given_twice(runtime, bundle, ceiling):
    """Whichever the reader takes is the one that is judged."""
    ceiling(maxMemory="2Gi")
    annotate(bundle, **{"vm.memory": "1Gi"})
    bundle.save()
    path = bundle.path / "config.json"
    once = '"io.redoubt.vm.memory"'
    for first, second in (("1Gi", "9Gi"), ("9Gi", "1Gi")):
        text = re.sub(once + r': ?"[^"]*"', f'{once}: "{first}", {once}: "{second}"', json.dumps(bundle.config))
        path.write_text(text)
        result = runtime("policy", "explain", "--bundle", bundle.path)
        assert result.code == 1 or "vm, 1024 MiB" in result.out, str(result)


@pytest.mark.parametrize("keys", [
    {},
    {"io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri.container-type": "sandbox"},
    {"io.kubernetes.cri.container-type": "Sandbox"},
    {"io.kubernetes.cri-o.ContainerType": "sandbox"},
], ids=["no-pod", "both", "capital", "cri-o"])  # fmt: skip
def test_the_memory_of_a_pod_is_heard_from_containerd_alone(runtime, bundle, ceiling, keys):
    ceiling()
    bundle.config["annotations"].update({**keys, MEMORY: str(8 * GI)})
    assert size(runtime, bundle) == (512, 1)
    bundle.config["annotations"] = {**{key: value for key, value in bundle.config["annotations"].items() if key not in keys}, **PODS_SANDBOX}
    assert size(runtime, bundle)[0] > 8192


def test_clamped_to_what_the_node_allows(runtime, bundle, ceiling):
    ceiling(maxMemory="256Mi", maxVcpus=1, more={"node": {"onConflict": rule("clamp")}})
    annotate(bundle, **{"vm.memory": "3Gi", "vm.vcpus": "8"})
    assert size(runtime, bundle) == (256, 1)
    warned = runtime("policy", "explain", "--bundle", bundle.path).err
    assert "asks for 3Gi" in warned and "the tighter value is used" in warned


def test_a_ceiling_is_a_size_and_large_enough(runtime, bundle, ceiling):
    for value in ("4", 4, "4G", "0Mi", "-1Gi", "1e9Gi", None, True):
        ceiling(maxMemory=value)
        runtime.refused(bundle, match="/vm/maxMemory/value: must be a size such as 512Mi or 2Gi")
    for value in (0, -1, "4", 1.5, 1e30):
        ceiling(maxVcpus=value)
        runtime.refused(bundle, match="/vm/maxVcpus/value: must be a positive integer")
    ceiling(maxMemory="64Mi")
    runtime.refused(bundle, match="allows 64Mi, and no machine comes up with less than 128Mi")
    ceiling(maxMemory="200Mi")
    assert size(runtime, bundle) == (200, 1)
