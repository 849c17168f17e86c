"""The 66 attempts of the escape corpus. The acts of a row are in tests/victims/escape; `tests` are those that try it elsewhere, as
FILE::TEST below tests/integration or a file below tests; a `note` says what is not tried and why."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    attempt: str
    tests: tuple = ()
    note: str = ""


def row(attempt, *tests, note=""):
    return Row(attempt, tests, note)


ROWS = {
    1: row("write core_pattern and modprobe"),
    2: row("sysrq-trigger"),
    3: row("cgroup v1 release_agent, cgroup2 mounted anew"),
    4: row("move into a cgroup of the host", "vm/fast.d/40-delegation"),
    5: row("raise the own limits", "vm/fast.d/40-delegation"),
    6: row("new namespaces, the way to nf_tables and tc"),
    7: row("clone3 with its flags in memory"),
    8: row("mount, by the old and the new system calls"),
    9: row("remount, unmount"),
    10: row("pivot_root, chroot and .."),
    11: row("a file by its handle"),
    12: row("a node of the host's disk", "devices_test.py::test_mknod_is_possible_but_opening_is_not"),
    13: row("/dev/mem, /dev/port, /proc/kcore"),
    14: row("I/O ports, machine-specific registers"),
    15: row("kernel modules", note="loading on demand by odd socket families is row 35"),
    16: row("kexec, reboot"),
    17: row("bpf(2)"),
    18: row("perf_event_open"),
    19: row("io_uring"),
    20: row("userfaultfd"),
    21: row("keys of the host"),
    22: row("type into the caller's terminal", "cve_test.py::test_cve_2017_5226_tiocsti", "cve_test.py::test_payload_is_in_a_new_session"),
    23: row("ptrace and the like on the host", "cve_test.py::test_cve_2016_9962_exec_cannot_be_traced_or_robbed"),
    24: row("overwrite the runtime through /proc/self/exe", "cve_test.py::test_cve_2019_5736_host_binary_is_not_writable",
            "cve_test.py::test_cve_2019_5736_entry_point_is_the_runtime", "lifecycle_test.py::test_init_executable_is_not_the_host_binary"),
    25: row("the host's files through /proc/PID", "mounts_test.py::test_mounts_of_the_host_are_invisible"),
    26: row("join the host's namespaces", "cve_test.py::test_cve_2024_21626_host_descriptors_do_not_reach_the_process"),
    27: row("cwd in a leaked descriptor", "cve_test.py::test_cve_2024_21626_cwd_in_leaked_descriptors", "cve_test.py::test_cve_2024_21626_exec_cwd",
            "cve_test.py::test_cve_2024_21626_cwd_link_in_the_image"),
    28: row("exchange a volume's path while it is mounted", "cve_test.py::test_cve_2021_30465_mount_target_exchange",
            "cve_test.py::test_cve_2025_31133_race_on_dev_null", "cve_test.py::test_cve_2025_52565_dev_console",
            "cve_test.py::test_cve_2025_52881_race_on_a_shared_proc", "cve_test.py::test_cve_2024_45310_made_mount_points"),
    29: row("an image whose /proc, /sys or /dev is a link", "cve_test.py::test_cve_2019_19921_2023_27561_symlinked_proc_and_sys",
            "cve_test.py::test_cve_2026_41579_47766_image_dev_is_a_link"),
    30: row("a volume over /proc", "cve_test.py::test_cve_2019_16884_volume_over_proc"),
    31: row("a weaker SELinux label", "vm/fast.d/60-escape"),
    32: row("set-user-ID and file capabilities", "process_test.py::test_bound_cap_cannot_come_back_through_a_setuid_binary"),
    33: row("capset and ambient capabilities", "cve_test.py::test_cve_2022_29162_file_with_inheritable_capabilities"),
    34: row("listen on the host's network", note="CAP_NET_RAW itself is an engine default and stays: ping and DHCP clients use it"),
    35: row("exotic socket families, by 64-bit, 32-bit and x32 calls",
            note="socketcall(2) has the family in memory, so the filter refuses socketcall(SYS_SOCKET) as a whole: 32-bit programs whose C "
                 "library uses it get no sockets"),
    36: row("abstract sockets of the host", "cve_test.py::test_cve_2020_15257_no_abstract_sockets"),
    37: row("the engine's socket", note="a bind mount of it is an explicit request of config.json and is not refused"),
    38: row("set the host's clocks"),
    39: row("swap, quotas, accounting, the kernel's log",
            note="nfsservctl, lookup_dcookie and uselib are gone from current kernels; surface_table.cc refuses them on old ones"),
    40: row("debugfs and its like, binfmt_misc"),
    41: row("write below /sys"),
    42: row("sysctls of the host", "process_test.py::test_sysctl_of_the_host_is_refused", "process_test.py::test_sysctl_does_not_reach_the_host"),
    43: row("real-time priorities, locked memory"),
    44: row("fork bomb", "cgroup_test.py::test_pids_limit_holds", "vm/fast.d/10-cgroup", note="without limits.pids in config.json or the profile there is no bound"),
    45: row("memory bomb", "cgroup_test.py::test_memory_limit_ends_the_process", "vm/fast.d/20-oom"),
    46: row("swap storm", "cgroup_test.py::test_limit", note="that memory.swap.max is written, not the storm"),
    47: row("fill the disk", "mounts_test.py::test_tmpfs_options", note="the size of a tmpfs; quotas of layers and logs are the engine's"),
    48: row("more descriptors than allowed", note="one process's limit; the host's file-max is shared by all"),
    49: row("System V memory and message queues of the host"),
    50: row("signal processes of the host"),
    51: row("block the runtime by a full pipe", "bad_input_test.py::test_console_socket_that_never_reads", "hooks_test.py::test_hook_that_does_not_read_its_stdin"),
    52: row("confuse the matching of pids", "bad_input_test.py::test_state_that_names_another_process", "lifecycle_test.py::test_zombie_init_is_stopped"),
    53: row("the way to page cache bugs: AF_ALG", note="splice, vmsplice and futex are ordinary calls: against bugs in them only a virtual machine helps"),
    54: row("side channels between tenants", note="no control of Redoubt; the scheduler's cookies are not in config.json"),
    55: row("flood the audit log", note="no rate limit of Redoubt: default refuses with errno and logs nothing"),
    56: row("forged messages to the runtime's sockets", "stdio_test.py::test_notify_only_ready_is_passed_on"),
    57: row("fanotify"),
    58: row("the environment of hooks", "hooks_test.py::test_empty_environment", "hooks_test.py::test_environment_and_arguments"),
    59: row("escape sequences in our messages", "cve_test.py::test_hostile_names_in_messages"),
    60: row("freeze and be deleted", "pause_test.py::test_delete_force_of_paused", "pause_test.py::test_sigkill_of_paused_ends_it"),
    61: row("exchange files while exec runs", "escape_test.py::test_files_that_change_while_exec_runs"),
    62: row("a hostile loader and NSS in the image", "escape_test.py::test_nothing_of_the_image_is_loaded"),
    63: row("hostile virtio queues", "hostile_guest_test.py::test_hostile_queues_end_the_machine", note="those that VMM serves itself"),
    64: row("crash of the guest's kernel", "machine_test.py::test_a_guest_whose_kernel_crashes_is_a_stopped_container"),
    65: row("out of the guest's share", "hostile_guest_test.py::test_no_request_leads_out_of_the_share"),
    66: row("/dev/kvm"),
}  # fmt: skip
# Acts that reach nothing even without every layer that can be taken away: what stops them is how a container is made.
MADE_SO = {"chroot-dots": "pivot_root: nothing of the host is mounted"}
# Rows of which a small kernel (no modules, no kexec, no I/O ports ...) has nothing; the VM tier's has it.
NEEDS_A_DISTRIBUTION = {2, 15, 48, 53}
# Rows that need SELinux in force, which only tests/escape/matrix in the VM has.
NEEDS_SELINUX = {31}
