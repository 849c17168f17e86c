"""Mounts: binds and file systems, every option, propagation, tmpcopyup, idmapped mounts, masked and read-only paths."""

import os
import pathlib
import re
import stat

import pytest

from harness import host


@pytest.fixture
def volume(work):
    path = work / "volume"
    path.mkdir()
    path.chmod(0o755)
    (path / "file").write_text("content\n")
    (path / "sub").mkdir()
    return path


def options_of(runtime, bundle, point, optional=False):
    """(mount options, super block options, optional fields) of a mount point, seen from inside."""
    for line in runtime.output(bundle.args("cat", "/proc/self/mountinfo")).splitlines():
        left, right = line.split(" - ")
        fields = left.split()
        if fields[4] == point:
            return set(fields[5].split(",")), set(right.split()[2].split(",")), fields[6:]
    raise AssertionError(f"{point} is not mounted")


# ---- binds --------------------------------------------------------------------------------------------------------------------


def test_bind_directory(runtime, bundle, volume):
    bundle.mount("/data", volume, options=["bind", "rw"]).sh("cat /data/file; echo new >/data/made")
    assert runtime.output(bundle) == "content\n"
    assert (volume / "made").read_text() == "new\n"


def test_bind_file(runtime, bundle, volume):
    bundle.mount("/etc/one", volume / "file", options=["bind", "ro"])
    assert runtime.output(bundle.args("cat", "/etc/one")) == "content\n"
    assert stat.S_ISREG((bundle.rootfs / "etc/one").stat().st_mode)


def test_bind_without_type(runtime, bundle, volume):
    bundle.config["mounts"].append({"destination": "/data", "source": str(volume), "options": ["rbind"]})
    assert runtime.output(bundle.args("cat", "/data/file")) == "content\n"


def test_bind_source_relative_to_the_bundle(runtime, bundle):
    (bundle.path / "rel").mkdir()
    (bundle.path / "rel/file").write_text("relative\n")
    bundle.mount("/data", "rel", options=["bind"])
    result = runtime.run(bundle.args("cat", "/data/file"), cwd="/")
    assert result.out == "relative\n"


def test_bind_missing_source(runtime, bundle):
    bundle.mount("/data", "/no/such/source", options=["bind"])
    runtime.refused(bundle, match="no such file or directory")


def test_missing_mount_point_is_made(runtime, bundle, volume):
    bundle.mount("/a/b/c", volume, options=["bind"]).sh("stat -c %a /a /a/b")
    assert runtime.output(bundle) == "755\n755\n"


def test_order_is_kept(runtime, bundle, volume, work):
    (work / "other").mkdir()
    (work / "other/file").write_text("inner\n")
    bundle.mount("/data", volume, options=["bind"]).mount("/data/sub", work / "other", options=["bind"])
    assert runtime.output(bundle.args("cat", "/data/file", "/data/sub/file")) == "content\ninner\n"


def test_destination_through_symlink_stays_inside(runtime, bundle, volume):
    (bundle.rootfs / "link").symlink_to("/mnt")
    bundle.mount("/link/point", volume, options=["bind"])
    assert runtime.output(bundle.args("cat", "/mnt/point/file")) == "content\n"


def test_destination_symlink_out_of_the_root(runtime, bundle, volume, work):
    outside = work / "outside"
    outside.mkdir()
    (bundle.rootfs / "out").symlink_to(f"../../../../../../../..{outside}")
    bundle.mount("/out/point", volume, options=["bind"])
    runtime.run(bundle.args("true"))
    assert os.listdir(outside) == []


@pytest.mark.parametrize("option, absent", [("ro", "rw"), ("nosuid", None), ("nodev", None), ("noexec", None), ("noatime", "relatime"),
                                            ("nodiratime", None)])  # fmt: skip
def test_bind_flag(runtime, bundle, volume, option, absent):
    bundle.mount("/data", volume, options=["bind", option])
    flags, _, _ = options_of(runtime, bundle, "/data")
    assert option in flags and absent not in flags


@pytest.mark.parametrize("pair", [("ro", "rw"), ("nosuid", "suid"), ("noexec", "exec"), ("nodev", "dev")], ids="-".join)
def test_last_option_wins(runtime, bundle, volume, pair):
    bundle.mount("/data", volume, options=["bind", *pair])
    flags, _, _ = options_of(runtime, bundle, "/data")
    assert pair[0] not in flags


