"""redoubt-build-kernel: what it takes from a kernel's source, what it refuses, when it builds. The kernel itself is minutes of work, so the source here is
a Makefile that answers as a kernel's does; what is laid over Kconfig, kernel.config, is the real one."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.paths import REPO

pytestmark = [pytest.mark.native]
GUEST = REPO / "escalate-vm/guest"
MAKEFILE = """\
VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 7
allnoconfig:
	@grep -vxF '{drop}' $$KCONFIG_ALLCONFIG >$(O)/.config; echo '{more}' >>$(O)/.config
vmlinux:
	@echo built >>built; cp {elf} $(O)/vmlinux
kernelrelease:
	@echo 6.12.7-redoubt
"""


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(GUEST / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def tools():
    subprocess.run(["bash", "-c", f". {REPO}/tests/lib/deps.sh; need_packages bc bison flex dwarves libelf-dev"], check=True, timeout=300, stdin=subprocess.DEVNULL)


@pytest.fixture
def source(tmp_path):
    """Makes a source; `drop` is a line that its Kconfig does not take, `more` one that it adds."""

    def make(drop="# none", more=""):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        (folder / "Makefile").write_text(MAKEFILE.format(drop=drop, more=more, elf=shutil.which("true")))
        return folder

    return make


def settings():
    return load("build-kernel").wanted_lines((GUEST / "kernel.config").read_text())


def build(tmp_path, folder):
    return subprocess.run([GUEST / "build-kernel", tmp_path / "cache", "--source", folder], capture_output=True, text=True, timeout=60, check=False)


def test_a_kernel_is_built_once(tmp_path, source):
    folder = source()
    first, second = build(tmp_path, folder), build(tmp_path, folder)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert "is not there; building it" in first.stderr and second.stderr == ""
    assert (folder / "built").read_text() == "built\n"
    kernel = tmp_path / "cache" / first.stdout.strip().rpartition("/")[2]
    assert sorted(path.name for path in kernel.iterdir()) == ["config", "release", "vmlinux"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [kernel.name]


def test_another_version_is_another_kernel(tmp_path, source):
    folder = source()
    first = build(tmp_path, folder)
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("SUBLEVEL = 7", "SUBLEVEL = 8"))
    assert build(tmp_path, folder).stdout not in ("", first.stdout)


@pytest.mark.parametrize("program", ["build-kernel", "build-image"])
@pytest.mark.parametrize("way", ["mode", "owner", "above"])
def test_a_cache_that_others_may_write_is_not_used(tmp_path, source, program, way):
    """What lies there would be the kernel of every machine."""
    folder = source()
    assert build(tmp_path, folder).returncode == 0
    cache = tmp_path / "cache"
    if way == "owner":
        os.chown(cache, 1234, 0)
    else:
        (cache if way == "mode" else tmp_path).chmod(0o777)
    # Without a kernel of one's own build-image would look into the cache before it downloads one.
    command = [GUEST / program, cache, "--source", folder] if program == "build-kernel" else [GUEST / program, tmp_path / "image", "--cache", cache]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    bad = tmp_path if way == "above" else cache
    assert result.returncode == 1 and f"{bad}: " in result.stderr, result
    assert f"must be a folder that only root or the caller may write to; run: {'chown root:root' if way == 'owner' else 'chmod go-w'} {bad}" in result.stderr
    assert not (tmp_path / "image/image.json").exists()


@pytest.mark.parametrize("change, says", [
    ({"drop": "CONFIG_BPF_LSM=y"}, "Kconfig does not take CONFIG_BPF_LSM=y"),
    ({"more": "CONFIG_E1000=m"}, "CONFIG_E1000=m: the trimmed kernel has no modules"),
])
def test_a_configuration_that_is_not_what_was_asked_for_is_refused(tmp_path, source, change, says):
    result = build(tmp_path, source(**change))
    assert result.returncode == 1 and says in result.stderr, result
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_no_source_is_refused(tmp_path):
    result = build(tmp_path, tmp_path)
    assert result.returncode == 1 and "--source" in result.stderr and "kernel's source" in result.stderr, result


def test_the_image_has_the_built_kernel_and_no_module(tmp_path, source, runtime_path):
    agent = pathlib.Path(runtime_path).with_name("redoubt-agent")
    command = [GUEST / "build-image", tmp_path / "image", "--trimmed", "--source", source(), "--cache", tmp_path / "cache", "--agent", agent, "--redoubt", runtime_path]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert json.loads((tmp_path / "image/image.json").read_text())["kernel"] == "6.12.7-redoubt"
    assert b"virtio_pci" not in (tmp_path / "image/initrd").read_bytes()


def test_an_image_whose_kernel_is_refused_says_why_once(tmp_path):
    command = [GUEST / "build-image", tmp_path / "image", "--trimmed", "--source", tmp_path, "--cache", tmp_path / "cache"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.count("\n") == 1 and "--source" in result.stderr, result


def test_kernel_config_has_what_the_image_loads_as_modules_and_the_agent_mounts():
    lines = settings()
    names = {"virtiofs": "VIRTIO_FS", "overlay": "OVERLAY_FS"}
    for module in load("build-image").MODULES:
        assert f"CONFIG_{names.get(module, module.upper())}=y" in lines, module
    options = {"proc": "PROC_FS", "sysfs": "SYSFS", "devtmpfs": "DEVTMPFS", "devpts": "UNIX98_PTYS", "tmpfs": "TMPFS", "mqueue": "POSIX_MQUEUE", "cgroup2": "CGROUPS", "bpf": "BPF_SYSCALL"}
    mounts = re.findall(r'^    \{"(\w+)", "/', (GUEST / "agent/boot.cc").read_text(), re.MULTILINE)
    assert len(mounts) >= 10
    for kind in mounts:
        assert f"CONFIG_{options[kind]}=y" in lines, kind


PROMISED = """64BIT SMP PVH KVM_GUEST ACPI PCI_MSI VIRTIO_PCI VIRTIO_MMIO VIRTIO_NET VIRTIO_CONSOLE VIRTIO_BALLOON PAGE_REPORTING HW_RANDOM_VIRTIO VIRTIO_FS BLK_DEV_INITRD
    OVERLAY_FS BRIDGE VETH NF_TABLES NFT_NAT NFT_MASQ NFT_COMPAT BPF_SYSCALL BPF_JIT_ALWAYS_ON BPF_LSM CGROUP_BPF DEBUG_INFO_BTF SECCOMP_FILTER SECURITY_LANDLOCK SECURITY_SELINUX
    UTS_NS IPC_NS USER_NS PID_NS NET_NS TIME_NS MEMCG CGROUP_SCHED CFS_BANDWIDTH CGROUP_PIDS CPUSETS CGROUP_HUGETLB CGROUP_RDMA CGROUP_MISC BLK_CGROUP CGROUP_FREEZER""".split()


@pytest.mark.parametrize("name", PROMISED)
def test_kernel_config_has_what_redoubt_build_image_promises(name):
    assert f"CONFIG_{name}=y" in settings()


def test_kernel_config_has_no_modules_and_selinux_only_for_a_command_line_that_names_it():
    assert not [line for line in settings() if line.startswith("CONFIG_MODULES=") or line.endswith("=m")]
    assert 'CONFIG_LSM="landlock,yama,bpf"' in settings()
