"""Seccomp: actions, arguments, errors, the listener, and ENOSYS for system calls newer than the filter."""

import json
import os
import struct

import pytest

from harness.sockets import FdReceiver


@pytest.fixture
def bundle(bundle):
    bundle.add("bin/tryout", victim="tryout")
    return bundle.writable()


def act(runtime, bundle, *args):
    return runtime.run(bundle.args("tryout", *args))


def test_errno(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}))
    assert act(runtime, bundle, "getppid").out == "getppid EPERM\n"


@pytest.mark.parametrize("number, name", [(0, None), (13, "EACCES"), (38, "ENOSYS"), (99, "EADDRNOTAVAIL")])
def test_errno_value(runtime, bundle, number, name):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {"errnoRet": number}))
    assert act(runtime, bundle, "getppid").out == ("getppid ok 0\n" if name is None else f"getppid {name}\n")


@pytest.mark.parametrize("action, code", [("SCMP_ACT_KILL", 159), ("SCMP_ACT_KILL_THREAD", 159), ("SCMP_ACT_KILL_PROCESS", 159), ("SCMP_ACT_TRAP", 159)])
def test_kill(runtime, bundle, action, code):
    bundle.seccomp((action, ["personality"], {}))
    bundle.sh("tryout personality; echo $?")
    assert runtime.run(bundle).out.split()[-1] == str(code)


def test_log_and_allow_do_not_stop(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_LOG", ["getppid"], {}))
    assert " ok " in act(runtime, bundle, "getppid").out
    bundle.seccomp(("SCMP_ACT_ALLOW", ["getppid"], {}))
    assert " ok " in act(runtime, bundle, "getppid").out


def test_trace_without_tracer_is_enosys(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_TRACE", ["getppid"], {"errnoRet": 7}))
    assert act(runtime, bundle, "getppid").out == "getppid ENOSYS\n"


def test_default_action(runtime, bundle):
    names = ("read write open openat close fstat newfstatat mmap mprotect munmap brk execve exit_group exit arch_prctl set_tid_address set_robust_list rseq "
             "prlimit64 readlink readlinkat getrandom rt_sigaction rt_sigprocmask ioctl futex getuid getgid geteuid getegid capget capset prctl setuid setgid "
             "setgroups fchdir chdir getcwd stat lstat poll epoll_create1 epoll_ctl epoll_pwait sigaltstack fcntl nanosleep sched_getaffinity sched_yield clone "
             "clone3 getpid gettid tgkill madvise pipe2 dup dup2 dup3 lseek statx close_range faccessat2 pread64 getdents64 setsid "
             "eventfd2 epoll_wait umask uname sendmsg recvmsg sendto recvfrom write writev execveat fchown fchownat access faccessat fstatfs statfs seccomp keyctl")  # fmt: skip
    bundle.seccomp(("SCMP_ACT_ALLOW", names.split(), {}), default="SCMP_ACT_ERRNO", defaultErrnoRet=5)
    result = act(runtime, bundle, "getppid")
    assert result.out == "getppid EIO\n", str(result)


@pytest.mark.parametrize("op, value, two, blocked", [
    ("SCMP_CMP_EQ", 2, 0, True), ("SCMP_CMP_EQ", 3, 0, False), ("SCMP_CMP_NE", 2, 0, False), ("SCMP_CMP_LT", 3, 0, True), ("SCMP_CMP_LE", 2, 0, True),
    ("SCMP_CMP_GT", 2, 0, False), ("SCMP_CMP_GE", 2, 0, True), ("SCMP_CMP_MASKED_EQ", 3, 2, True), ("SCMP_CMP_MASKED_EQ", 1, 1, False),
])  # fmt: skip
def test_argument(runtime, bundle, op, value, two, blocked):
    """socket(2, ...): the first argument is compared."""
    bundle.seccomp(("SCMP_ACT_ERRNO", ["socket"], {"errnoRet": 88, "args": [{"index": 0, "value": value, "valueTwo": two, "op": op}]}))
    out = act(runtime, bundle, "socket", "2").out
    assert ("ENOTSOCK" in out) == blocked, out


def test_two_arguments_must_both_match(runtime, bundle):
    both = [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 99, "op": "SCMP_CMP_EQ"}]
    bundle.seccomp(("SCMP_ACT_ERRNO", ["socket"], {"errnoRet": 88, "args": both}))
    assert " ok " in act(runtime, bundle, "socket", "2").out


def test_same_argument_twice_is_either(runtime, bundle):
    """Two conditions on one argument: the specification's rules are then alternatives, as runc reads them."""
    either = [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]
    bundle.seccomp(("SCMP_ACT_ERRNO", ["socket"], {"errnoRet": 88, "args": either}))
    assert "ENOTSOCK" in act(runtime, bundle, "socket", "2").out


def test_several_rules(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {"errnoRet": 1}), ("SCMP_ACT_ERRNO", ["bpf", "userfaultfd"], {"errnoRet": 13}))
    assert act(runtime, bundle, "getppid").out == "getppid EPERM\n"
    assert act(runtime, bundle, "bpf").out == "bpf EACCES\n"