def test_bind_read_only_is_enforced(runtime, bundle, volume):
    bundle.mount("/data", volume, options=["bind", "ro"]).sh("touch /data/x 2>&1; true")
    assert "Read-only file system" in runtime.output(bundle)
    assert not (volume / "x").exists()


def test_noexec_is_enforced(runtime, bundle, volume):
    (volume / "run").write_text("#!/bin/sh\necho ran\n")
    (volume / "run").chmod(0o755)
    bundle.mount("/data", volume, options=["bind", "noexec"]).sh("/data/run 2>&1; true")
    assert "Permission denied" in runtime.output(bundle)


@pytest.fixture
def nested(volume):
    """A volume with another mount below it."""
    host.libc.mount(b"tmpfs", str(volume / "sub").encode(), b"tmpfs", 0, None)
    (volume / "sub/deep").write_text("deep\n")
    yield volume
    host.libc.umount2(str(volume / "sub").encode(), 2)


def test_bind_is_not_recursive(runtime, bundle, nested):
    bundle.mount("/data", nested, options=["bind"])
    assert runtime.output(bundle.args("ls", "/data/sub")) == ""


def test_rbind_is_recursive(runtime, bundle, nested):
    bundle.mount("/data", nested, options=["rbind"])
    assert runtime.output(bundle.args("cat", "/data/sub/deep")) == "deep\n"


def test_rbind_ro_covers_only_the_top(runtime, bundle, nested):
    bundle.mount("/data", nested, options=["rbind", "ro"]).sh("touch /data/x 2>/dev/null || echo top; touch /data/sub/x && echo sub")
    assert runtime.output(bundle) == "top\nsub\n"


@pytest.mark.parametrize("option, flag", [("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"), ("rnoatime", "noatime")])
def test_recursive_option(runtime, bundle, nested, option, flag):
    bundle.mount("/data", nested, options=["rbind", option])
    assert flag in options_of(runtime, bundle, "/data")[0]
    assert flag in options_of(runtime, bundle, "/data/sub")[0]


def test_rro_is_enforced_below(runtime, bundle, nested):
    bundle.mount("/data", nested, options=["rbind", "rro"]).sh("touch /data/x 2>/dev/null || echo top; touch /data/sub/x 2>/dev/null || echo sub")
    assert runtime.output(bundle) == "top\nsub\n"


@pytest.fixture
def strict(volume):
    """A host mount with nosuid, nodev and noexec."""
    host.libc.mount(b"tmpfs", str(volume / "sub").encode(), b"tmpfs", 2 | 4 | 8, None)
    (volume / "sub/file").write_text("strict\n")
    yield volume / "sub"
    host.libc.umount2(str(volume / "sub").encode(), 2)


KEPT = {"nosuid", "nodev", "noexec"}


@pytest.mark.parametrize(
    "words, flags",
    [([], KEPT), (["rprivate"], KEPT), (["ro"], {"ro"}), (["nosuid"], {"nosuid"}), (["noexec", "nodev"], {"noexec", "nodev"}), (["noatime"], {"noatime"}),
     (["ro", "nosuid", "nodev", "noexec"], KEPT | {"ro"})],
    ids=lambda value: ",".join(value) or "none" if isinstance(value, list) else "",
)  # fmt: skip
def test_flags_of_a_bind_are_those_that_were_asked_for(runtime, bundle, strict, words, flags):
    """As mount(2) with MS_REMOUNT | MS_BIND: without flag words the source's stay, with any the bind is what they say."""
    bundle.mount("/data", strict, options=["bind", *words])
    found = options_of(runtime, bundle, "/data")[0]
    assert found & (KEPT | {"ro", "noatime"}) == flags, found


def test_bind_of_a_locked_mount_keeps_its_flags(runtime, bundle, strict):
    """Called in a user namespace that may not clear them: they stay, and the container starts."""
    runtime.requires("1.2")
    bundle.mount("/data", strict, options=["bind", "ro"]).args("cat", "/proc/self/mountinfo")
    bundle.mount_entry("/dev/pts")["options"].remove("gid=5")  # not mapped
    bundle.save()
    command = runtime.argv("run", "--bundle", bundle.path, runtime.cid())
    result = runtime.raw(["unshare", "--map-root-user", "--mount", "--propagation", "private", "--", *command])
    assert result.code == 0, str(result)
    fields = next(line.split() for line in result.out.splitlines() if line.split()[4] == "/data")
    assert KEPT | {"ro"} <= set(fields[5].split(",")), fields


