"""isolation: vm, end to end: the same commands, the container in a virtual machine (interpreted by QEMU, as hosts without KVM can test it)."""

import contextlib
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness import host
from harness.isolation import in_machine, machine_image, machines  # noqa: F401
from harness.policy import names, node  # noqa: F401
from harness.runtime import Container, wait_for
from harness.terminal import in_terminal

pytestmark = [pytest.mark.native, pytest.mark.slow]
BOOT = 60


@pytest.fixture(autouse=True)
def only_redoubt(runtime, machines):  # noqa: F811
    runtime.only_redoubt("isolation: vm")


@pytest.fixture
def bundle(bundle):
    return in_machine(bundle.writable())


@pytest.fixture
def started(runtime, bundle):
    """A running container that ends with 5 when it is told to."""
    output = bundle.path / "out"
    bundle.sh("trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done").save()
    with open(output, "wb") as out:
        argv = runtime.argv("create", "--bundle", bundle.path, "--pid-file", bundle.path / "pid", runtime.cid())
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=BOOT * host.patience())
    container = Container(runtime, argv[-1], bundle)
    assert container.status == "created"
    container.start()
    wait_for(lambda: output.read_text() == "up\n", 20, "the program to start")
    return container


def processes_of(pid):
    """The processes of the pid namespace, by name."""
    inode = os.readlink(f"/proc/{pid}/ns/pid")
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{entry}/ns/pid") == inode:
                found[open(f"/proc/{entry}/cmdline").read().split("\0")[0]] = int(entry)
    return found


def test_a_read_only_container_on_another_kernel(runtime, bundle, machines, node, work):  # noqa: F811
    """Under a profile that had to be signed: the guest gets it as a document, and takes it."""
    runtime.ok("profile", "keygen", work / "fleet")
    node(vm=machines.members, node={"signedBy": names((work / "fleet.pub").read_text().strip())})
    runtime.ok("profile", "sign", "--key", work / "fleet.key", node.profile("signed", extends=["default"]))
    in_machine(bundle, profile="signed")
    bundle.config["root"]["readonly"] = True
    result = runtime.run(bundle.sh("""
        uname -r; echo to stderr >&2
        ! touch /made 2>/dev/null && touch /dev/shm/x && echo read-only
        grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; ! unshare -U true 2>/dev/null && echo closed
        ls /share /run/redoubt-machine 2>/dev/null; exit 7"""), timeout=BOOT)
    assert result.code == 7, str(result)
    release, *rest = result.out.splitlines()
    assert release not in ("", platform.release())
    # The same policy holds in the guest.
    assert rest == ["read-only", "NoNewPrivs:\t1", "Seccomp:\t2", "closed"]
    assert result.err == "to stderr\n"
    assert not (bundle.rootfs / "made").exists()


def test_files_and_volumes(runtime, bundle, work):
    volume = work / "volume"
    volume.mkdir()
    (volume / "in").write_text("from the host\n")
    bundle.add("bin/mapped", victim="mapped")
    bundle.mount("/mnt", volume, options=["rbind", "rw"]).mount("/etc/one", volume / "in", options=["bind", "ro"])
    result = runtime.run(bundle.sh("cat /mnt/in; cat /etc/one; echo made >/mnt/out; ! echo x >/etc/one; echo kept >/made; mapped /mnt/mapped"), timeout=BOOT)
    assert result.out == "from the host\n" * 2, str(result)
    assert (volume / "out").read_text() == "made\n"
    assert (volume / "mapped").read_text() == "mapped\n"  # nobody has called fsync for it
    assert (volume / "in").read_text() == "from the host\n"
    assert (bundle.rootfs / "made").read_text() == "kept\n"


