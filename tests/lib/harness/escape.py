"""The escape corpus: tests/victims/escape in a container, with every layer of defence or without some of them.

A layer is taken away by what the product offers: config.json (capabilities, mounts, namespaces, device rules, label) and policy files
below a root of the run's own. The rules of profiles/default.json are there as the node's, which no capability lifts: so it shows what, for
instance, the filter is worth to a process that has got all capabilities by some hole.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import termios
import time
import tty

from harness import host, victims
from harness.bundle import Bundle
from harness.paths import REPO

# What docker and containerd give; the other engines give less.
ENGINE_CAPABILITIES = [f"CAP_{name}" for name in (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT")]  # fmt: skip
LAYERS = {
    "seccomp": "the filters of the profile",
    "capabilities": "the bounding set of the engines instead of every capability",
    "mounts": "masks, read-only paths, /sys and cgroups read-only, nothing of the host's administration mounted",
    "namespaces": "pid, network, ipc and cgroup",
    "devices": "the device filter",
    "selinux": "container_t, enforcing",
    "bpf": "the BPF LSM programs",
}
BPF_FIELDS = {"filelessExec", "hostFiles", "ptraceOutside"}  # of the section kernel, and not seccomp's
HOST_FILE_SYSTEMS = {"debugfs": "/sys/kernel/debug", "tracefs": "/sys/kernel/tracing", "securityfs": "/sys/kernel/security", "bpf": "/sys/fs/bpf"}
LABEL, MOUNT_LABEL = "system_u:system_r:container_t:s0:c1,c2", "system_u:object_r:container_file_t:s0:c1,c2"
# The kernel's answers where it was built without something, or the machine has no such device.
ABSENT = {"ENOSYS", "ENOENT", "ENODEV", "ENXIO", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT"}
# Acts that nobody can do who has not this capability; in a VM or container the host itself may be without.
NEEDS = {"nofile": ("CAP_SYS_RESOURCE", 24)}


def own_capabilities():
    text = pathlib.Path("/proc/self/status").read_text()
    return int(text.split("CapBnd:")[1].split()[0], 16)


def present_layers(runtime):
    """The layers that this machine and this build have."""
    checks = json.loads(runtime("doctor", "--format", "json").out)
    absent = set() if selinux_enforces() else {"selinux"}
    if not any(check["check"] == "bpf lsm" and check["good"] for check in checks):
        absent.add("bpf")
    return [name for name in LAYERS if name not in absent]


def selinux_enforces():
    path = pathlib.Path("/sys/fs/selinux/enforce")
    return path.exists() and path.read_text() == "1"


def default_profile():
    return json.loads((REPO / "profiles/default.json").read_text())


class Target:
    """What the acts aim at on the host: a process, a file, a cgroup. `outcome` is what happened to it, known when it is gone."""

    def __init__(self, work):
        self.token = secrets.token_hex(8)
        self.folder = pathlib.Path(work) / f"goal-{self.token}"
        self.folder.mkdir(parents=True)
        self.marker = self.folder / "token"
        self.marker.write_text(self.token)
        self.mounts = [name for name in HOST_FILE_SYSTEMS if self.mount(name)]
        self.cgroup = f"/escape-goal-{self.token}"
        self.cgroup_root = host.cgroup2_mount()
        (self.cgroup_root / self.cgroup[1:]).mkdir()
        self.process = self.start()
        self.facts = json.loads(self.process.stdout.readline())
        self.outcome = None

    def mount(self, name):
        """A file system for the host's administration: by bind mount into a container, since a labelled one cannot be mounted twice."""
        point = self.folder / name
        point.mkdir()
        if subprocess.run(["mount", "-t", name, name, point], capture_output=True, timeout=20).returncode == 0:
            return True
        point.rmdir()
        return False

    def start(self):
        """Its pid must be none that a container's own namespace has as well."""
        for _ in range(1000):
            process = subprocess.Popen([victims.binary("escape"), "target", self.token, self.marker], cwd=self.folder, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
            if process.pid > 300:
                return process
            process.communicate()
        raise AssertionError("no pid above 300")

    def environment(self, label=""):
        facts = {
            "TOKEN": self.token, "PID": self.facts["pid"], "SECRET": self.facts["secret"], "MARKER": self.marker, "HANDLE": self.facts["handle"],
            "CGROUP_ROOT": self.cgroup_root, "CGROUP": self.cgroup, "CGROUP_OPTIONS": host.cgroup2_options(), "DISK": disk(),
            "ROOT_DISK": root_disk(), "NETNS": os.readlink("/proc/self/ns/net"), "LABEL": label,
        }  # fmt: skip
        return [f"ESCAPE_{name}={value}" for name, value in facts.items()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=20 * host.patience())
        self.outcome = json.loads(out) if out else None
        path = self.cgroup_root / self.cgroup[1:]
        for _ in range(100):
            with contextlib.suppress(OSError):
                path.rmdir()
                break
            time.sleep(0.02)
        for name in self.mounts:
            subprocess.run(["umount", self.folder / name], check=True, timeout=20)
        shutil.rmtree(self.folder)


def root_disk():
    """MAJOR:MINOR of the disk that / is on."""
    device = os.stat("/").st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    return number if os.path.exists(f"/sys/dev/block/{number}") else ""


def disk():
    """MAJOR:MINOR of a block device that the host's root may open (in a VM or container not every one)."""
    for name in sorted(os.listdir("/sys/block"), key=lambda name: (name.startswith(("loop", "ram", "zram")), name)):
        with contextlib.suppress(OSError):
            os.close(os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK))
            return pathlib.Path(f"/sys/block/{name}/dev").read_text().strip()
    return ""