def test_locked_flags_are_kept_in_a_user_namespace(runtime, bundle, volume):
    """A source mounted nosuid,nodev stays so without being asked."""
    runtime.requires("1.2")
    host.libc.mount(b"tmpfs", str(volume / "sub").encode(), b"tmpfs", 2 | 4 | 8, None)
    try:
        bundle.userns().mount("/data", volume / "sub", options=["bind", "ro"])
        flags, _, _ = options_of(runtime, bundle, "/data")
        assert {"ro", "nosuid", "nodev", "noexec"} <= flags
    finally:
        host.libc.umount2(str(volume / "sub").encode(), 2)


@pytest.mark.parametrize("name, present, absent", [("private", [], ["shared", "master"]), ("slave", ["master"], ["shared"]),
                                                   ("shared", ["shared"], []), ("unbindable", ["unbindable"], [])])  # fmt: skip
def test_propagation_of_a_mount(runtime, bundle, nested, name, present, absent):
    host.libc.mount(None, str(nested / "sub").encode(), None, 1 << 20, None)  # MS_SHARED at the source
    bundle.mount("/data", nested / "sub", options=["bind", name])
    if name == "slave":
        bundle.linux["rootfsPropagation"] = "slave"
    _, _, optional = options_of(runtime, bundle, "/data")
    tags = " ".join(optional)
    for word in present:
        assert word in tags, tags
    for word in absent:
        assert word not in tags, tags


@pytest.mark.parametrize("name, word", [("private", ""), ("rprivate", ""), ("shared", "shared"), ("unbindable", "unbindable")])
def test_rootfs_propagation(runtime, bundle, name, word):
    if word:
        runtime.requires("1.2")
    bundle.linux["rootfsPropagation"] = name
    _, _, optional = options_of(runtime, bundle, "/")
    assert ("" if not word else word) in " ".join(optional)
    if not word:
        assert optional == [] or "master" not in " ".join(optional)


def test_mount_inside_does_not_reach_the_host(runtime, bundle, nested):
    host.libc.mount(None, str(nested / "sub").encode(), None, 1 << 20, None)
    bundle.mount("/data", nested / "sub", options=["bind"]).add_capabilities("CAP_SYS_ADMIN")
    bundle.sh("mkdir /data/point && mount -t tmpfs t /data/point && touch /data/point/inside")
    runtime.run(bundle)
    assert not (nested / "sub/point/inside").exists()


# ---- file systems -------------------------------------------------------------------------------------------------------------


def test_tmpfs_options(runtime, bundle):
    bundle.mount("/scratch", type="tmpfs", options=["nosuid", "nodev", "mode=1711", "size=64k", "uid=5", "gid=6"])
    bundle.sh("stat -c %a:%u:%g /scratch; dd if=/dev/zero of=/scratch/big bs=1k count=100 2>&1 | tail -1")
    out = runtime.output(bundle)
    assert out.startswith("1711:5:6\n")
    flags, data, _ = options_of(runtime, bundle, "/scratch")
    assert {"nosuid", "nodev"} <= flags and "size=64k" in data


def test_tmpfs_inherits_the_mode_below(runtime, bundle):
    (bundle.rootfs / "mnt").chmod(0o1770)
    bundle.mount("/mnt", type="tmpfs").sh("stat -c %a /mnt")
    assert runtime.output(bundle) == "1770\n"


def test_tmpfs_read_only(runtime, bundle):
    bundle.mount("/scratch", type="tmpfs", options=["ro"]).sh("touch /scratch/x 2>&1; true")
    assert "Read-only file system" in runtime.output(bundle)


def test_tmpcopyup(runtime, bundle):
    directory = bundle.rootfs / "seed"
    directory.mkdir(mode=0o751)
    (directory / "kept").write_text("from image\n")
    (directory / "link").symlink_to("kept")
    (directory / "deep").mkdir()
    (directory / "deep/more").write_text("deeper\n")
    (directory / "kept").chmod(0o640)
    bundle.mount("/seed", type="tmpfs", options=["tmpcopyup"])
    bundle.sh("cat /seed/link /seed/deep/more; stat -c %a /seed/kept; touch /seed/new; grep ' /seed ' /proc/mounts | cut -d' ' -f1,3")
    assert runtime.output(bundle) == "from image\ndeeper\n640\ntmpfs tmpfs\n"
    assert not (directory / "new").exists()


