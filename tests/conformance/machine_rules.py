"""What a container in a machine may see that is different from the same one on the host's kernel, and why.

COMMON holds for every container: it is taken out of both sides before they are compared. DIFFERENT names the scenarios that differ all the same.
"""

import re

# File systems of the host's files, and what stands for them in the guest; the last two are that for the root alone.
FILES = r"ext[234]|xfs|btrfs|virtiofs|overlay|tmpfs"
# Files that the one kernel is built to have and the other is not.
BUILT = r"/proc/(?:kcore|sysrq-trigger|sys/kernel/modprobe)"


def without(*patterns):
    return lambda text: "\n".join(line for line in text.splitlines() if not any(re.search(pattern, line) for pattern in patterns))


def files_of_the_host(text):
    """Root and volumes: mount point and options, but neither type nor data, and no nodev."""
    lines = []
    for line in text.splitlines():
        match = re.match(rf"(\S+) (\S+) (\S*) ({FILES}) ", line)
        if match and (match[1] == "/" or match[4] not in ("overlay", "tmpfs")):
            options = ",".join(option for option in match[2].split(",") if option != "nodev")
            line = f"{match[1]} {options} (files of the host)"
        lines.append(line)
    return "\n".join(lines)


def device_nodes(text):
    """Devices and masks that are bound from a /dev: the size of that file system, and nosuid, are those of its kernel."""
    return re.sub(r"(?m)^(\S+) (?:nosuid,)?(\S+) (\S*) devtmpfs .*$", r"\1 \2 \3 devtmpfs", text)


# id -> (section, what is done to its text on both sides, the difference, the reason)
COMMON = {
    "hierarchies": ("cgroup", without(r"^[1-9]\d*:"), "`/proc/self/cgroup` has no lines of cgroup v1.", "The guest has cgroup v2 only; on a host with v2 only there is no difference."),
    "labels": ("attr", lambda text: "", "`/proc/self/attr/current` is what the guest's kernel says.", "Labels of SELinux and AppArmor are the host's: they hold QEMU and virtiofsd, not what runs in the guest."),
    "processors": ("status", without(r"^Cpus_allowed_list:"), "`Cpus_allowed_list`", "A machine has as many processors as the CPU quota can keep busy, one without a quota."),
    "built": ("mounts", without(rf"^{BUILT} "), "Files of procfs that only one kernel has (`kcore`, `sysrq-trigger`, `modprobe`), and their masks.", "They are another kernel's, built by Debian for clouds; each that is there is masked or read-only as the profile says."),
    "built-masks": ("masked", without(rf"^{BUILT}"), "The same, where the container looks at masked paths.", "See `built`."),
    "built-link": ("dev", without(r" core -> /proc/kcore$"), "The same: `/dev/core` exists where `/proc/kcore` does.", "See `built`."),
    "built-list": ("stdout", without(r"^core$"), "The same, where a scenario lists `/dev`.", "See `built`."),
    "files": ("mounts", files_of_the_host, "Root and volumes are virtiofs, a read-only root an overlay on it, and all of them nodev.", "The files are the host's, served by virtiofsd; a device node among them must not become a device of the guest."),
    "nodes": ("mounts", device_nodes, "Size and nosuid of the devtmpfs behind bound devices and masks.", "They tell how much memory the kernel has."),
}  # fmt: skip

SYSFS = ("The machine's network belongs to the guest's own user namespace, so /sys can only be bound in the container's, with what is mounted below it: "
         "as on the host where a network namespace is joined by path. The container's own mounts lie above.")
# scenario -> the reason
DIFFERENT = {
    "host-network": "Refused by name: the guest has no part of the host's network. Give the container a network namespace.",
    **{name: SYSFS for name in ("userns", "userns-user", "userns-cgroup", "userns-small", "userns-writable")},
}  # fmt: skip


def explain(section, text):
    for of, change, _, _ in COMMON.values():
        if of == section:
            text = change(text)
    return text


def differences(native, machine):
    """{key: (natively, in the machine)} of what COMMON does not explain."""
    found = {}
    for key in sorted(set(native) | set(machine)):
        section = key.partition(".")[2]
        pair = tuple(explain(section, side.get(key, "(absent)")) for side in (native, machine))
        if pair[0] != pair[1]:
            found[key] = pair
    return found
