"""Published vulnerabilities of container runtimes, each tried again on every path. One test a row of the published lists, for ever.

`mode` runs a test as plain root, with a user namespace, and by an unprivileged user. The image (root file system) is hostile, the configuration is the engine's.
"""

import hashlib
import json
import os
import pathlib
import shlex
import stat
import subprocess
import time

import pytest

from harness import host, victims
from harness.rootless import give, rootless, rootless_bundle  # noqa: F401
from harness.runtime import wait_for
from harness.sockets import FdReceiver, read_until
from harness.terminal import in_terminal

MODES = ["root", "userns", "rootless"]
MORE_THAN_ONE_ID = pytest.mark.parametrize("mode", ["root", "userns"], indirect=True)


def is_rootless(request):
    return hasattr(request.node, "callspec") and request.node.callspec.params.get("mode") == "rootless"


@pytest.fixture
def runtime(request):
    return request.getfixturevalue("rootless") if is_rootless(request) else request.getfixturevalue("rootful")


@pytest.fixture
def bundle(request, make_bundle):
    return request.getfixturevalue("rootless_bundle") if is_rootless(request) else make_bundle()


@pytest.fixture(params=MODES)
def mode(request, bundle):
    """The bundle in one of the modes, applied by calling mode() after the test has changed it."""

    def apply(which=None):
        if request.param == "userns":
            (which or bundle).userns()
        if request.param == "rootless":
            give((which or bundle).path)
        return which or bundle

    apply.name = request.param
    return apply


@pytest.fixture
def victim_dir(work):
    """A directory of the host that must not change."""
    path = work / "victim"
    path.mkdir()
    (path / "ptmx").write_text("host ptmx\n")
    (path / "marker").write_text("host\n")
    before = snapshot(path)
    yield path
    assert snapshot(path) == before, "the host's directory was changed"


def snapshot(path):
    return sorted((str(p.relative_to(path)), p.lstat().st_mode, p.lstat().st_uid, p.lstat().st_mtime_ns if p.is_file() else 0) for p in path.rglob("*"))