def test_proc_sys_dev_types(runtime, bundle):
    out = runtime.output(bundle.sh("cut -d' ' -f2,3 /proc/mounts"))
    types = dict(line.split() for line in out.splitlines()[::-1])
    assert types["/proc"] == "proc" and types["/sys"] == "sysfs" and types["/dev"] == "tmpfs"
    assert types["/dev/pts"] == "devpts" and types["/dev/mqueue"] == "mqueue" and types["/dev/shm"] == "tmpfs"


def test_devpts_is_a_new_instance(runtime, bundle):
    assert runtime.output(bundle.sh("ls /dev/pts; readlink /dev/ptmx")) == "ptmx\npts/ptmx\n"


def test_unknown_file_system(runtime, bundle):
    bundle.mount("/x", type="nosuchfs")
    runtime.refused(bundle, match="no such device")


def test_unknown_option_is_data(runtime, bundle):
    bundle.mount("/x", type="tmpfs", options=["nosuchoption=1"])
    runtime.refused(bundle, match="invalid argument")


def test_bind_with_data_is_refused(runtime, bundle, volume):
    runtime.requires("1.2")
    bundle.mount("/x", volume, options=["bind", "size=1m"])
    runtime.refused(bundle)


def test_cgroup_mount(runtime, bundle):
    if runtime.kind == "runc" and host.is_hybrid():
        pytest.skip("peer: runc mounts v1 here")
    bundle.sh("grep ' /sys/fs/cgroup ' /proc/mounts | cut -d' ' -f3; test -e /sys/fs/cgroup/cgroup.procs && echo own; mkdir /sys/fs/cgroup/x 2>&1; true")
    out = runtime.output(bundle)
    assert out.startswith("cgroup2\nown\n") and "Read-only" in out


def test_relative_destination(runtime, bundle, volume):
    """Deprecated by the specification, taken as below /."""
    bundle.mount("data", volume, options=["bind"])
    result = runtime.run(bundle.args("cat", "/data/file"))
    assert "content" in result.out or result.code == 1


@pytest.mark.parametrize("point", ["/proc/self/attr", "/proc/1", "/proc/sys", "/proc/sys/kernel"])
def test_inside_proc_is_refused(runtime, bundle, volume, point):
    bundle.mount(point, volume, options=["bind"])
    runtime.refused(bundle, match="(?i)proc")


@pytest.mark.parametrize("point", ["/proc/uptime", "/proc/meminfo", "/proc/cpuinfo", "/proc/loadavg", "/proc/stat", "/proc/swaps", "/proc/diskstats"])
def test_inside_proc_lxcfs_list(runtime, bundle, volume, point):
    bundle.mount(point, volume / "file", options=["bind"])
    assert runtime.output(bundle.args("cat", point)) == "content\n"


def test_mount_over_root_is_refused(runtime, bundle, volume):
    runtime.requires("1.2")
    bundle.mount("/", volume, options=["bind"])
    runtime.refused(bundle)


@pytest.mark.parametrize("point", ["/proc", "/sys"])
def test_symlink_as_mount_point_of_proc(runtime, bundle, point):
    directory = bundle.rootfs / point[1:]
    directory.rmdir()
    directory.symlink_to("/mnt")
    runtime.refused(bundle, match="must be mounted on ordinary directory")


def test_read_only_root(runtime, bundle):
    assert "Read-only file system" in runtime.run(bundle.sh("touch /x 2>&1")).out


def test_writable_root(runtime, bundle):
    assert runtime.run(bundle.writable().sh("touch /x")).code == 0
    assert (bundle.rootfs / "x").exists()


def test_root_path_absolute(runtime, bundle):
    bundle.config["root"]["path"] = str(bundle.rootfs)
    assert runtime.run(bundle.args("true")).code == 0


def test_no_pivot(runtime, bundle):
    bundle.sh("ls /; cat /proc/self/mountinfo | wc -l")
    assert "rootfs" not in runtime.output(bundle, "--no-pivot")


def test_mount_count_is_not_a_problem(runtime, bundle, volume):
    for n in range(300):
        bundle.mount(f"/many/{n}", volume, options=["bind"])
    assert int(runtime.output(bundle.sh("grep -c /many/ /proc/mounts"))) == 300