def test_unknown_syscall_name_is_skipped(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["a_call_from_the_future", "getppid"], {}))
    assert act(runtime, bundle, "getppid").out == "getppid EPERM\n"


def test_newer_than_the_filter_is_enosys(runtime, bundle):
    """glibc probes new calls and falls back on ENOSYS, not on EPERM."""
    known = ["read", "write", "execve", "openat", "close", "exit_group", "brk", "mmap"]
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}), ("SCMP_ACT_ALLOW", known + ["clone3"], {}), default="SCMP_ACT_ALLOW")
    bundle.linux["seccomp"]["defaultAction"] = "SCMP_ACT_ALLOW"
    assert "ENOSYS" in act(runtime, bundle, "unknown-syscall").out


@pytest.mark.parametrize("arch", [["SCMP_ARCH_X86_64"], ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], ["SCMP_ARCH_AARCH64", "SCMP_ARCH_X86_64"]])
def test_architectures(runtime, bundle, arch):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}), architectures=arch)
    assert act(runtime, bundle, "getppid").out == "getppid EPERM\n"


@pytest.mark.parametrize("flags", [[], ["SECCOMP_FILTER_FLAG_LOG"], ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], ["SECCOMP_FILTER_FLAG_TSYNC"],
                                   ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]])  # fmt: skip
def test_flags(runtime, bundle, flags):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}), flags=flags)
    result = act(runtime, bundle, "getppid")
    if runtime.kind == "runc" and "support" in result.err:
        pytest.skip("peer: old runc or libseccomp")
    assert result.out == "getppid EPERM\n", str(result)


@pytest.mark.parametrize("nnp", [True, False])
@pytest.mark.parametrize("uid", [0, 1000])
def test_with_and_without_no_new_privileges(runtime, bundle, nnp, uid):
    bundle.process["noNewPrivileges"] = nnp
    bundle.user(uid).seccomp(("SCMP_ACT_ERRNO", ["personality"], {}))
    assert act(runtime, bundle, "personality").out == "personality EPERM\n"


def test_exec_has_the_filter(runtime, bundle):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}))
    c = runtime.detached(bundle.sleep())
    assert c.exec("tryout", "getppid").out == "getppid EPERM\n"


def test_filter_does_not_break_the_runtime(runtime, bundle):
    """Calls that a runtime needs itself after loading the filter."""
    bundle.process["noNewPrivileges"] = False
    bundle.seccomp(("SCMP_ACT_ERRNO", ["chdir", "setuid", "capset", "setgroups", "mount", "prctl"], {"errnoRet": 1}))
    bundle.process["cwd"] = "/tmp"
    result = act(runtime, bundle, "getppid")
    assert result.code == 0 or result.code == 1  # either it works or it is a clean refusal


@pytest.mark.parametrize(
    "change, words",
    [({"defaultAction": "SCMP_ACT_MOON"}, "not a valid action for seccomp|SCMP_ACT_MOON"), ({"defaultAction": "SCMP_ACT_NOTIFY"}, "SCMP_ACT_NOTIFY"),
     ({"architectures": ["SCMP_ARCH_MOON"]}, "SCMP_ARCH_MOON|arch"), ({"flags": ["SECCOMP_FILTER_FLAG_MOON"]}, "FLAG_MOON|flag")],
    ids=["action", "notify-default", "arch", "flag"],
)  # fmt: skip
def test_bad_filter(runtime, bundle, change, words):
    bundle.seccomp(("SCMP_ACT_ERRNO", ["getppid"], {}))
    bundle.linux["seccomp"].update(change)
    runtime.refused(bundle, match=words)