def race(seconds, first, second):
    """The attacker: exchanges two paths for a while, on the host's side of a shared volume."""
    return subprocess.Popen([victims.binary("swapper"), str(seconds), first, second], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def repeat(seconds, action):
    stop = time.monotonic() + seconds
    count = 0
    while time.monotonic() < stop:
        action()
        count += 1
    return count


def ids_inside(container, *flags):
    return container.exec("sh", "-c", "id -u; id -g", flags=flags)


# ---- runc ---------------------------------------------------------------------------------------------------------------------


def test_cve_2016_3697_numeric_user_is_not_a_name(runtime, bundle):
    with open(bundle.rootfs / "etc/passwd", "a") as file:
        file.write("1000:x:0:0:evil:/:/bin/sh\n1001:x:0:0::/:/bin/sh\n")
    c = runtime.detached(bundle.sleep())
    assert ids_inside(c, "--user", "1000").out.split()[0] == "1000"
    assert ids_inside(c, "--user", "1001:1001").out.split() == ["1001", "1001"]
    assert runtime.output(bundle.user(1000).sh("id -u")) == "1000\n"


@MORE_THAN_ONE_ID
def test_cve_2016_8867_no_ambient_capabilities_by_default(runtime, bundle, mode):
    mode().user(1000).sh("grep -E 'CapEff|CapAmb|CapPrm|CapInh' /proc/self/status")
    bundle.process["capabilities"].pop("ambient", None)
    for line in runtime.output(bundle).splitlines():
        assert int(line.split()[1], 16) == 0, line


def test_cve_2016_9962_exec_cannot_be_traced_or_robbed(runtime, bundle, mode):
    """A container that watches for new processes sees no descriptor of the host and cannot trace the joining process."""
    bundle.process["capabilities"] = {k: ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE"] for k in ("bounding", "effective", "permitted")}
    bundle.writable().add("bin/fd_spy", victim="fd_spy").args("fd_spy", "4", "/tmp/log")
    c = runtime.detached(mode())
    repeat(3, lambda: c.exec("true"))
    wait_for(lambda: "end\n" in (bundle.rootfs / "tmp/log").read_text(), what="the spy")
    allowed = ("/", "/dev", "/proc", "/bin", "pipe:", "socket:", "anon_inode", "(unreachable)", "/etc")
    for line in (bundle.rootfs / "tmp/log").read_text().splitlines():
        word, _, target = line.partition(" ")
        assert word != "ESCAPE", line
        if word == "fd":
            assert str(runtime.root) not in target and str(bundle.path) not in target and "cgroup" not in target, line
        if word == "cwd" and runtime.kind == "redoubt":
            assert target.startswith(allowed), line


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["exe-link", "interpreter", "exec-self-exe"])
def test_cve_2019_5736_host_binary_is_not_writable(runtime, bundle, entry, tmp_path):
    """The container makes the runtime execute itself and writes to /proc/PID/exe of every new process."""
    runtime.requires("1.1")
    digest = hashlib.sha256(pathlib.Path(runtime.path).read_bytes()).hexdigest()
    bundle.process["capabilities"] = {k: ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE"] for k in ("bounding", "effective", "permitted")}
    bundle.writable().add("bin/exe_writer", victim="exe_writer").args("exe_writer", "4", "/tmp/log")
    (bundle.rootfs / "bin/evil").symlink_to("/proc/self/exe")
    bundle.add("bin/script", text="#!/proc/self/exe\n")
    c = runtime.detached(bundle)
    command = {"exe-link": "/bin/evil", "interpreter": "/bin/script", "exec-self-exe": "/proc/self/exe"}[entry]
    repeat(3.2, lambda: c.exec(command, timeout=10))
    wait_for(lambda: "end\n" in (bundle.rootfs / "tmp/log").read_text(), what="the attacker")
    log = (bundle.rootfs / "tmp/log").read_text()
    assert hashlib.sha256(pathlib.Path(runtime.path).read_bytes()).hexdigest() == digest
    assert "WROTE" not in log, log[-2000:]
    if runtime.kind == "redoubt":
        assert runtime.path not in log, "the host's path of the binary is not to be seen"


def test_cve_2019_5736_entry_point_is_the_runtime(runtime, bundle):
    digest = hashlib.sha256(pathlib.Path(runtime.path).read_bytes()).hexdigest()
    (bundle.rootfs / "bin/evil").symlink_to("/proc/self/exe")
    result = runtime.run(bundle.args("/bin/evil", "--version"))
    assert hashlib.sha256(pathlib.Path(runtime.path).read_bytes()).hexdigest() == digest
    assert "runc version" not in result.out or runtime.kind == "runc"


@pytest.mark.parametrize("point", ["/proc", "/proc/self", "/proc/self/attr", "/proc/thread-self", "/proc/sys/kernel"])
def test_cve_2019_16884_volume_over_proc(runtime, bundle, work, point, mode):
    fake = work / "fake"
    (fake / "self/attr").mkdir(parents=True)
    (fake / "self/attr/exec").write_text("")
    bundle.mount(point, fake, options=["bind", "rw"])
    mode()
    bundle.sh("cut -d' ' -f3 /proc/mounts | grep -c '^proc$'; head -1 /proc/self/status")
    result = runtime.run(bundle)
    assert result.code == 1 or point == "/proc", str(result)
    assert (fake / "self/attr/exec").read_text() == ""


LINKS = {"absolute": "/evil", "relative": "evil", "dangling": "/no/such", "up": "../../../../../../evil", "two-level": "/link2"}


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("point", ["proc", "sys"])
def test_cve_2019_19921_2023_27561_symlinked_proc_and_sys(runtime, bundle, point, kind, mode):
    evil = bundle.rootfs / "evil"
    (evil / "self/attr").mkdir(parents=True)
    (bundle.rootfs / "link2").symlink_to("/evil")
    (bundle.rootfs / point).rmdir()
    (bundle.rootfs / point).symlink_to(LINKS[kind])
    mode()
    if mode.name == "rootless" and point == "sys":
        # A bind of the host's sysfs, not a mount of its own: follows the link inside the root, and is masked where it lands.
        result = runtime.run(bundle.sh("ls -A /sys/firmware /evil/firmware; mkdir /sys/made /evil/made"))
        assert {line for line in result.out.splitlines() if line and not line.endswith(":")} == set(), str(result)
        assert list(evil.iterdir()) == [evil / "self"] and not os.path.exists("/sys/made")
        return
    runtime.refused(bundle.sh("cat /proc/kcore | head -c 1"), match="must be mounted on ordinary directory|ordinary directory|no such file|symlink")


def test_cve_2019_19921_race_on_a_shared_volume(runtime, make_bundle, work):
    """The root file system is a volume that another container exchanges entries in."""
    bundle = make_bundle()
    (bundle.rootfs / "evil/self/attr").mkdir(parents=True)
    (bundle.rootfs / "swap").symlink_to("/evil")
    # The exchange goes on after the start, so /proc is there only now and then: asked until it answers.
    bundle.sh("i=0; until cat /proc/self/mountinfo 2>/dev/null || [ $i -gt 2000 ]; do i=$((i+1)); done").save()
    attacker = race(5, bundle.rootfs / "proc", bundle.rootfs / "swap")

    def attempt():
        result = runtime("run", "--bundle", bundle.path, runtime.cid())
        if result.code == 0 and result.out:
            assert_masked(result.out)

    assert repeat(4, attempt) > 3
    attacker.kill()
    attacker.wait()


def assert_masked(mountinfo):
    """Every procfs of the container has its masks mounted on it, whatever it is called now."""
    lines = [line.split() for line in mountinfo.splitlines()]
    for fields in lines:
        if fields[fields.index("-") + 1] == "proc" and fields[3] == "/" and "/sys" not in fields[4]:
            names = {os.path.basename(other[4]) for other in lines if other[1] == fields[0]}
            there = {name for name in ("kcore", "keys", "timer_list") if os.path.exists(f"/proc/{name}")}
            assert there and there <= names, mountinfo


@pytest.mark.parametrize("devices", [[], None], ids=["empty", "absent"])
def test_ghsa_g54h_device_list_starts_with_deny(runtime, bundle, devices):
    bundle.writable().add_capabilities("CAP_MKNOD", "CAP_SYSLOG")
    if devices is None:
        bundle.linux["resources"].pop("devices", None)
    else:
        bundle.linux["resources"]["devices"] = devices
    result = runtime.run(bundle.sh("mknod /tmp/kmsg c 1 11 && : </tmp/kmsg"))
    assert result.code != 0, str(result)


@pytest.mark.slow
def test_cve_2021_30465_mount_target_exchange(runtime, make_bundle, work):
    """Two containers share a volume; one exchanges the mount point of the other with a link to /."""
    bundle = make_bundle().writable()
    shared = work / "shared"
    (shared / "real").mkdir(parents=True)
    (shared / "swap").symlink_to("/")
    outside = work / "host-marker"
    outside.write_text("host\n")
    payload = work / "payload"
    payload.mkdir()
    (payload / "evil").write_text("evil\n")
    bundle.mount("/shared", shared, options=["bind", "rw"]).mount("/shared/real/deep", payload, options=["bind", "rw"])
    (shared / "real/deep").mkdir()
    bundle.sh(f"[ -e {outside} ] && echo HOST; [ -e /evil ] && echo OVER; true").save()
    attacker = race(5, shared / "real", shared / "swap")
    before = sorted(os.listdir("/"))
    refused = [0, 0]

    def attempt():
        result = runtime("run", "--bundle", bundle.path, runtime.cid())
        refused[result.code != 0] += 1
        assert "HOST" not in result.out, str(result)

    repeat(4, attempt)
    attacker.kill()
    attacker.wait()
    assert sorted(os.listdir("/")) == before and refused[0] + refused[1] > 1


def test_cve_2021_43784_large_bootstrap_messages(runtime, bundle, work):
    """Nothing wraps at 64 KiB: the namespaces are new whatever the size of the mount list or the maps."""
    volume = work / "v"
    volume.mkdir()
    for n in range(400):
        bundle.mount(f"/m/{n:0>150}", volume, options=["bind", "ro"])
    bundle.userns()
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": n, "hostID": 100000 + n, "size": 1} for n in range(340)]
    result = runtime("create", "--bundle", bundle.path, (cid := runtime.cid()), timeout=60) if not bundle.save() else None
    if result.code == 0:
        pid = runtime.state(cid)["pid"]
        for name in ("pid", "net", "ipc", "uts", "mnt", "user"):
            assert os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"), name


def test_cve_2022_24769_29162_27650_inheritable_is_empty(runtime, bundle, mode):
    c = runtime.detached(mode().sleep())
    other_user = [("--user", "1000", "--cap", "CAP_NET_RAW")] if mode.name != "rootless" else []  # one id is mapped
    for flags in [(), ("--cap", "CAP_NET_RAW"), *other_user]:
        text = c.sh("grep CapInh /proc/self/status", flags=flags)
        assert int(text.split()[1], 16) == 0, flags


def test_cve_2022_29162_file_with_inheritable_capabilities(runtime, bundle):
    bundle.add("bin/show", victim="tryout")
    if host.run("setcap", "cap_net_raw+i", str(bundle.rootfs / "bin/show")).returncode != 0:
        pytest.skip("lacks setcap")
    shown = bundle.rootfs / "usr/bin/busybox"
    shown.write_bytes(pathlib.Path("/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox").read_bytes())
    shown.chmod(0o755)
    host.run("setcap", "cap_net_raw+ei", str(shown))
    bundle.process["noNewPrivileges"] = False
    bundle.add_capabilities("CAP_NET_RAW").user(1000).args("/usr/bin/busybox", "grep", "CapEff", "/proc/self/status")
    assert int(runtime.output(bundle).split()[1], 16) == 0


def test_cve_2024_21626_cwd_in_leaked_descriptors(runtime, bundle, work):
    """process.cwd=/proc/self/fd/N for every N; the command line is started with open directories of the host. An init that holds its own
    root there may go on in it: that is inside."""
    marker = work / "host-marker"
    marker.write_text("")
    wins = []
    for number in list(range(3, 40)) + [63, 64, 127, 255, 1023]:
        bundle.process["cwd"] = f"/proc/self/fd/{number}"
        bundle.sh(f"ls ../../../../../../../..{marker} 2>/dev/null && echo ESCAPED; readlink /proc/self/cwd").save()
        argv = runtime.argv("run", "--bundle", bundle.path, runtime.cid())
        result = runtime.with_fds({n: "/" for n in (3, 4, 5, 6, 7, 8, 9)}, argv)
        if "ESCAPED" in result.out or "unreachable" in result.out or (result.code == 0 and result.out != "/\n"):
            wins.append((number, str(result)))
    assert not wins, wins[:2]


@pytest.mark.parametrize("number", [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20])
def test_cve_2024_21626_exec_cwd(runtime, sleeper, number):
    argv = runtime.argv("exec", "--cwd", f"/proc/self/fd/{number}", sleeper.id, "sh", "-c", "echo ran; ls ../../../../../../..")
    result = runtime.with_fds({n: "/" for n in (3, 4, 5, 6, 7, 8, 9)}, argv)
    assert result.code != 0 and "ran" not in result.out, str(result)


def test_cve_2024_21626_cwd_link_in_the_image(runtime, bundle):
    for number in range(3, 16):
        link = bundle.rootfs / f"cwd{number}"
        link.symlink_to(f"/proc/self/fd/{number}")
        bundle.process["cwd"] = f"/cwd{number}"
        result = runtime.run(bundle.sh("readlink /proc/self/cwd; ls ../../../../../../../../etc/hostname"))
        assert result.code != 0 or result.out == "/\n", str(result)


def test_cve_2024_21626_host_descriptors_do_not_reach_the_process(runtime, bundle, mode):
    mode().sh("ls -l /proc/self/fd").save()
    result = runtime.with_fds({n: "/etc/hostname" for n in (3, 4, 5, 6, 7, 8, 9)}, runtime.argv("run", "--bundle", bundle.path, runtime.cid()))
    assert "hostname" not in result.out, result.out


@pytest.mark.slow
def test_cve_2024_45310_made_mount_points(runtime, make_bundle, work):
    """Missing mount points are made by walking descriptors: an exchanged parent makes nothing outside."""
    runtime.requires("1.1.14")
    bundle = make_bundle().writable()
    shared, outside = work / "shared", work / "outside"
    (shared / "a").mkdir(parents=True)
    outside.mkdir()
    (shared / "swap").symlink_to(outside)
    (work / "file").write_text("x")
    bundle.mount("/shared", shared, options=["bind", "rw"])
    count = iter(range(10**6))
    attacker = race(5, shared / "a", shared / "swap")

    def attempt():
        n = next(count)
        bundle.config["mounts"] = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/shared/")]
        bundle.mount(f"/shared/a/dir{n}/sub", work, options=["bind"]).mount(f"/shared/a/file{n}", work / "file", options=["bind"])
        runtime.run(bundle.args("true"))

    repeat(4, attempt)
    attacker.kill()
    attacker.wait()
    assert os.listdir(outside) == [], "made outside of the root file system"


def dev_volume(bundle, work):
    """/dev as a volume that the attacker controls."""
    volume = work / "dev"
    volume.mkdir()
    for entry in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
        bundle.without_mount(entry)
    bundle.mount("/dev", volume, options=["bind", "rw"])
    return volume


@pytest.mark.parametrize("null", ["link-core-pattern", "link-file", "file", "directory", "absent", "other-device"])
def test_cve_2025_31133_dev_null_of_the_container(runtime, bundle, work, null):
    """Masking uses a verified /dev/null, never the container's."""
    if null == "file":
        runtime.requires("1.2.8")
    volume = dev_volume(bundle, work)
    path = volume / "null"
    secret = bundle.rootfs / "secret"
    secret.write_text("secret\n")
    bundle.linux["maskedPaths"] = ["/secret", "/proc/kcore", "/proc/keys"]
    if null == "link-core-pattern":
        path.symlink_to("/proc/sys/kernel/core_pattern")
    elif null == "link-file":
        path.symlink_to("/etc/passwd")
    elif null == "file":
        path.write_text("fake null\n")
    elif null == "directory":
        path.mkdir()
    elif null == "other-device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 11))
    before = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
    result = runtime.run(bundle.sh("cat /secret; echo x >/secret 2>/dev/null; cat /secret; head -c 4 /proc/kcore | wc -c"))
    assert pathlib.Path("/proc/sys/kernel/core_pattern").read_text() == before
    assert "secret" not in result.out and "fake" not in result.out and secret.read_text() == "secret\n"
    if result.code == 0:
        assert result.out.split()[-1] == "0"


@pytest.mark.slow
def test_cve_2025_31133_race_on_dev_null(runtime, bundle, work):
    runtime.requires("1.2.8")
    volume = dev_volume(bundle, work)
    os.mknod(volume / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (volume / "swap").symlink_to("/proc/sys/kernel/core_pattern")
    (bundle.rootfs / "secret").write_text("secret\n")
    bundle.linux["maskedPaths"] = ["/secret", "/proc/keys"]
    bundle.sh("cat /secret; grep -c core_pattern /proc/self/mountinfo").save()
    attacker = race(5, volume / "null", volume / "swap")

    def attempt():
        result = runtime("run", "--bundle", bundle.path, runtime.cid())
        if result.code in (0, 1) and result.out:
            assert "secret" not in result.out and result.out.split()[-1] == "0", str(result)

    repeat(4, attempt)
    attacker.kill()
    attacker.wait()


@pytest.mark.parametrize("trick", ["console-link", "pts-volume", "console-file"])
def test_cve_2025_52565_dev_console(runtime, bundle, work, trick, victim_dir):
    bundle.process["terminal"] = True
    if trick == "pts-volume":
        bundle.without_mount("/dev/pts")
        bundle.mount("/dev/pts", victim_dir, options=["bind", "rw"])
    else:
        volume = dev_volume(bundle, work)
        bundle.mount("/dev/pts", type="devpts", options=["newinstance", "ptmxmode=0666", "mode=0620"])
        (volume / "pts").mkdir()
        if trick == "console-link":
            (volume / "console").symlink_to("/proc/sysrq-trigger")
        else:
            (volume / "console").write_text("")
    bundle.linux["maskedPaths"] = []
    with FdReceiver(work / "tty.sock") as console:
        bundle.sh("stat -L -c 'console %t' /dev/console; echo done; sleep 20").save()
        cid = runtime.cid()
        result = runtime("run", "-d", "--bundle", bundle.path, "--console-socket", console.path, cid)
        if result.code == 0:
            _, [fd] = console.receive()
            text = read_until(fd, b"done")
            assert b"console 88" in text or b"console 0" not in text, text
    runtime("delete", "--force", cid)


@pytest.mark.parametrize("key", ["net.ipv4.ip_forward", "kernel.msgmax"])
def test_cve_2025_52881_sysctl_lands_only_in_the_namespace(runtime, bundle, work, key):
    path = pathlib.Path("/proc/sys") / key.replace(".", "/")
    before = path.read_text(), pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
    bundle.linux["sysctl"] = {key: "1"}
    bundle.mount("/proc/uptime", "/etc/hostname", options=["bind"])
    out = runtime.output(bundle.sh(f"cat /proc/sys/{key.replace('.', '/')}"))
    assert out == "1\n"
    assert (path.read_text(), pathlib.Path("/proc/sys/kernel/core_pattern").read_text()) == before


@pytest.mark.slow
def test_cve_2025_52881_race_on_a_shared_proc(runtime, make_bundle, work):
    """The runtime writes to its own procfs, not to the one at the container's /proc while somebody exchanges it."""
    bundle = make_bundle().writable()
    (bundle.rootfs / "fake/sys/net/ipv4").mkdir(parents=True)
    (bundle.rootfs / "fake/sys/net/ipv4/ip_forward").symlink_to("/proc/sys/kernel/core_pattern")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    bundle.sh("cat /proc/sys/net/ipv4/ip_forward").save()
    before = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
    attacker = race(4, bundle.rootfs / "proc", bundle.rootfs / "fake")

    def attempt():
        runtime("run", "--bundle", bundle.path, runtime.cid())  # what it reads through the exchanged path does not matter

    assert repeat(3, attempt) > 3
    attacker.kill()
    attacker.wait()
    assert pathlib.Path("/proc/sys/kernel/core_pattern").read_text() == before


@pytest.mark.parametrize("link", ["absolute", "relative", "two-level"])
@pytest.mark.parametrize("how", ["run", "create"])
def test_cve_2026_41579_47766_image_dev_is_a_link(runtime, bundle, victim_dir, link, how, mode):
    """/dev of the image points to a directory of the host: nothing there is removed or made."""
    runtime.requires("1.2")
    bundle.writable()
    (bundle.rootfs / "dev").rmdir()
    if link == "two-level":
        (bundle.rootfs / "dev2").symlink_to(victim_dir)
        (bundle.rootfs / "dev").symlink_to("/dev2")
    elif link == "relative":
        (bundle.rootfs / "dev").symlink_to(os.path.relpath(victim_dir, bundle.rootfs))
    else:
        (bundle.rootfs / "dev").symlink_to(victim_dir)
    mode()
    if how == "run":
        runtime.run(bundle.args("true"))
    else:
        bundle.save()
        runtime("create", "--bundle", bundle.path, runtime.cid())


def test_cve_2026_41579_dev_as_a_bind_of_a_volume(runtime, bundle, victim_dir):
    """Without a /dev mount of its own type the runtime leaves the directory alone."""
    for entry in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
        bundle.without_mount(entry)
    bundle.mount("/dev", victim_dir, options=["bind", "ro"])
    runtime.run(bundle.args("true"))


# ---- crun, youki, bubblewrap --------------------------------------------------------------------------------------------------


def test_cve_2019_18837_rootfs_path_with_links(runtime, bundle, work, victim_dir):
    """Mount points whose parents are links of the image to the host."""
    for name in ("run", "tmp", "var"):
        path = bundle.rootfs / name
        path.rmdir()
        path.symlink_to(victim_dir)
    bundle.writable()
    bundle.mount("/run/x", type="tmpfs").mount("/tmp/y", work / "victim/marker", options=["bind"]).mount("/var/z/w", type="tmpfs")
    runtime.run(bundle.args("true"))


def test_cve_2025_24965_handler_files_through_links(runtime, bundle, victim_dir):
    """Every name that a handler might write at the root of the image is a link to the host."""
    for name in (".krun_config.json", ".krun_vm.json", ".redoubt", "krun-sev.json", ".redoubt.json", "redoubt-init"):
        (bundle.rootfs / name).symlink_to(victim_dir / "planted")
    bundle.writable()
    runtime.run(bundle.args("true"))


USERS = {
    "1": (1, 0), "1:1": (1, 1), "0:5": (0, 5), "1000": (1000, 0), "65534:65534": (65534, 65534), "00": None, "01": None, "+1": None, " 1": None, "1 ": None, "0x1": None,
    "1e3": None, "root": None, "app": None, "-1": None, ":1": None, "1:": None, ":": None, "1:1:1": None, "1,1": None, "1.0": None, "4294967295": None, "4294967296": None,
    "18446744073709551616": None, "18446744073709551617": None, "2147483648": (2147483648, 0), "4294967294": (4294967294, 0), "1:4294967296": None, "1:-1": None,
    "1:root": None, "\n1": None, "1\n": None, "١": None, "1000:x": None, "NaN": None, "0b1": None, "1_000": None, "''": None,
}  # fmt: skip


@pytest.mark.parametrize("text", USERS, ids=repr)
def test_cve_2026_30892_user_strings(runtime, sleeper, text):
    """Exactly this user, or a refusal: never uid 0 by accident."""
    result = ids_inside(sleeper, "--user", text)
    if text == "4294967296":
        runtime.requires("1.2")
    if USERS[text] is None:
        plain = text.strip()
        if result.code == 0 and runtime.kind == "runc" or result.code == 0 and plain in ("00", "01", "+1", "1:"):
            assert result.out.split()[0] != "0" or plain in ("00", "0b0"), str(result)  # read as a number, and as the right one
        else:
            assert result.code != 0, str(result)
    else:
        assert result.code != 0 and USERS[text][0] >= 2**31 or tuple(map(int, result.out.split())) == USERS[text], str(result)


@pytest.mark.parametrize("uid", [2147483648, 4294967294, 4294967295, 4294967296, -1])
def test_cve_2024_40635_large_uid_never_wraps(runtime, bundle, uid):
    result = runtime.run(bundle.user(uid, 1).sh("id -u"))
    assert result.code != 0 or result.out.strip() == str(uid), str(result)


@pytest.mark.parametrize("path", ["../../x", "..", "a/../../..", "/../x"])
def test_crun_hardening_sub_cgroup(runtime, sleeper, path):
    runtime.requires("1.2")
    assert runtime("exec", "--cgroup", path, sleeper.id, "true").code == 255


def test_cve_2025_27612_exec_capabilities(runtime, sleeper):
    document = {"args": ["grep", "Cap", "/proc/self/status"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
                "capabilities": {k: ["CAP_KILL"] for k in ("bounding", "effective", "permitted")}}  # fmt: skip
    path = sleeper.bundle.path / "process.json"
    path.write_text(json.dumps(document))
    fields = dict(line.split() for line in runtime.ok("exec", "--process", path, sleeper.id).out.splitlines())
    assert {key: int(value, 16) for key, value in fields.items()} == {"CapInh:": 0, "CapPrm:": 32, "CapEff:": 32, "CapBnd:": 32, "CapAmb:": 0}


def test_cve_2020_5291_setuid_installation_refuses_to_run(runtime, work):
    """A setuid copy of the runtime gives an ordinary user nothing."""
    runtime.only_redoubt("rule against setuid installation")
    copy = work / "redoubt"
    copy.write_bytes(pathlib.Path(runtime.path).read_bytes())
    copy.chmod(0o4755)
    result = runtime.raw(["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--", copy, "--root", work / "r", "list"])
    assert result.code != 0 and not (work / "r").exists(), str(result)


@pytest.mark.parametrize("how", ["run", "detached", "exec"])
def test_cve_2017_5226_tiocsti(runtime, bundle, how, mode):
    """A container that holds the terminal of its caller on stdin cannot push text into it: it has another session, and none to steal. What it
    pushes into a pty of its own is its own business."""
    bundle.add("bin/tryout", victim="tryout")
    script = "tryout tiocsti x; tryout steal-terminal; tryout tiocsti x; echo end"
    if how == "exec":
        argv = runtime.argv("exec", runtime.detached(mode().sleep()).id, "sh", "-c", script)
    else:
        mode().sh(script).save()
        argv = runtime.argv("run", *["--detach"] * (how == "detached"), "--bundle", bundle.path, runtime.cid())
    data, _ = in_terminal(["/bin/sh", "-c", shlex.join(runtime.command(argv)) + "; sleep 1"])
    assert b"end" in data and b"tiocsti ok" not in data and b"steal-terminal ok" not in data and not data.startswith(b"x"), data


def test_payload_is_in_a_new_session(runtime, bundle):
    out = runtime.output(bundle.without_namespace("pid").sh("cut -d' ' -f1,6 /proc/$$/stat"))
    pid, session = out.split()
    assert pid == session


# ---- engines: what concerns a runtime -----------------------------------------------------------------------------------------


def test_cve_2020_15257_no_abstract_sockets(runtime, bundle):
    """A container in the host's network namespace finds no socket of ours."""
    before = set(pathlib.Path("/proc/net/unix").read_text().split())
    c = runtime.detached(bundle.without_namespace("network").sleep())
    ours = [word for word in set(pathlib.Path("/proc/net/unix").read_text().split()) - before if word.startswith("@") and ("redoubt" in word or c.id in word)]
    assert not ours


def test_cve_2021_41103_2024_25621_state_modes(runtime, bundle, mode):
    c = runtime.detached(mode().sleep())
    for directory, _, files in os.walk(runtime.root / c.id):
        assert os.stat(directory).st_mode & 0o066 == 0, directory
        for name in files:
            path = os.path.join(directory, name)
            if not stat.S_ISFIFO(os.lstat(path).st_mode):
                assert os.lstat(path).st_mode & 0o022 == 0, path


def test_cve_2021_43816_no_relabelling_of_volumes(runtime, bundle, work):
    volume = work / "volume"
    volume.mkdir()
    before = os.listxattr(volume)
    bundle.mount("/data", volume, options=["bind", "rw"])
    runtime.run(bundle.args("true"))
    assert os.listxattr(volume) == before


def test_cve_2023_25173_groups_are_exact(runtime, bundle):
    bundle.user(1000, 1000, 3, 4)
    result = runtime.run(bundle.args("id", "-G"), preexec=lambda: os.setgroups([0, 27, 99]))
    assert set(result.out.split()) == {"1000", "3", "4"}


@pytest.mark.parametrize("name", ["network", "ipc", "uts", "cgroup", "user"])
def test_cve_2025_47291_cgroup_with_any_namespaces(runtime, bundle, name):
    if name == "user":
        bundle.userns()
    else:
        bundle.namespace(name)
    c = runtime.detached(bundle.sleep())
    assert c.id in str(c.cgroup())


def test_ghsa_7ww5_powercap_and_friends_are_masked(runtime, bundle):
    """By the document that `spec` writes. What is to be closed beyond an engine's own list is policy."""
    runtime.only_redoubt("newer list of masked paths")
    points = ["/sys/devices/virtual/powercap", "/proc/interrupts", "/proc/asound", "/proc/acpi"]
    out = runtime.output(bundle.sh("for p in %s; do [ -d $p ] && ls $p; [ -f $p ] && head -c 64 $p; done; true" % " ".join(points)))
    assert out == ""


def test_mode_of_a_root_directory_that_was_there(runtime, bundle, work):
    """--root on a link or a world-writable directory of somebody else."""
    runtime.only_redoubt("check of --root")
    evil = work / "evil"
    evil.mkdir()
    evil.chmod(0o777)
    os.chown(evil, 12345, 12345)
    bundle.args("true").save()
    result = runtime.raw([runtime.path, "--root", evil, "run", "--bundle", bundle.path, runtime.cid()])
    assert result.code == 1, str(result)


def test_bundle_that_changes_after_create(runtime, bundle):
    """exec uses what was created, not what somebody wrote to config.json later."""
    runtime.only_redoubt("copy of the configuration")
    c = runtime.detached(bundle.sleep())
    bundle.process["capabilities"] = {k: ["CAP_SYS_ADMIN"] for k in ("bounding", "effective", "permitted")}
    bundle.save()
    assert int(c.sh("grep CapBnd /proc/self/status").split()[1], 16) & 1 << 21 == 0


def test_hostile_names_in_messages(runtime, bundle):
    """No raw control characters reach the log or the terminal."""
    bundle.args("\x1b[2J\x07evil\nname")
    result = runtime.run(bundle)
    assert result.code == 1 and "\x1b" not in result.err and "\x07" not in result.err


