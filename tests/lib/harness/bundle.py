"""Bundles: a small busybox root file system and a config.json that starts from the runtime's own `spec` output."""

import copy
import json
import os
import pathlib
import shutil
import subprocess

from harness import victims

BUSYBOX = "/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox"
APPLETS = (
    "[ awk basename cat chmod chown cp cut date dd df dirname echo env expr false find grep head hostname id ip ifconfig kill "
    "ln ls mkdir mknod mktemp mount mv nice nproc nslookup od pidof ping printf ps pwd readlink realpath rm rmdir sed seq setsid sh "
    "sleep sort stat stty sync sysctl tail tee test touch tr true tty umount uname unshare uniq vi wc which whoami xargs"
).split()
PASSWD = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n"
GROUP = "root:x:0:\ndaemon:x:1:\napp:x:1000:\n"


def make_template(path):
    """The root file system that every bundle is linked from."""
    path = pathlib.Path(path)
    for name, mode in (("bin", 0o755), ("dev", 0o755), ("etc", 0o755), ("home/app", 0o755), ("proc", 0o755), ("root", 0o700),
                       ("run", 0o755), ("sys", 0o755), ("tmp", 0o1777), ("usr/bin", 0o755), ("var", 0o755), ("mnt", 0o755)):
        (path / name).mkdir(parents=True)
        (path / name).chmod(mode)
    shutil.copy(BUSYBOX, path / "bin/busybox")
    for applet in APPLETS:
        (path / "bin" / applet).symlink_to("busybox")
    (path / "etc/passwd").write_text(PASSWD)
    (path / "etc/group").write_text(GROUP)
    path.chmod(0o755)
    return path


def link_tree(source, target):
    """A copy whose directories and symlinks are new, whose binaries are hard links, and whose small files are copies."""
    target.mkdir()
    shutil.copystat(source, target)
    for entry in os.scandir(source):
        to = target / entry.name
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), to)
        elif entry.is_dir():
            link_tree(pathlib.Path(entry.path), to)
        elif entry.stat().st_size > 65536:
            os.link(entry.path, to)
        else:
            shutil.copy2(entry.path, to)


def spec_of(runtime_path, work, *flags):
    """The document that `spec` writes."""
    directory = pathlib.Path(work) / ("spec" + "".join(flags).replace("-", ""))
    directory.mkdir()
    subprocess.run([runtime_path, "spec", *flags], cwd=directory, check=True, timeout=20, stdin=subprocess.DEVNULL)
    return json.loads((directory / "config.json").read_text())


class Bundle:
    """A bundle directory. Change `config` freely; it is written when the runtime is called."""

    def __init__(self, path, template, config):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True)
        self.path.chmod(0o755)
        self.rootfs = self.path / "rootfs"
        link_tree(template, self.rootfs)
        self.config = copy.deepcopy(config)
        self.config["process"]["terminal"] = False
        self.text = None

    # ---- config.json ------------------------------------------------------------------------------------------------------

    def save(self):
        text = self.text if self.text is not None else json.dumps(self.config)
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(self.path / "config.json", mode) as file:
            file.write(text)

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def args(self, *args):
        self.process["args"] = list(args)
        return self

    def sh(self, script):
        return self.args("sh", "-c", script)

    def sleep(self, seconds=1000):
        return self.args("sleep", str(seconds))

    def env(self, *pairs):
        self.process["env"] += pairs
        return self

    def user(self, uid, gid=None, *groups):
        self.process["user"] = {"uid": uid, "gid": uid if gid is None else gid}
        if groups:
            self.process["user"]["additionalGids"] = list(groups)
        return self

    def writable(self):
        self.config["root"]["readonly"] = False
        return self

    def mount(self, destination, source=None, type=None, options=None, **more):
        """Adds a mount; without a type it is a bind of `source`."""
        entry = {"destination": destination, "type": type or "bind", "source": str(source or type)}
        entry["options"] = list(options) if options is not None else (["bind"] if type is None else [])
        entry.update(more)
        self.config["mounts"].append(entry)
        return self

    def without_mount(self, destination):
        self.config["mounts"] = [m for m in self.config["mounts"] if m["destination"] != destination]
        return self

    def mount_entry(self, destination):
        return next(m for m in self.config["mounts"] if m["destination"] == destination)

    def namespaces(self):
        return [entry["type"] for entry in self.linux["namespaces"]]

    def without_namespace(self, *types):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] not in types]
        return self

    def namespace(self, type, path=None):
        """Adds (or replaces) one namespace."""
        self.without_namespace(type)
        self.linux["namespaces"].append({"type": type, "path": str(path)} if path else {"type": type})
        return self

    def userns(self, host=100000, size=65536):
        """A user namespace of its own, root file system owned by its root."""
        self.namespace("user")
        self.linux["uidMappings"] = [{"containerID": 0, "hostID": host, "size": size}]
        self.linux["gidMappings"] = [{"containerID": 0, "hostID": host, "size": size}]
        own = os.lchown
        for directory, names, files in os.walk(self.rootfs):
            own(directory, host, host)
            for name in names + files:
                path = os.path.join(directory, name)
                if os.path.islink(path) or os.stat(path).st_nlink == 1:
                    own(path, host, host)
        return self

    def capabilities(self, *names, ambient=False, inheritable=False):
        sets = ["bounding", "effective", "permitted"] + ["ambient"] * ambient + ["inheritable"] * inheritable
        self.process["capabilities"] = {kind: list(names) for kind in sets}
        return self

    def add_capabilities(self, *names):
        for kind in ("bounding", "effective", "permitted"):
            self.process["capabilities"].setdefault(kind, []).extend(names)
        return self

    def seccomp(self, *rules, default="SCMP_ACT_ALLOW", **more):
        """A filter; each rule is (action, [names], {extra keys})."""
        self.linux["seccomp"] = {
            "defaultAction": default,
            "syscalls": [{"action": action, "names": names, **extra} for action, names, extra in rules],
            **more,
        }
        return self

    def hook(self, kind, script, path="/bin/sh", **more):
        """A hook that is a shell script."""
        hooks = self.config.setdefault("hooks", {})
        hooks.setdefault(kind, []).append({"path": path, "args": ["sh", "-c", script], **more})
        return self

    # ---- root file system -------------------------------------------------------------------------------------------------

    def add(self, name, victim=None, text=None, mode=0o755):
        """Puts a compiled victim or a text file at `name` inside the root file system."""
        path = self.rootfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if victim:
            shutil.copy(victims.binary(victim), path)
        else:
            path.write_text(text or "")
        path.chmod(mode)
        return self