# ---- a container with some of the layers --------------------------------------------------------------------------------------


def container(path, template, base_config, target, layers, all_capabilities):
    """A bundle as an engine writes it, without the layers that are not in `layers`."""
    bundle = Bundle(path, template, base_config).writable()
    bundle.add("bin/escape", victim="escape")
    bundle.process["noNewPrivileges"] = False
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}, {"type": "RLIMIT_MEMLOCK", "hard": 65536, "soft": 65536}]
    bundle.capabilities(*(ENGINE_CAPABILITIES if "capabilities" in layers else all_capabilities))
    if "namespaces" in layers:
        bundle.namespace("cgroup")
    else:
        bundle.without_namespace("pid", "network", "ipc", "cgroup")
    if "devices" not in layers:
        bundle.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    if "mounts" not in layers:
        open_mounts(bundle, target)
    if "selinux" in layers:
        bundle.process["selinuxLabel"], bundle.linux["mountLabel"] = LABEL, MOUNT_LABEL
        subprocess.run(["chcon", "-R", MOUNT_LABEL, bundle.rootfs], check=True)
    bundle.env(*target.environment(weaker_label()))
    command = "escape"
    if layers == {"bpf"}:  # rules are those of seccomp too: the programs are told of them past the runtime
        bundle.add("bin/staged", victim="staged")
        bundle.mount("/sys/fs/bpf", "/sys/fs/bpf")
        command = f"staged {surfaces_of_default()} - {families_of_default():#x} /bin/escape"
    return bundle.sh(f"exec {command} >/answers")  # not our stdout: SELinux forbids containers the host's files


def surfaces_of_default():
    """What the BPF LSM programs deny under the default profile, as tests/victims/staged.c takes it."""
    return ",".join(f"kernel.{name}" for name, rule in default_profile()["kernel"].items() if rule["value"] == "deny") + ",network.families"


def families_of_default():
    """The mask of the address families that the default profile allows."""
    return sum(1 << getattr(socket, name) for rule in default_profile()["network"]["families"] for name in rule["names"])


def weaker_label():
    return "system_u:system_r:spc_t:s0" if selinux_enforces() else ""


def open_mounts(bundle, target):
    bundle.linux["maskedPaths"], bundle.linux["readonlyPaths"] = [], []
    for destination in ("/sys", "/sys/fs/cgroup"):
        bundle.mount_entry(destination)["options"].remove("ro")
    for name, destination in HOST_FILE_SYSTEMS.items():
        if (target.folder / name).is_dir():
            bundle.mount(destination, target.folder / name)
    bundle.mount("/run/docker.sock", f"{target.marker}.sock")