@pytest.mark.parametrize(
    "rule", [{"names": ["getppid"], "action": "SCMP_ACT_MOON"}, {"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]},
             {"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_MOON"}]}], ids=["action", "index", "op"]
)  # fmt: skip
def test_bad_rule(runtime, bundle, rule):
    bundle.seccomp()
    bundle.linux["seccomp"]["syscalls"] = [rule]
    runtime.refused(bundle)


# ---- the listener -------------------------------------------------------------------------------------------------------------


def notify_bundle(bundle, path, **more):
    bundle.seccomp(("SCMP_ACT_NOTIFY", ["getppid"], {}), listenerPath=str(path), listenerMetadata="meta-data", **more)
    return bundle


def test_notify_sends_the_descriptor_and_state(runtime, bundle, work):
    runtime.requires("1.1")
    with FdReceiver(work / "agent.sock") as agent:
        c = runtime.create(notify_bundle(bundle, agent.path).sleep())
        payload, fds = agent.receive()
    document = json.loads(payload)
    assert document["fds"] == ["seccompFd"] and document["metadata"] == "meta-data"
    assert document["state"]["id"] == c.id and document["state"]["bundle"] == str(bundle.path)
    assert document["state"]["status"] in ("creating", "created")
    assert document["pid"] == document["state"]["pid"] == c.pid
    assert len(fds) == 1


def test_notify_answer_reaches_the_caller(runtime, bundle, work):
    """The agent answers one call with errno 42 (ENOMSG)."""
    import fcntl

    runtime.requires("1.1")
    receive, send = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
    with FdReceiver(work / "agent.sock") as agent:
        bundle.add("bin/tryout", victim="tryout")
        c = runtime.create(notify_bundle(bundle, agent.path).sh("tryout getppid >/tmp/answer; sleep 100"))
        _, [fd] = agent.receive()
        c.start()
        while True:
            buffer = bytearray(80)
            fcntl.ioctl(fd, receive, buffer)
            ident, _, _, number = struct.unpack_from("=QIIi", buffer)
            fcntl.ioctl(fd, send, bytearray(struct.pack("=QqiI", ident, 0, -42, 0)))
            if (bundle.rootfs / "tmp/answer").exists() and number == 110:
                break
    for _ in range(100):
        text = (bundle.rootfs / "tmp/answer").read_text()
        if text:
            break
        import time

        time.sleep(0.05)
    assert "ENOMSG" in text or "ENOSYS" in text


def test_notify_of_exec(runtime, bundle, work):
    runtime.requires("1.1")
    with FdReceiver(work / "agent.sock") as agent:
        c = runtime.detached(notify_bundle(bundle, agent.path).sleep())
        agent.receive()
    os.unlink(work / "agent.sock")
    with FdReceiver(work / "agent.sock") as agent:
        assert c.exec("true").code == 0
        payload, fds = agent.receive()
    document = json.loads(payload)
    assert document["state"]["id"] == c.id and document["pid"] != document["state"]["pid"] and len(fds) == 1


def test_notify_without_agent(runtime, bundle, work):
    runtime.requires("1.1")
    runtime.refused(notify_bundle(bundle, work / "absent.sock").sleep(), match="failed to connect with seccomp agent specified in the seccomp profile")


def test_notify_without_path(runtime, bundle, work):
    runtime.requires("1.1")
    notify_bundle(bundle, "")
    del bundle.linux["seccomp"]["listenerPath"], bundle.linux["seccomp"]["listenerMetadata"]
    runtime.refused(bundle.sleep(), match="listenerPath is not set")


def test_notify_of_write_is_refused(runtime, bundle, work):
    runtime.requires("1.1")
    bundle.seccomp(("SCMP_ACT_NOTIFY", ["write"], {}), listenerPath=str(work / "agent.sock"))
    runtime.refused(bundle.sleep(), match="SCMP_ACT_NOTIFY cannot be used for the write syscall")