@pytest.fixture
def wire():
    """A network namespace with an interface, and the host's end of it, in another one."""
    inside, outside = f"redoubt-vm-{os.getpid()}-in", f"redoubt-vm-{os.getpid()}-out"
    for words in (f"netns add {inside}", f"netns add {outside}", f"-n {inside} link add eth0 type veth peer name wire netns {outside}",
                  f"-n {inside} address add 10.78.0.2/24 dev eth0", f"-n {inside} link set eth0 up", f"-n {inside} link set lo up",
                  f"-n {inside} route add default via 10.78.0.1", f"-n {outside} address add 10.78.0.1/24 dev wire", f"-n {outside} link set wire up"):
        subprocess.run(["ip", *words.split()], check=True)
    yield f"/run/netns/{inside}", outside
    for name in (inside, outside):
        subprocess.run(["ip", "netns", "del", name], check=True)


def test_the_containers_network_is_the_guests(runtime, bundle, wire):
    path, outside = wire
    mac = subprocess.run(["ip", "netns", "exec", os.path.basename(path), "cat", "/sys/class/net/eth0/address"], capture_output=True, text=True, check=True).stdout
    server = subprocess.Popen(["ip", "netns", "exec", outside, "/usr/bin/python3", "-c", "import socket; s = socket.create_server(('10.78.0.1', 99)); s.accept()[0].sendall(b'served')"])
    try:
        bundle.namespace("network", path)
        bundle.linux["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "77"}  # of the guest's only network, so the container's
        result = runtime.run(bundle.sh("cat /sys/class/net/eth0/address; ip -4 -o addr show eth0; ip route; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; nc 10.78.0.1 99"),
                             timeout=BOOT)  # fmt: skip
    finally:
        server.kill()
        server.wait()
    assert result.out.startswith(mac), str(result)
    assert "inet 10.78.0.2/24" in result.out and "default via 10.78.0.1" in result.out and result.out.endswith("\n77\nserved"), str(result)


def test_a_missing_command_is_an_error_of_create(runtime, bundle):
    result = runtime.refused(bundle.args("/nonexistent"), verb="create", timeout=BOOT, match=r'exec: \\"/nonexistent\\": .*no such file or directory')
    assert result.err.count("unable to start container process") == 1


def check_exec(runtime, started):
    hello = started.exec("sh", "-c", "cat; echo err >&2; exit 4", stdin="through stdin\n")
    assert (hello.code, hello.out, hello.err) == (4, "through stdin\n", "err\n")
    missing = started.exec("nonexistent")
    assert missing.code == 255 and "executable file not found in $PATH" in missing.err, str(missing)
    assert started.exec("id", "-u", flags=["--user", "1000"]).out == "1000\n"
    assert started.exec("sh", "-c", "kill -TERM $$").code == 128 + signal.SIGTERM
    output, code = in_terminal(runtime.argv("exec", "-t", started.id, "sh", "-c", "tty; read line; echo got $line"), answer=b"word\n", wanted=b"/dev/pts/0\r\n")
    assert code == 0 and b"/dev/pts/0\r\n" in output and b"got word\r\n" in output, output


def check_data(runtime, started, work):
    data = os.urandom(4 << 20)
    (work / "data").write_bytes(data)
    with open(work / "data", "rb") as source, open(work / "copy", "wb") as copy:
        done = subprocess.run(runtime.argv("exec", started.id, "cat"), stdin=source, stdout=copy, timeout=60 * host.patience())
    assert done.returncode == 0
    assert (work / "copy").read_bytes() == data


def check_that_a_killed_exec_takes_its_process_along(runtime, started):
    runtime.ok("exec", "--detach", "--pid-file", runtime.work / "exec.pid", started.id, "sleep", "987")
    assert "sleep 987" in started.sh("ps -o args")
    os.kill(int((runtime.work / "exec.pid").read_text()), signal.SIGKILL)
    wait_for(lambda: "sleep 987" not in started.sh("ps -o args"), 20, "the process in the guest to end")


def status_of(pid):
    return dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)