def write_policy(root, layers):
    """The default profile's rules as the node's, but for those of missing layers; the profile itself is empty."""
    rules = default_profile()
    node = {"apiVersion": rules["apiVersion"], "kind": "NodePolicy", "mode": rules["mode"]}
    node["node"] = {"privileged": {"value": "floor", "reason": "the rules hold with all capabilities too"}}
    if "seccomp" in layers:
        node.update(syscalls=rules["syscalls"], network=rules["network"])
    backends = layers - {"bpf"} if layers == {"bpf"} else layers
    node["kernel"] = {field: rule for field, rule in rules["kernel"].items() if ("bpf" if field in BPF_FIELDS else "seccomp") in backends}
    if "mounts" in layers:
        node["files"] = rules["files"]
    empty = {**{key: rules[key] for key in ("apiVersion", "kind", "name", "description", "mode")}}
    etc = pathlib.Path(root) / "etc/redoubt"
    (etc / "profiles").mkdir(parents=True)
    for directory in (root, etc.parent, etc, etc / "profiles"):
        os.chmod(directory, 0o755)
    (etc / "config.json").write_text(json.dumps(node))
    (etc / "profiles/default.json").write_text(json.dumps(empty))


class Corpus:
    """Runs the corpus with one runtime: run("default"), or run(set of layers)."""

    def __init__(self, runtime, template, base_config, work):
        self.runtime, self.template, self.base_config, self.work = runtime, template, base_config, pathlib.Path(work)
        mine = own_capabilities()
        names = json.loads(runtime.ok("features").out)["linux"]["capabilities"]
        self.present = present_layers(runtime)
        self.all_capabilities = [name for number, name in enumerate(names_by_number()) if mine >> number & 1 and name in names]
        self.count = 0

    def run(self, layers):
        """{act: answer}, the target's outcome and how much was typed into the caller's terminal."""
        self.count += 1
        work = self.work / f"escape{self.count}"
        work.mkdir()
        environment = dict(os.environ)
        environment.pop("REDOUBT_POLICY_ROOT", None)
        if layers == "default":
            layers = set(self.present)
        else:
            write_policy(work / "policy", layers)
            environment["REDOUBT_POLICY_ROOT"] = str(work / "policy")
        if "bpf" in self.present:
            self.runtime.ok("bpf", *(["load"] if "bpf" in layers else ["unload"]))
        with Target(work) as target:
            bundle = container(work / "bundle", self.template, self.base_config, target, layers, self.all_capabilities)
            lines, typed = self.call(bundle, environment)
        answers = {answer["name"]: answer for answer in lines}
        for name, (capability, number) in NEEDS.items():
            if not own_capabilities() >> number & 1:
                answers[name].update(result="error", detail=f"lacks {capability} itself")
        return answers, target.outcome, typed

    def call(self, bundle, environment):
        bundle.save()
        master, slave = os.openpty()
        tty.setraw(slave)  # what is typed counts at once, not by lines
        console = "/dev/tty1" if os.path.exists("/dev/tty1") and stat.S_ISCHR(os.stat("/dev/tty1").st_mode) else "/dev/null"
        try:
            argv = self.runtime.argv("run", "--preserve-fds", "2", "--bundle", bundle.path, self.runtime.cid())
            result = self.runtime.with_fds({3: console, 4: "/proc/self/ns/mnt"}, argv, stdin=slave, env=environment, timeout=90)
            typed = int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder)
        finally:
            os.close(master)
            os.close(slave)
        assert result.code == 0, str(result)
        return [json.loads(line) for line in (bundle.rootfs / "answers").read_text().splitlines()], typed


def names_by_number():
    return [f"CAP_{name}" for name in (
        "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN "
        "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
        "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
        "PERFMON BPF CHECKPOINT_RESTORE").split()]  # fmt: skip


def lacks(answer):
    """What the machine lacks, for an answer that was given with no layer in the way; empty when it lacks nothing."""
    if answer["result"] == "error":
        return answer["detail"] or "an answer"
    if answer["result"] == "blocked" and answer["errno"] in ABSENT:
        return f"{answer['detail']} ({answer['errno']})"
    return ""