# ---- idmapped mounts ----------------------------------------------------------------------------------------------------------


def mapping(container, real, size=65536):
    return [{"containerID": container, "hostID": real, "size": size}]


def test_idmapped_mount(runtime, bundle, volume):
    runtime.requires("1.2")
    os.chown(volume / "file", 0, 0)
    bundle.userns(100000)
    bundle.mount("/data", volume, options=["bind", "idmap"], uidMappings=mapping(0, 100000), gidMappings=mapping(0, 100000))
    result = runtime.run(bundle.sh("stat -c %u:%g /data/file; touch /data/made"))
    if "not supported" in result.err:
        pytest.skip("lacks idmapped mounts on this file system")
    assert result.out == "0:0\n", str(result)


def test_idmapped_mount_without_userns(runtime, bundle, volume):
    runtime.requires("1.2")
    os.chown(volume / "file", 1000, 1000)
    bundle.mount("/data", volume, options=["bind"], uidMappings=mapping(1000, 2000, 1), gidMappings=mapping(1000, 3000, 1))
    assert runtime.output(bundle.sh("stat -c %u:%g /data/file")) == "2000:3000\n"


def test_idmap_follows_the_containers_mapping(runtime, bundle, volume):
    runtime.requires("1.2")
    os.chown(volume / "file", 7, 8)
    bundle.userns(100000)
    bundle.mount("/data", volume, options=["bind", "idmap"])
    assert runtime.output(bundle.sh("stat -c %u:%g /data/file")) == "7:8\n"


@pytest.mark.parametrize("name, inside", [("idmap", "65534:65534"), ("ridmap", "7:8")])
def test_ridmap_is_recursive(runtime, bundle, nested, name, inside):
    runtime.requires("1.2")
    os.chown(nested / "sub/deep", 7, 8)
    bundle.userns(100000)
    bundle.mount("/data", nested, options=["rbind", name])
    assert runtime.output(bundle.sh("stat -c %u:%g /data/sub/deep")) == inside + "\n"


def test_idmap_one_sided(runtime, bundle, volume):
    runtime.requires("1.2")
    bundle.mount("/data", volume, options=["bind"], uidMappings=mapping(0, 1000))
    runtime.refused(bundle, match="(?i)mapping")


def test_idmap_of_a_file_system(runtime, bundle):
    runtime.requires("1.2")
    bundle.mount("/data", type="tmpfs", uidMappings=mapping(0, 1000), gidMappings=mapping(0, 1000))
    runtime.refused(bundle)


# ---- masked and read-only paths -----------------------------------------------------------------------------------------------


def test_masked_file_is_empty(runtime, bundle):
    (bundle.rootfs / "secret").write_text("secret\n")
    bundle.linux["maskedPaths"].append("/secret")
    bundle.writable().sh("cat /secret; echo x >/secret; rm /secret 2>/dev/null; umount /secret 2>/dev/null; cat /secret")
    assert runtime.run(bundle).out == ""
    assert (bundle.rootfs / "secret").read_text() == "secret\n"


def test_masked_directory_is_empty_and_read_only(runtime, bundle):
    (bundle.rootfs / "hidden").mkdir()
    (bundle.rootfs / "hidden/file").write_text("x")
    bundle.linux["maskedPaths"].append("/hidden")
    out = runtime.output(bundle.sh("ls -a /hidden | wc -l; touch /hidden/x 2>&1; true"))
    assert out.startswith("2\n") and "Read-only file system" in out


def test_masked_path_that_does_not_exist(runtime, bundle):
    bundle.linux["maskedPaths"] += ["/no/such", "/proc/no_such_file"]
    assert runtime.run(bundle.args("true")).code == 0


def test_masked_paths_twice(runtime, bundle):
    bundle.linux["maskedPaths"] += ["/proc/kcore", "/proc/kcore", "/proc/keys"]
    assert runtime.run(bundle.args("true")).code == 0


def test_masked_path_through_symlink_stays_inside(runtime, bundle, volume):
    (bundle.rootfs / "link").symlink_to(str(volume / "file"))
    bundle.linux["maskedPaths"].append("/link")
    runtime.run(bundle.args("true"))
    assert (volume / "file").read_text() == "content\n"


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"])
def test_default_masks_show_nothing(runtime, bundle, path):
    assert runtime.run(bundle.sh(f"cat {path} 2>/dev/null | head -c 10")).out == ""