def check_confinement(started):
    """The VMM has no privilege and sees nothing of the host."""
    found = {os.path.basename(name): number for name, number in processes_of(started.pid).items()}
    assert sorted(found) == ["redoubt-vm", "virtiofsd", "vmm"]
    vmm = status_of(found["vmm"])
    assert {vmm[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
    assert all(int(uid) >= 0x7F000000 for uid in vmm["Uid"].split() + vmm["Gid"].split()) and vmm["Groups"].strip() == ""
    assert vmm["NoNewPrivs"] == "1" and vmm["Seccomp"] == "2"
    root = f"/proc/{found['vmm']}/root"
    assert sorted(os.listdir(root)) == ["dev", "exec.sock", "image", "lib", "lib64", "proc", "programs", "share", "usr"]
    assert not os.path.exists(f"{root}/dev/kvm")  # interpreted
    assert vmm["CapBnd"] == "0" * 16
    limits = Path(f"/proc/{found['vmm']}/limits").read_text()
    assert re.search(rf"Max file size +{512 << 20} +{512 << 20} ", limits) and re.search(r"Max core file size +0 +0 ", limits)
    assert re.search(r"Max open files +1024 +1024 ", limits)
    # chown, dac_override, fowner, fsetid, setgid, setuid, mknod, setfcap: what acting as other users needs.
    files = status_of(found["virtiofsd"])
    assert {files["CapEff"], files["CapPrm"]} == {f"{sum(1 << bit for bit in (0, 1, 3, 4, 6, 7, 27, 31)):016x}"}
    assert (files["CapAmb"], files["NoNewPrivs"], files["Seccomp"]) == ("0" * 16, "1", "2")
    assert os.readlink(f"/proc/{found['virtiofsd']}/root").endswith("/share")
    monitor = status_of(found["redoubt-vm"])
    assert {monitor[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")} == {"0" * 16}
    assert (monitor["NoNewPrivs"], monitor["Seccomp"]) == ("1", "2")
    # virtiofsd is root of the host, and core_pattern asks for no capability.
    mounts = {line.split()[4]: line.split()[5] for line in open(f"/proc/{found['redoubt-vm']}/mountinfo")}
    assert all(mounts[path].startswith("ro") for path in ("/proc/sys", "/proc/irq", "/usr", "/image/vmlinux"))


def check_limits(runtime, started):
    """The guest holds the limits of processes and memory; this host has cgroup v1, tests/vm/machine.d sees both sides."""
    runtime.ok("update", "--pids-limit", "50", started.id)
    assert started.sh("cat /sys/fs/cgroup/*/pids.max") == "50\n"
    runtime.ok("update", "--resources", "-", started.id, stdin=json.dumps({"unified": {"pids.max": "40"}}))
    assert started.sh("cat /sys/fs/cgroup/*/pids.max") == "40\n"
    runtime.fails("update", "--memory", "450M", started.id, match=r"memory: 471859200 is more than the \d+ that the virtual machine has room for .*io.redoubt.vm.memory")


def check_processes(runtime, started):
    """ps shows the guest's processes; json has those that engines look at, on the host."""
    rows = runtime.ok("ps", started.id).out.splitlines()
    assert rows[0].split() == ["UID", "PID", "PPID", "TIME", "CMD"]
    assert any(row.startswith("0 ") and "sh -c trap" in row for row in rows[1:]), rows
    assert started.pid in json.loads(runtime.ok("ps", "--format", "json", started.id).out)
    runtime.fails("ps", started.id, "-o", "pid", match="ps options: .* cannot be given for a container in a virtual machine")


def check_want_of_memory(runtime, started):
    """What the guest's kernel kills for want of memory is an event on the host."""
    events = subprocess.Popen(runtime.argv("events", "--interval", "500ms", started.id), stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(events.stdout.readline())["type"] == "stats"  # it watches
        started.sh("for i in 1 2; do dd if=/dev/zero of=/dev/null bs=300M count=3 2>/dev/null & done; wait")
        assert any(json.loads(line) == {"type": "oom", "id": started.id} for line in events.stdout)
    finally:
        events.kill()
        events.wait()


def check_that_freed_memory_goes_back(started):
    """After check_want_of_memory, which had all of the guest's 512 MiB in use: the guest's kernel reports every two seconds which blocks of 2 MiB are free."""
    vmm = processes_of(started.pid)["/programs/vmm"]

    def guest_memory_held():
        lines = Path(f"/proc/{vmm}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("RssShmem:"))) << 10

    wait_for(lambda: guest_memory_held() < 320 << 20, 30, "the guest's memory to come back")


def check_events_of_a_paused_machine(runtime, started):
    """The figures are the host's cgroup's: nobody has to be waited for."""
    assert json.loads(runtime.ok("events", "--stats", started.id).out)["type"] == "stats"
    events = subprocess.Popen(runtime.argv("events", "--interval", "100ms", started.id), stdout=subprocess.PIPE, text=True)
    begin = time.monotonic()
    try:
        assert [json.loads(events.stdout.readline())["type"] for _ in range(2)] == ["stats", "stats"]
        assert time.monotonic() - begin < 5 * host.patience()
    finally:
        events.kill()
        events.wait()


def test_a_life(runtime, started, work):
    check_exec(runtime, started)
    check_data(runtime, started, work)
    check_that_a_killed_exec_takes_its_process_along(runtime, started)
    check_confinement(started)
    check_limits(runtime, started)
    check_processes(runtime, started)
    check_want_of_memory(runtime, started)
    check_that_freed_memory_goes_back(started)
    runtime.ok("pause", started.id)
    assert started.status == "paused"
    check_events_of_a_paused_machine(runtime, started)
    runtime.fails("update", "--pids-limit", "60", started.id, match="the container is paused, and its virtual machine with it .* resume it first")
    runtime.ok("resume", started.id)
    pid = started.pid
    started.kill("TERM")
    started.wait("stopped")
    assert host.exit_status(pid) == 5 << 8
    started.delete()


# ---- what ends ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["redoubt-vm", "vmm", "virtiofsd"])
def test_the_end_of_any_process_ends_all(started, victim):
    pid = started.pid
    found = {os.path.basename(name): number for name, number in processes_of(pid).items()}
    os.kill(found[victim], signal.SIGKILL)
    started.wait("stopped", timeout=2)
    told = {"vmm": "the machine ", "virtiofsd": "the server of the container's files was ended by signal 9"}
    reason = started.state().get("reason", "")
    assert reason.startswith(told[victim]) if victim in told else reason == ""
    wait_for(lambda: not any(os.path.exists(f"/proc/{number}/exe") for number in found.values()), 2, "the others to end")
    started.delete()


# ---- refusals -------------------------------------------------------------------------------------------------------------------


def reason(value):
    return {"value": str(value), "reason": "test"}


def test_without_a_machine_to_be_had_nothing_runs(runtime, bundle, machines):  # noqa: F811
    bundle.args("true")
    machines.write(vmm=reason("/nonexistent/qemu"))
    runtime.refused(bundle, match=r"/nonexistent/qemu: no such file or directory \(vm.vmm of the node's policy\)")
    machines.write(image=reason("/nonexistent"))
    runtime.refused(bundle, match=r"/nonexistent/vmlinux: no such file or directory \(vm.image of the node's policy\)")


@pytest.mark.skipif(os.path.exists("/sys/module/kvm_amd") or os.path.exists("/sys/module/kvm_intel"), reason="peer: this host's KVM is a real one")
def test_kvm_that_runs_no_kernel_is_no_machine(runtime, bundle, machines):  # noqa: F811
    machines.write(accelerator=reason("kvm"))
    runtime.refused(bundle.args("true"), match="there is none to be had: /dev/kvm")


def doctor_on_machines(runtime):
    return next(row for row in json.loads(runtime.ok("doctor", "--format", "json").out) if row["check"] == "virtual machines")


def test_a_corrupt_image_is_told_and_leaves_nothing(runtime, bundle, machines, work):  # noqa: F811
    broken = work / "image"
    broken.mkdir()
    (broken / "vmlinux").write_bytes(b"no kernel")
    (broken / "initrd").write_bytes(b"")
    digests = {name: hashlib.sha256((broken / name).read_bytes()).hexdigest() for name in ("vmlinux", "initrd")}
    (broken / "image.json").write_text(json.dumps({"sha256": digests}))
    machines.write(image=reason(broken))
    runtime.refused(bundle.args("true"), match="the machine ended", timeout=BOOT)
    (broken / "vmlinux").write_bytes(b"another")
    runtime.refused(bundle.args("true"), match="vm.image: .*/vmlinux has the digest [0-9a-f]{64}, not [0-9a-f]{64} .*redoubt-build-image")
    (broken / "image.json").unlink()
    runtime.refused(bundle.args("true"), match="vm.image: .*/image.json: no such file or directory; make the image again")
    assert "image.json: no such file" in doctor_on_machines(runtime)["finding"]


@pytest.fixture
def small_root(runtime):
    """The state directory on a tmpfs of 512 KiB; a context in which it is full."""
    runtime.root.mkdir()
    assert host.libc.mount(b"tmpfs", str(runtime.root).encode(), b"tmpfs", 0, b"size=512k") == 0

    @contextlib.contextmanager
    def full():
        filler = runtime.root / ".filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        yield
        filler.unlink()

    yield full
    host.libc.umount2(str(runtime.root).encode(), 2)


def test_a_full_disk_refuses_a_machine_and_ends_none(runtime, bundle, small_root, machines):  # noqa: F811
    bundle.sh("trap 'exit 5' TERM; while :; do sleep 0.1; done")
    with small_root():
        runtime.refused(in_machine(bundle), match="no space left on device", timeout=BOOT)
    container = runtime.detached(bundle, timeout=BOOT)
    with small_root():
        assert runtime("exec", container.id, "sh", "-c", "exit 3").code == 3
        pid = container.pid
        container.kill("TERM")
        container.wait("stopped")
        assert host.exit_status(pid) == 5 << 8
        container.delete()


def test_another_image_than_the_node_names_is_refused(runtime, bundle, machines, machine_image):  # noqa: F811
    description = (machine_image[0] / "image.json").read_bytes()
    machines.write(imageDigest=reason("sha256:" + "0" * 64))
    runtime.refused(bundle.args("true"), match=f"vm.imageDigest: .*/image.json is sha256:{hashlib.sha256(description).hexdigest()}, and the node's policy demands sha256:0")
    machines.write(imageDigest=reason("sha256:" + hashlib.sha256(description).hexdigest()))
    assert doctor_on_machines(runtime)["good"]
    machines.write(imageDigest=reason("sha512:00"))
    runtime.refused(bundle.args("true"), match="must be sha256: and 64 hexadecimal digits")


def test_a_guest_whose_kernel_crashes_is_a_stopped_container(runtime, bundle, machines, node):  # noqa: F811
    node.off()  # what is demanded stays demanded
    bundle.linux["maskedPaths"], bundle.linux["readonlyPaths"] = [], []
    in_machine(bundle, **{"vm.memory": "128Mi"})
    bundle.config["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs", "options": ["size=1g"]})
    bundle.sh(f"[ $(uname -r) != {platform.release()} ] || exit 9; echo 1 >/proc/sys/vm/panic_on_oom && echo crash; dd if=/dev/zero of=/mnt/x bs=1M; echo alive").save()
    result = runtime.run(bundle, timeout=BOOT)
    assert (result.code, result.out) == (255, "crash\n") and "redoubt-vm: the machine ended" in result.err, str(result)


def test_what_a_machine_cannot_have_is_refused_by_name(runtime, bundle):
    runtime.refused(bundle.args("true").without_namespace("network"), match="linux.namespaces: the host's network cannot be shared")


def test_explain_says_why(runtime, bundle):
    bundle.save()
    text = runtime.ok("policy", "explain", "--bundle", bundle.path).out
    assert "annotation io.redoubt.isolation" in text and "vm (tcg)" in text
    assert re.search(r"^landlock +guest +the guest's kernel decides$", text, re.MULTILINE), text