@pytest.mark.parametrize("path", ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger"])
def test_default_read_only_paths(runtime, bundle, path):
    result = runtime.run(bundle.sh(f"echo x >{path}"))
    assert result.code != 0 and ("Read-only file system" in result.err or "nonexistent" in result.err)


def test_read_only_path_keeps_content(runtime, bundle):
    (bundle.rootfs / "frozen").mkdir()
    (bundle.rootfs / "frozen/file").write_text("frozen\n")
    bundle.writable().linux["readonlyPaths"] = ["/frozen"]
    out = runtime.output(bundle.sh("cat /frozen/file; touch /frozen/x 2>&1; touch /ok"))
    assert out.startswith("frozen\n") and "Read-only" in out


@pytest.mark.parametrize("path", ["/", "/etc/.."])
def test_read_only_path_that_is_the_root(runtime, bundle, path):
    bundle.writable().linux["readonlyPaths"].append(path)
    out = runtime.output(bundle.sh("touch /x 2>&1; touch /etc/x 2>&1; touch /dev/shm/x && echo written"))
    assert out.count("Read-only file system") == 2 and out.endswith("written\n")


def test_read_only_path_that_does_not_exist(runtime, bundle):
    bundle.linux["readonlyPaths"].append("/no/such/path")
    assert runtime.run(bundle.args("true")).code == 0


def test_paths_without_mount_namespace_are_refused(runtime, bundle):
    bundle.without_namespace("mount")
    runtime.refused(bundle, match="(?i)mount namespace|mnt|MNT|NEWNS|unable to")


@pytest.mark.parametrize("target", ["../run/resolve/stub.conf", "/run/resolve/stub.conf", "stub.conf"])
def test_file_over_a_link_that_leads_nowhere(runtime, bundle, volume, target):
    """The /etc/resolv.conf of images with systemd-resolved: the file is made where the link points, in the root file system."""
    (bundle.rootfs / "etc/resolv.conf").symlink_to(target)
    bundle.mount("/etc/resolv.conf", volume / "file", options=["bind"])
    assert runtime.output(bundle.args("cat", "/etc/resolv.conf")) == (volume / "file").read_text()


def test_setgid_of_the_parent_is_kept(runtime, bundle, volume):
    (bundle.rootfs / "grp").mkdir()
    (bundle.rootfs / "grp").chmod(0o2755)
    runtime.requires("1.2")
    bundle.mount("/grp/sub", volume, options=["bind"])
    runtime.run(bundle.args("true"))
    assert stat.S_IMODE((bundle.rootfs / "grp/sub").stat().st_mode) & 0o2000


def test_mounts_of_the_host_are_invisible(runtime, bundle):
    out = runtime.output(bundle.args("cat", "/proc/self/mountinfo"))
    mine = {line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()}
    inside = {line.split()[4] for line in out.splitlines()}
    assert not [point for point in inside & mine if not re.match(r"^/($|proc|dev|sys)", point)]


@pytest.mark.parametrize("kind", ["maskedPaths", "readonlyPaths"])
def test_protected_paths_in_volumes(runtime, bundle, work, kind):
    """In a volume, in a volume of a volume, through a link of the volume that means a file of the container, and where a later mount covers an earlier."""
    first, second, inner = work / "first", work / "second", work / "inner"
    for folder in (first, second, inner):
        (folder / "deep").mkdir(parents=True)
        (folder / "file").write_text("text\n")
    (first / "inner").mkdir()
    (first / "link").symlink_to("/target")
    (bundle.rootfs / "target").write_text("text\n")
    bundle.writable().mount("/data", first, options=["bind", "rw"]).mount("/data/inner", inner, options=["bind", "rw"])
    bundle.mount("/over", first, options=["bind", "rw"]).mount("/over", second, options=["bind", "rw"])
    paths = ["/data/file", "/data/inner/file", "/over/file", "/target"]
    bundle.linux[kind] = [*paths[:3], "/data/link", "/data/missing", "/data/file/missing"]
    out = runtime.output(bundle.sh("for f in %s; do (echo more >>$f) 2>/dev/null; cat $f; echo .; done; echo free >>/data/inner/deep/new" % " ".join(paths)))
    assert out.replace("\n", "") == ("." if kind == "maskedPaths" else "text.") * 4, out
    assert all((folder / "file").read_text() == "text\n" for folder in (first, second, inner)) and (inner / "deep/new").exists()
